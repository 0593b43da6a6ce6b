package lake

import (
	"context"
	"sync"

	"kiroku/internal/event"
	"kiroku/internal/lake/segment"
)

// Writer takes the events of one worker. Events between Begin and End are committed together, with their checkpoint:
// all or none. It is not safe for concurrent use.
type Writer struct {
	lake *Lake

	mu       sync.Mutex // held from Begin to End, and by a commit while it takes what there is
	builders map[*store]*segment.Builder
	groups   map[*store][]*segment.Group // full ones
	waiting  []waiter
	rows     int64 // of the open batch
	bytes    int64
	last     *store // of the event before
	lastName string
	build    *segment.Builder
}

// waiter is a batch whose events are not durable yet.
type waiter struct {
	checkpoint *event.Checkpoint
	done       func(error)
}

// NewWriter makes a writer. It lives as long as the lake.
func (l *Lake) NewWriter() *Writer {
	w := &Writer{lake: l, builders: map[*store]*segment.Builder{}, groups: map[*store][]*segment.Group{}}
	l.writersMu.Lock()
	l.writers = append(l.writers, w)
	l.writersMu.Unlock()
	return w
}

// Begin opens a batch. It waits while the lake cannot store anything, for example because the disk is full.
func (w *Writer) Begin(ctx context.Context) error {
	for {
		if err := w.lake.gate.pass(ctx); err != nil {
			return err
		}
		w.mu.Lock()
		if w.lake.gate.err() == nil {
			return nil
		}
		w.mu.Unlock() // a commit failed in between
	}
}

// Append adds events to a store; to the default store when there is none of that name. Everything is copied.
func (w *Writer) Append(name string, events ...*event.Event) {
	if w.last == nil || name != w.lastName {
		w.choose(name)
	}
	w.rows += int64(len(events))
	for _, e := range events {
		w.bytes += int64(len(e.GetStr(event.ColRawData)))
	}
	for len(events) > 0 {
		n := min(len(events), w.build.Room())
		w.build.Append(events[:n]...)
		events = events[n:]
		if w.build.Full() {
			w.groups[w.last] = append(w.groups[w.last], w.build.Finish())
		}
	}
}

func (w *Writer) choose(name string) {
	w.lake.mu.RLock()
	st := w.lake.stores[name]
	if st == nil {
		st = w.lake.stores[DefaultStore]
	}
	w.lake.mu.RUnlock()
	b := w.builders[st]
	if b == nil {
		b = segment.NewBuilder(w.lake.opt.Hasher, segment.Fast)
		w.builders[st] = b
	}
	w.last, w.lastName, w.build = st, name, b
}

// End closes the batch. done, when not nil, is called once from another goroutine: with nil when the events and the
// checkpoint are durable, else with the reason why they are not and never will be.
func (w *Writer) End(cp *event.Checkpoint, done func(error)) {
	if cp != nil || done != nil {
		w.waiting = append(w.waiting, waiter{cp, done})
	}
	l := w.lake
	events := l.pendingEvents.Add(w.rows)
	bytes := l.pendingBytes.Add(w.bytes)
	large := done != nil && w.bytes >= promptBytes
	w.rows, w.bytes = 0, 0
	w.mu.Unlock()
	signal(l.first)
	if large || events >= l.opt.FlushEvents || bytes >= l.opt.FlushBytes {
		signal(l.full)
	} else if done != nil {
		signal(l.awaited)
	}
}

// promptBytes is the size from which a batch whose sender waits is committed at once: an import would else spend its time
// waiting for flush_interval.
const promptBytes = 1 << 20

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// take empties the writer into p.
func (w *Writer) take(p *inflight) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for st, b := range w.builders {
		if g := b.Finish(); g != nil {
			w.groups[st] = append(w.groups[st], g)
		} else if len(w.groups[st]) == 0 {
			delete(w.builders, st) // nothing since the last commit: let its memory go
		}
	}
	w.last = nil
	p.mu.Lock()
	defer p.mu.Unlock()
	for st, gs := range w.groups {
		p.groups[st] = append(p.groups[st], gs...)
		delete(w.groups, st)
	}
	p.waiting = append(p.waiting, w.waiting...)
	w.waiting = nil
}
