package forward

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/search"
)

// stored is an event of a fakeLake.
type stored struct {
	seq      int64
	at       time.Time // of the event
	ingested time.Time
	alert    bool
	gone     bool // retention has removed it
	message  string
}

// fakeLake keeps events in memory, under the contracts of Events and Follower.
type fakeLake struct {
	mu      sync.Mutex
	stores  map[string][]stored
	changed chan struct{}
	alerts  []event.Record
	told    int64
	step    int // events that one call of Next looks at; 0: all
	fail    error
	cost    time.Duration          // of each call of Next
	worked  map[bool]time.Duration // how long was worked, for recoveries and not
}

func newLake(stores ...string) *fakeLake {
	l := &fakeLake{stores: map[string][]stored{}, changed: make(chan struct{}), worked: map[bool]time.Duration{}}
	for _, name := range stores {
		l.stores[name] = nil
	}
	return l
}

// add stores n events that happened at a time.
func (l *fakeLake) add(store string, n int, at time.Time, change ...func(*stored)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for range n {
		s := stored{seq: int64(len(l.stores[store]) + 1), at: at, ingested: time.Now()}
		s.message = fmt.Sprintf("%s %d", store, s.seq)
		for _, f := range change {
			f(&s)
		}
		l.stores[store] = append(l.stores[store], s)
	}
	close(l.changed)
	l.changed = make(chan struct{})
}

// drop has retention remove the events up to a number.
func (l *fakeLake) drop(store string, upTo int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.stores[store][:upTo] {
		l.stores[store][i].gone = true
	}
}

// dropBefore has retention remove the events before a time.
func (l *fakeLake) dropBefore(store string, t time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, s := range l.stores[store] {
		l.stores[store][i].gone = s.gone || s.at.Before(t)
	}
}

func (l *fakeLake) Stores() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var names []string
	for name := range l.stores {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (l *fakeLake) Changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed
}

func (l *fakeLake) events(store string) ([]stored, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	all, ok := l.stores[store]
	if !ok {
		return nil, fault.New(fault.NotFound, fmt.Errorf("no store %q", store), "")
	}
	return slices.Clone(all), l.fail
}

func (l *fakeLake) Head(store string) (first, last int64, err error) {
	all, err := l.events(store)
	last = int64(len(all))
	for first = 1; first <= last && all[first-1].gone; first++ {
	}
	return first, last, err
}

func (l *fakeLake) Ingested(_ context.Context, store string, after int64) (time.Time, error) {
	all, err := l.events(store)
	for _, s := range all {
		if s.seq > after && !s.gone {
			return s.ingested, err
		}
	}
	return time.Time{}, err
}

func (l *fakeLake) Since(_ context.Context, store string, by event.Column, t time.Time) (int64, error) {
	all, err := l.events(store)
	for _, s := range all {
		at := s.at
		if by == event.ColIngestTime {
			at = s.ingested
		}
		if !s.gone && !at.Before(t) {
			return s.seq - 1, err
		}
	}
	return int64(len(all)), err
}

func (l *fakeLake) Gap(_ context.Context, store string, after, last int64, since time.Time) (g Gap, err error) {
	all, err := l.events(store)
	for _, s := range all {
		if s.seq <= after || s.seq > last || !s.gone || s.at.Before(since) {
			continue
		}
		if g.Count++; g.FirstSeq == 0 {
			g.FirstSeq, g.From = s.seq, s.at
		}
		g.LastSeq, g.To = s.seq, s.at.Add(time.Microsecond)
	}
	g.Resume = g.LastSeq + 1
	return g, err
}

func (l *fakeLake) Oldest(store string) (at time.Time) {
	all, _ := l.events(store)
	for _, s := range all {
		if !s.gone && (at.IsZero() || s.at.Before(at)) {
			at = s.at
		}
	}
	return at
}

func (l *fakeLake) Removed(store string) (n int64) {
	all, _ := l.events(store)
	for _, s := range all {
		if s.gone {
			n++
		}
	}
	return n
}

func (l *fakeLake) Warnings(text string) []search.Warning {
	q, err := search.Parse(text)
	if err != nil {
		return nil
	}
	prog, err := search.Compile(q, search.NewFields())
	if err != nil {
		return nil
	}
	return prog.Warnings
}

func (l *fakeLake) Lost(_ context.Context, store string, from, to time.Time) (n int64, err error) {
	all, err := l.events(store)
	for _, s := range all {
		if s.gone && !s.at.Before(from) && s.at.Before(to) {
			n++
		}
	}
	return n, err
}

func (l *fakeLake) Follower(req Request) (Follower, error) {
	q, err := search.Parse(req.Search)
	if err != nil {
		return nil, err
	}
	prog, err := search.Compile(q, search.NewFields())
	if err != nil {
		return nil, err
	}
	for _, c := range prog.Columns() {
		if slices.Contains(req.Denied, c) {
			return nil, fault.New(fault.Denied, fmt.Errorf("search in %s: you may not read it", c), "")
		}
	}
	if _, err := l.events(req.Store); err != nil {
		return nil, err
	}
	return fakeFollower{l, req, prog.Bind(req.Store)}, nil
}

type fakeFollower struct {
	lake *fakeLake
	req  Request
	prog *search.Program
}

func (f fakeFollower) matches(s *stored, e *event.Event) bool {
	e.Reset()
	e.Int(event.ColSeq, "", s.seq)
	e.Time(event.ColTime, "", s.at)
	e.Time(event.ColIngestTime, "", s.ingested)
	e.Str(event.ColEventUID, "", fmt.Sprintf("%s-%d", f.req.Store, s.seq))
	e.Str(event.ColMessage, "", s.message)
	e.Int(event.ColClassUID, "", 3002)
	e.Int(event.ColCategoryUID, "", 3)
	if s.alert {
		e.Int(event.ColClassUID, "", 2004)
		e.Int(event.ColCategoryUID, "", 2)
	}
	at := s.at
	if f.req.By == event.ColIngestTime {
		at = s.ingested
	}
	wanted := f.req.Activities && !s.alert || f.req.Alerts && s.alert
	return !s.gone && wanted && !at.Before(f.req.From) && (f.req.To.IsZero() || at.Before(f.req.To)) && f.prog.MatchEvent(e)
}

func (f fakeFollower) Next(ctx context.Context, after int64, take func(*event.Event) bool) (p Progress, err error) {
	all, err := f.lake.events(f.req.Store)
	p.Next = after
	if err != nil || ctx.Err() != nil {
		return p, errors.Join(err, ctx.Err())
	}
	f.lake.work(!f.req.To.IsZero())
	var e event.Event
	looked := 0
	for i := range all[min(after, int64(len(all))):] {
		s := &all[after+int64(i)]
		if looked++; f.lake.step > 0 && looked > f.lake.step {
			p.More = true
			return p, nil
		}
		if f.matches(s, &e) {
			if !take(&e) {
				p.More = true
				return p, nil
			}
			p.Events++
		}
		if s.gone && f.req.From.IsZero() && f.req.To.IsZero() {
			p.Gone++
		}
		p.Next = s.seq
	}
	return p, nil
}

func (l *fakeLake) work(recovery bool) {
	if l.cost == 0 {
		return
	}
	time.Sleep(l.cost)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.worked[recovery] += l.cost
}

// workedFor is how long Next has worked for recoveries, or for others.
func (l *fakeLake) workedFor(recovery bool) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.worked[recovery]
}

func (f fakeFollower) Back(_ context.Context, upTo int64, n int) (int64, error) {
	all, err := f.lake.events(f.req.Store)
	var e event.Event
	for i := min(upTo, int64(len(all))) - 1; i >= 0; i-- {
		if f.matches(&all[i], &e) {
			if n--; n == 0 {
				return i, err
			}
		}
	}
	return 0, err
}

// Accept and Checkpoint stand for the pipeline and the lake.
func (l *fakeLake) Accept(_ context.Context, b event.Batch) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.alerts, l.told = append(l.alerts, b.Records...), b.Checkpoint.Position
	return nil
}

func (l *fakeLake) Checkpoint(context.Context, string) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.told, nil
}

// alerted are the alerts that were stored.
func (l *fakeLake) alerted(t testing.TB) (all []Alert) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, rec := range l.alerts {
		all = append(all, readAlert(t, rec.Data))
	}
	return all
}
