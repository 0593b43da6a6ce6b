package pipeline

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"kiroku/internal/event"
	"kiroku/internal/logkey"
	"kiroku/internal/source"
)

// chunk is how many events are written together.
const chunk = 32

// worker maps records with Events that it reuses.
type worker struct {
	p      *Pipeline
	w      Writer
	enrich Enricher
	events [chunk]event.Event
	placed []placed       // of the chunk
	open   []*event.Event // those that are not written yet, all for one store
	store  string         // that they go to
	taps   []*tap
	ids    idMaker
	peers  peerText
	stores []string                           // of the event
	counts []struct{ events, unparsed int64 } // of the batch, by source
	sender sender                             // of the record before
}

// placed is an event in one of its stores.
type placed struct {
	at    int // in the chunk
	store string
	hash  uint64 // by which it is recognised: see seen
}

// sender is where records come from, and how many did.
type sender struct {
	origin           *event.Origin
	peer             netip.Addr
	parsed, unparsed int
}

func (p *Pipeline) newWorker(n int) *worker {
	w := &worker{p: p, w: p.opt.NewWriter(), ids: newIDMaker(n)}
	w.counts = make([]struct{ events, unparsed int64 }, len(p.opt.Sources))
	if p.opt.Enricher != nil {
		w.enrich = p.opt.Enricher()
	}
	return w
}

func (w *worker) run(ctx context.Context) error {
	for {
		select {
		case j := <-w.p.queue:
			if err := w.do(ctx, j); err != nil {
				return err
			}
		case <-ctx.Done():
			return w.drain()
		}
	}
}

// drain works off what is queued when the pipeline stops.
func (w *worker) drain() error {
	for {
		select {
		case j := <-w.p.queue:
			if err := w.do(context.Background(), j); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

func (w *worker) do(ctx context.Context, j job) error {
	if j.batch.Release != nil {
		defer j.batch.Release()
	}
	if err := w.w.Begin(ctx); err != nil {
		if ctx.Err() != nil {
			// Stopping: what cannot be stored now is not stored, and nobody is told that it was.
			err = ctx.Err()
		}
		if j.done != nil {
			j.done(err)
		}
		return nil
	}
	w.taps = *w.p.taps.Load()
	clear(w.counts)
	duplicates := int64(0)
	for recs := range slices.Chunk(j.batch.Records, chunk) {
		duplicates += int64(len(recs) - w.put(recs))
	}
	w.report()
	for i, n := range w.counts {
		if n.events > 0 {
			w.p.counts[i].events.Add(n.events)
			w.p.counts[i].unparsed.Add(n.unparsed)
			w.p.counts[i].lastSeen.Store(j.batch.Records[0].Received.UnixMicro())
		}
	}
	w.p.stats.duplicates.Add(uint64(duplicates))
	if j.batch.Duplicates != nil {
		*j.batch.Duplicates = duplicates
	}
	w.p.stats.events.Add(uint64(len(j.batch.Records)))
	w.w.End(j.batch.Checkpoint, j.done)
	return nil
}

// put maps the records, at most a chunk, and writes their events. It returns how many were not stored before.
func (w *worker) put(recs []event.Record) (fresh int) {
	w.placed = w.placed[:0]
	for i := range recs {
		rec, e := &recs[i], &w.events[i]
		at := w.p.Map(rec, e)
		w.count(rec, e, at)
		w.stores = w.p.route(w.stores[:0], rec, e)
		key := w.p.seen.key(e, rec, &w.p.opt.Sources[at])
		for _, store := range w.stores {
			w.placed = append(w.placed, placed{i, store, w.p.seen.in(store, key)})
		}
	}
	last := -1
	for _, c := range w.p.seen.drop(w.placed, recs[0].Received) {
		e := &w.events[c.at]
		if c.at != last {
			last = c.at
			fresh++
			w.complete(&recs[c.at], e)
		}
		if c.store != w.store {
			w.write()
			w.store = c.store
		}
		w.open = append(w.open, e)
	}
	w.write()
	return fresh
}

func (w *worker) count(rec *event.Record, e *event.Event, source int) {
	s := &w.sender
	if o, a := rec.From(), rec.Peer.Addr(); o != s.origin || a != s.peer {
		w.report()
		s.origin, s.peer = o, a
	}
	n := &w.counts[source]
	n.events++
	if e.Has(event.ColParseError) {
		s.unparsed++
		n.unparsed++
	} else {
		s.parsed++
	}
}

// complete adds the columns of an event that is stored.
func (w *worker) complete(rec *event.Record, e *event.Event) {
	e.Str(event.ColEventUID, "", w.ids.next(e, rec.Received))
	if rec.Peer.IsValid() {
		e.Str(event.ColCollector, "", w.peers.text(rec.Peer.Addr()))
	}
	if w.enrich != nil {
		w.enrich.Enrich(e)
	}
}

// write hands the open events to its store and to the taps.
func (w *worker) write() {
	if len(w.open) == 0 {
		return
	}
	w.w.Append(w.store, w.open...)
	for _, t := range w.taps {
		for _, e := range w.open {
			t.f(w.store, e)
		}
	}
	w.open = w.open[:0]
}

// report tells how many records the sender had.
func (w *worker) report() {
	s := &w.sender
	if n := s.parsed + s.unparsed; n > 0 {
		w.p.stats.records.Add(uint64(n))
		w.p.stats.unparsed.Add(uint64(s.unparsed))
		if w.p.opt.Mapped != nil {
			w.p.opt.Mapped(s.origin, s.peer, s.parsed, s.unparsed)
		}
	}
	*s = sender{}
}

// Map fills e from rec: the source's columns, and those that every event has. It never fails. It returns the place of
// the source in the list.
func (p *Pipeline) Map(rec *event.Record, e *event.Event) int {
	at := p.source(rec)
	src := &p.opt.Sources[at]
	e.Reset()
	if err := p.try(src, rec, e); err != nil {
		e.Reset()
		e.Class(event.ClassBaseEvent, 0)
		e.Int(event.ColSeverityID, "", event.SeverityUnknown)
		e.Time(event.ColTime, "", rec.Received)
		e.Str(event.ColParseError, "", err.Error())
		if utf8.Valid(rec.Data) {
			e.Str(event.ColMessage, "", event.Bytes(rec.Data))
		}
	}
	settleTime(rec, e)
	o := rec.From()
	e.Time(event.ColIngestTime, "", rec.Received)
	e.Str(event.ColSource, "", string(src.Name))
	e.Str(event.ColInput, "", o.Input)
	e.Str(event.ColOCSFVersion, "", "1.8.0")
	if !e.Has(event.ColService) {
		e.Str(event.ColService, "", o.Service)
	}
	for _, t := range o.Tags {
		if !slices.Contains(e.GetList(event.ColTags), t) {
			e.Add(event.ColTags, "", t)
		}
	}
	p.prioritise(at, e)
	if rec.Truncated {
		e.Add(event.ColLabels, "", "truncated")
	}
	if rec.Malformed {
		e.Add(event.ColLabels, "", "malformed_frame")
	}
	if utf8.Valid(rec.Data) {
		e.Str(event.ColRawData, "", event.Bytes(rec.Data))
	} else {
		e.Str(event.ColRawData, "", e.Keep(base64.StdEncoding.AppendEncode(nil, rec.Data)))
		e.Str(event.ColRawEncoding, "", "base64")
	}
	return at
}

// settleTime makes sure that the event has a time that can be right. One that is not plausible would put the event where
// nobody looks; it is kept as original_time.
func settleTime(rec *event.Record, e *event.Event) {
	if e.Has(event.ColTime) {
		t := time.UnixMicro(e.GetInt(event.ColTime))
		if source.Plausible(t, rec.Received) {
			return
		}
		e.Add(event.ColLabels, "", "implausible_time")
		if !e.Has(event.ColOriginalTime) {
			e.Str(event.ColOriginalTime, "", strconv.FormatInt(t.Unix(), 10))
		}
	}
	e.Time(event.ColTime, "", rec.Received)
}

// source is the place of the record's source in the list: configured, else recognised by content.
func (p *Pipeline) source(rec *event.Record) int {
	name := rec.From().Source
	for i := range p.opt.Sources {
		if p.opt.Sources[i].Name == name {
			return i
		}
	}
	for i := range p.opt.Sources {
		if src := &p.opt.Sources[i]; src.Recognise == nil || src.Recognise(rec) {
			return i
		}
	}
	return len(p.opt.Sources) - 1
}

var errEmpty = errors.New("record is empty")

// try maps a record and turns a panic of the mapping into an error.
func (p *Pipeline) try(src *source.Source, rec *event.Record, e *event.Event) (err error) {
	defer func() {
		if r := recover(); r != nil {
			p.stats.panics.Add(1)
			err = fmt.Errorf("BUG: mapping of source %s: %v", src.Name, r)
			p.opt.Log.LogAttrs(context.Background(), slog.LevelError, "mapping failed", slog.String(logkey.Source, string(src.Name)), slog.Any(logkey.Err, err))
		}
	}()
	if len(rec.Data) == 0 {
		return errEmpty
	}
	return src.Map(rec, e)
}
