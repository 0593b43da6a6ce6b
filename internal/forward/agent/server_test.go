package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kiroku/internal/forward/deliver"
	"kiroku/internal/forward/wire"
)

const testToken = "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuv"

// protocol is a server of the agent protocol with its invariants: a position moves by the session that counts, never back,
// never beyond what was pulled.
type protocol struct {
	t *testing.T

	mu       sync.Mutex
	token    string
	changed  chan struct{}
	config   wire.Config
	sessions int
	now      string // session that counts
	events   map[string][]wire.Record
	over     bool // a recovery's window is complete
	at       map[string]wire.Positions
	pulled   map[string]wire.Positions
	records  map[string]int64 // acknowledged
	skipped  int64
	acks     int
	notified []wire.Notify
	dead     []wire.Dead
	beats    []time.Time
	last     *wire.Heartbeat
	complete bool
	calls    map[string]int
	fault    func(path string, w http.ResponseWriter) bool // true: answered
	anew     bool                                          // every Hello begins a session, as servers before version 1 did
}

func newProtocol(t *testing.T, destinations ...wire.Destination) *protocol {
	p := &protocol{t: t, token: testToken, changed: make(chan struct{}), events: map[string][]wire.Record{}, at: map[string]wire.Positions{},
		pulled: map[string]wire.Positions{}, records: map[string]int64{}, calls: map[string]int{}}
	p.config = wire.Config{ETag: "1", Agent: wire.Agent{ID: "a1", Name: "soc", Kind: wire.Main}, Destinations: destinations}
	return p
}

// tell wakes who waits. The caller holds mu.
func (p *protocol) tell() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// add stores n events.
func (p *protocol) add(store string, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for range n {
		seq := int64(len(p.events[store])) + 1
		p.events[store] = append(p.events[store], wire.Record{Seq: seq, Time: 1738633915000000 + seq, UID: fmt.Sprintf("%s-%d", store, seq), Line: fmt.Appendf(nil, "%s %06d", store, seq)})
	}
	p.tell()
}

// configure changes the configuration.
func (p *protocol) configure(f func(*wire.Config)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(&p.config)
	p.config.ETag += "+"
	p.tell()
}

func (p *protocol) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls[r.URL.Path]++
	if p.fault != nil && p.fault(r.URL.Path, w) {
		return
	}
	if r.Header.Get("Authorization") != "Token "+p.token {
		refuse(w, wire.ReasonUnknown)
		return
	}
	session := r.Header.Get(wire.SessionHeader)
	if r.URL.Path != wire.PathHello && session != p.now {
		refuse(w, wire.ReasonReplaced)
		return
	}
	switch r.URL.Path {
	case wire.PathHello:
		p.hello(w, session)
	case wire.PathPull:
		p.pull(w, r)
	case wire.PathAck:
		p.ack(w, take[wire.Ack](p.t, r))
	case wire.PathNotify:
		p.notified = append(p.notified, take[wire.Notify](p.t, r))
		w.WriteHeader(http.StatusNoContent)
	case wire.PathDead:
		p.dead = append(p.dead, take[wire.Dead](p.t, r))
		w.WriteHeader(http.StatusNoContent)
	case wire.PathHeartbeat:
		h := take[wire.Heartbeat](p.t, r)
		p.beats, p.last = append(p.beats, time.Now()), &h
		answer(w, wire.AckAnswer{ETag: p.config.ETag, Paused: p.config.Agent.Paused})
	case wire.PathComplete:
		p.complete = true
		answer(w, wire.Summary{Records: p.records["siem"], Skipped: p.skipped, Dead: int64(len(p.dead))})
	default:
		http.NotFound(w, r)
	}
}

func take[T any](t *testing.T, r *http.Request) (v T) {
	if err := json.NewDecoder(r.Body).Decode(&v); err != nil {
		t.Errorf("%s: %v", r.URL.Path, err)
	}
	return v
}

func answer(w http.ResponseWriter, v any) {
	b, _ := json.Marshal(v)
	_, _ = w.Write(b)
}

func refuse(w http.ResponseWriter, reason wire.Reason) {
	w.WriteHeader(wire.ExplainReason(reason).Status)
	answer(w, wire.Refusal{Reason: reason})
}

func (p *protocol) hello(w http.ResponseWriter, session string) {
	if session != "" && session != p.now {
		refuse(w, wire.ReasonReplaced)
		return
	}
	if session == "" || p.anew {
		p.sessions++
		p.now = fmt.Sprintf("s%d", p.sessions)
		p.pulled = map[string]wire.Positions{}
	}
	c := p.config
	c.Session, c.Now = p.now, time.Now()
	answer(w, c)
}

func (p *protocol) pull(w http.ResponseWriter, r *http.Request) {
	q := take[wire.Pull](p.t, r)
	deadline := time.NewTimer(time.Duration(q.WaitMS) * time.Millisecond)
	defer deadline.Stop()
	etag := p.config.ETag
	for {
		h, records := p.next(&q)
		if len(records) > 0 || h.Done || p.config.ETag != etag || q.WaitMS == 0 {
			h.ETag, h.Records = p.config.ETag, len(records)
			b, _ := wire.AppendHeader(nil, &h)
			for i := range records {
				b = wire.AppendRecord(b, &records[i])
			}
			_, _ = w.Write(b)
			return
		}
		changed := p.changed
		p.mu.Unlock()
		select {
		case <-changed:
		case <-deadline.C:
			q.WaitMS = 0
		case <-r.Context().Done():
			q.WaitMS = 0
		}
		p.mu.Lock()
	}
}

func (p *protocol) next(q *wire.Pull) (h wire.BatchHeader, out []wire.Record) {
	if p.config.Agent.Paused {
		return h, nil
	}
	if p.at[q.Destination] == nil {
		p.at[q.Destination] = wire.Positions{}
	}
	for _, store := range slices.Sorted(maps.Keys(p.events)) {
		after, known := q.After[store]
		acked := p.at[q.Destination][store]
		if !known {
			after = acked
			for bytes := 0; after > 0 && bytes < q.Replay; after-- {
				bytes += len(p.events[store][after-1].Line)
			}
		}
		out = p.events[store][after:]
		if len(out) > 100 {
			out = out[:100]
		}
		if len(out) > 0 {
			h = wire.BatchHeader{Store: store, Next: after + int64(len(out)), More: after+int64(len(out)) < int64(len(p.events[store]))}
			if q.Replay > 0 {
				h.Acked = acked
			}
			if p.pulled[q.Destination] == nil {
				p.pulled[q.Destination] = wire.Positions{}
			}
			p.pulled[q.Destination][store] = max(p.pulled[q.Destination][store], h.Next)
			return h, out
		}
	}
	return wire.BatchHeader{Done: p.over}, nil
}

func (p *protocol) ack(w http.ResponseWriter, a wire.Ack) {
	p.acks++
	for store, seq := range a.Positions {
		if seq > p.pulled[a.Destination][store] && !p.anew {
			p.t.Errorf("%s acknowledges %d of %s, and has pulled %d", a.Destination, seq, store, p.pulled[a.Destination][store])
		}
		if seq < p.at[a.Destination][store] {
			p.t.Errorf("%s goes back from %d to %d", a.Destination, p.at[a.Destination][store], seq)
		}
		p.at[a.Destination][store] = seq
	}
	if a.Spool != nil {
		if p.config.Spools == nil {
			p.config.Spools = map[string]wire.Spool{}
		}
		p.config.Spools[a.Destination] = *a.Spool
	}
	p.records[a.Destination] += a.Records
	p.skipped += a.Skipped
	answer(w, wire.AckAnswer{ETag: p.config.ETag, Paused: p.config.Agent.Paused})
}

// position says how far a destination has acknowledged a store.
func (p *protocol) position(destination, store string) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at[destination][store]
}

func (p *protocol) called(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls[path]
}

// inMemory is a transport without a network, for tests with a clock of their own.
type inMemory struct{ http.Handler }

func (m inMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	again := r.Clone(r.Context())
	again.Body = io.NopCloser(bytes.NewReader(b))
	w := httptest.NewRecorder()
	m.ServeHTTP(w, again)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return w.Result(), nil
}

// siem is a Sender that keeps what it is given.
type siem struct {
	o deliver.Options

	mu      sync.Mutex
	given   []wire.Record
	seeds   []wire.Record
	done    int // confirmed
	acked   int // Acknowledged
	blocked bool
	broken  error // of Run
	changed chan struct{}
	wakes   int
	reject  func(*wire.Record) bool
}

func (s *siem) tell() { close(s.changed); s.changed = make(chan struct{}) }

func (s *siem) Run(ctx context.Context) error {
	for {
		s.mu.Lock()
		if s.broken != nil {
			defer s.mu.Unlock()
			return s.broken
		}
		n := 0
		for !s.blocked && s.done+n < len(s.given) {
			r := &s.given[s.done+n]
			if s.reject != nil && s.reject(r) {
				s.mu.Unlock()
				err := s.o.Dead(*r, "the receiver refuses it")
				s.mu.Lock()
				if err != nil {
					break
				}
			}
			n++
		}
		changed := s.changed
		s.mu.Unlock()
		if n > 0 {
			s.o.Confirmed(n)
			s.mu.Lock()
			s.done += n
			s.tell()
			s.mu.Unlock()
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}

func (s *siem) Acknowledged(n int) { s.mu.Lock(); defer s.mu.Unlock(); s.acked += n }

const siemRoom = 250 // records that are not confirmed

func (s *siem) Send(ctx context.Context, records []wire.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range records {
		for len(s.given)-s.done >= siemRoom {
			if err := s.wait(ctx); err != nil {
				return err
			}
		}
		s.given = append(s.given, r)
		s.tell()
	}
	return nil
}

func (s *siem) wait(ctx context.Context) error {
	changed := s.changed
	s.mu.Unlock()
	defer s.mu.Lock()
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *siem) Flush(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.done < len(s.given) {
		if err := s.wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *siem) Seed(records []wire.Record) { s.seeds = records }
func (s *siem) Wake()                      { s.mu.Lock(); defer s.mu.Unlock(); s.wakes++ }

func (s *siem) Metrics() wire.Metrics {
	s.mu.Lock()
	defer s.mu.Unlock()
	return wire.Metrics{Confirmed: int64(s.done), Blocked: s.blocked}
}

func (s *siem) block(yes bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blocked = yes
	s.tell()
}

// lines lists what was given, in its order.
func (s *siem) lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, r := range s.given {
		out = append(out, string(r.Line))
	}
	return out
}

// world is an agent with its server and its SIEMs.
type world struct {
	*protocol
	t     *testing.T
	log   *bytes.Buffer
	o     Options
	siems map[string][]*siem // by destination, one for each time it was opened
	lock  sync.Mutex
	ready func(*siem) // before a siem begins
}

func newWorld(t *testing.T, destinations ...wire.Destination) *world {
	w := &world{protocol: newProtocol(t, destinations...), t: t, log: &bytes.Buffer{}, siems: map[string][]*siem{}}
	c, err := NewClient("http://kiroku.example.com", func() (string, error) { return testToken, nil }, inMemory{w.protocol})
	if err != nil {
		t.Fatal(err)
	}
	w.o = Options{Client: c, Version: "test", Host: "host", Log: slog.New(slog.NewJSONHandler(&locked{w: w.log}, nil)), Open: w.open}
	return w
}

type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

func (w *world) open(o deliver.Options) (Sender, error) {
	if strings.HasPrefix(o.Destination.To, "bad:") {
		return nil, fmt.Errorf("destination %q: the scheme is not known", o.Destination.To)
	}
	s := &siem{o: o, changed: make(chan struct{})}
	w.lock.Lock()
	defer w.lock.Unlock()
	if w.ready != nil {
		w.ready(s)
	}
	w.siems[o.Destination.Name] = append(w.siems[o.Destination.Name], s)
	return s, nil
}

// siem returns the newest siem of a destination.
func (w *world) siem(name string) *siem {
	w.lock.Lock()
	defer w.lock.Unlock()
	all := w.siems[name]
	if len(all) == 0 {
		w.t.Fatalf("destination %s was never opened", name)
	}
	return all[len(all)-1]
}

func (w *world) opened(name string) int {
	w.lock.Lock()
	defer w.lock.Unlock()
	return len(w.siems[name])
}

// running is an agent that runs.
type running struct {
	stop    func()
	done    chan struct{}
	folder  func() // lets the spool go; nil: it has none
	summary *wire.Summary
	err     error
}

func (w *world) start() *running {
	ctx, cancel := context.WithCancel(w.t.Context())
	r := w.startWith(ctx)
	r.stop = cancel
	return r
}

func (w *world) startWith(ctx context.Context) *running {
	r := &running{done: make(chan struct{})}
	go func() {
		defer close(r.done)
		r.summary, r.err = New(w.o).Run(ctx)
	}()
	return r
}

// wait waits until the agent has ended by itself.
func (r *running) wait() {
	<-r.done
	if r.folder != nil {
		r.folder()
	}
}

// end stops the agent and says how long that took.
func (r *running) end(t *testing.T) time.Duration {
	t.Helper()
	began := time.Now()
	r.stop()
	r.wait()
	if r.err != nil {
		t.Errorf("the agent ends with: %v", r.err)
	}
	return time.Since(began)
}
