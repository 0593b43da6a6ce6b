package forward

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"kiroku/internal/forward/wire"
	"kiroku/internal/meta"
)

// world is a Service with what it stands on.
type world struct {
	*Service
	t    testing.TB
	lake *fakeLake
	db   *meta.DB
	dir  string

	after wire.Thresholds
}

func newWorld(t testing.TB, stores ...string) *world {
	t.Helper()
	return newWorldAfter(t, wire.DefaultThresholds(), stores...)
}

func newWorldAfter(t testing.TB, after wire.Thresholds, stores ...string) *world {
	t.Helper()
	w := &world{t: t, lake: newLake(stores...), dir: t.TempDir(), after: after}
	w.open()
	return w
}

func (w *world) open() {
	w.t.Helper()
	db, err := meta.Open(context.Background(), filepath.Join(w.dir, "meta.db"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.db = db
	w.Service = New(Options{DB: db, Events: w.lake, Sink: w.lake, Checkpoints: w.lake, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Version: "1", After: w.after})
	if err := w.Load(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) close() {
	w.t.Helper()
	if err := w.db.Close(); err != nil {
		w.t.Error(err)
	}
}

// restart is what a crash leaves.
func (w *world) restart() {
	w.t.Helper()
	w.close()
	w.open()
}

// run runs the Service until the function that it returns is called.
func (w *world) run() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- w.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			w.t.Errorf("Run: %v", err)
		}
	}
}

// siem is an agent of tests.
type siem struct {
	w       *world
	id      string
	token   string
	session string
	after   map[string]wire.Positions
}

func relp(name string) wire.Destination {
	return wire.Destination{Name: name, To: "relp://192.0.2.7:2514", Format: wire.CEF}
}

func (w *world) create(name string, sp Spec, start Start) *siem {
	w.t.Helper()
	if sp.Destinations == nil {
		sp.Destinations = []wire.Destination{relp("siem")}
	}
	m, err := w.Create(context.Background(), "admin", name, sp, start)
	if err != nil {
		w.t.Fatal(err)
	}
	return &siem{w: w, id: m.ID, token: m.Token, after: map[string]wire.Positions{}}
}

func (a *siem) hello() wire.Config {
	a.w.t.Helper()
	c, err := a.w.Hello(context.Background(), a.token, "", &wire.Hello{Version: "1", Host: "host", Now: time.Now()})
	if err != nil {
		a.w.t.Fatal(err)
	}
	a.session, a.after = c.Session, map[string]wire.Positions{}
	return c
}

// again asks for the configuration within the session.
func (a *siem) again() {
	a.w.t.Helper()
	if _, err := a.w.Hello(context.Background(), a.token, a.session, &wire.Hello{Now: time.Now()}); err != nil {
		a.w.t.Fatal(err)
	}
}

// pulled is a batch, taken apart.
type pulled struct {
	wire.BatchHeader
	records []wire.Record
}

func (p *pulled) uids() (uids []string) {
	for _, r := range p.records {
		uids = append(uids, r.UID)
	}
	return uids
}

func (a *siem) tryPull(p wire.Pull) (pulled, error) {
	if p.Destination == "" {
		p.Destination = "siem"
	}
	if p.After == nil {
		p.After = a.after[p.Destination]
	}
	b, err := a.w.Pull(context.Background(), a.token, a.session, &p, nil)
	if err != nil {
		return pulled{}, err
	}
	head, err := wire.AppendHeader(nil, &b.BatchHeader)
	if err != nil {
		return pulled{}, err
	}
	h, records, err := wire.ReadBatch(bytes.NewReader(append(head, b.Records...)))
	if err == nil && h.Store != "" && p.Peek == "" && !p.Check {
		if a.after[p.Destination] == nil {
			a.after[p.Destination] = wire.Positions{}
		}
		a.after[p.Destination][h.Store] = h.Next
	}
	return pulled{h, records}, err
}

func (a *siem) pull(p wire.Pull) pulled {
	a.w.t.Helper()
	b, err := a.tryPull(p)
	if err != nil {
		a.w.t.Fatal(err)
	}
	return b
}

func (a *siem) tryAck(destination string, pos wire.Positions, n int64) error {
	_, err := a.w.Ack(context.Background(), a.token, a.session, &wire.Ack{Destination: destination, Positions: pos, Records: n, First: wire.Receipt{UID: "first"}, Last: wire.Receipt{UID: "last", Time: time.Now()}})
	return err
}

func (a *siem) ack(b *pulled) {
	a.w.t.Helper()
	if err := a.tryAck("siem", wire.Positions{b.Store: b.Next}, int64(len(b.records))); err != nil {
		a.w.t.Fatal(err)
	}
}

func (a *siem) status() wire.AgentStatus {
	a.w.t.Helper()
	st, err := a.w.Get(context.Background(), a.id)
	if err != nil {
		a.w.t.Fatal(err)
	}
	return st
}

func (a *siem) codes() (codes []wire.Code) {
	a.w.t.Helper()
	for _, n := range a.status().Notifications {
		codes = append(codes, n.Code)
	}
	slices.Sort(codes)
	return codes
}

// reason is why a request was refused; "": it was not.
func reason(err error) wire.Reason {
	var r *refusal
	if errors.As(err, &r) {
		return r.body.Reason
	}
	if err != nil {
		return wire.Reason(err.Error())
	}
	return ""
}
