package pipeline

import (
	"context"
	"log/slog"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"kiroku/internal/event"
	"kiroku/internal/source"
)

// Writer takes the events of one worker: see lake.Writer.
type Writer interface {
	// Begin opens a batch; it waits while nothing can be stored.
	Begin(ctx context.Context) error
	// Append adds at most chunk events to a store and copies everything.
	Append(store string, events ...*event.Event)
	// End closes the batch; done hears once whether it became durable.
	End(cp *event.Checkpoint, done func(error))
}

// Enricher adds what can be looked up. Each worker has its own.
type Enricher interface{ Enrich(e *event.Event) }

// Route sends events to a store. Every list that is not empty must contain the event's value; tags: one of them.
type Route struct {
	Store    string
	Sources  []string
	Services []string
	Inputs   []string
	Tags     []string
}

// Options configure a Pipeline.
type Options struct {
	Sources   []source.Source // in the order of recognition; the last one takes everything
	Routes    []Route         // the first that fits wins; none: the default store
	NewWriter func() Writer
	Enricher  func() Enricher // nil: none
	// Mapped hears how many records of a sender were mapped, and how many stored with a parse_error. It may be nil.
	Mapped func(o *event.Origin, peer netip.Addr, parsed, unparsed int)
	// Collect names the stores that ask for a mapped event beside the one that its input or a route names. It is called for
	// every event, by all workers at once. It may be nil.
	Collect func(rec *event.Record, e *event.Event) []string
	// At calls f for every stored event of a store whose time is one of times, which are sorted microseconds: see lake.At. It
	// is asked before records of a copy are stored. nil: they are stored without asking.
	At      func(ctx context.Context, store string, times []int64, cols []event.Column, f func(e *event.Event)) error
	Default string // store of events without a route
	// Priorities go before those of the sources; SetPriorities changes them at run time.
	Priorities Priorities
	Workers    int // 0: one a core
	Queue      int // batches; 0: 256
	Log        *slog.Logger
}

// Pipeline is a running pipeline. It is safe for concurrent use.
type Pipeline struct {
	opt    Options
	byName map[event.SourceName]*source.Source
	queue  chan job
	// priorities are in the order of opt.Sources.
	priorities atomic.Pointer[[]servicePriorities]
	taps       atomic.Pointer[[]*tap]
	tapsMu     sync.Mutex
	seen       *seen
	stats      counters
	counts     []*sourceCount // in the order of opt.Sources
	stopped    chan struct{}
	copying    chan struct{} // held by the copy that is compared and stored
}

type job struct {
	batch event.Batch
	done  func(error)
}

type counters struct {
	records, events, unparsed, duplicates, panics atomic.Uint64
}

// Stats are the pipeline's figures for status and metrics, since the start.
type Stats struct {
	Records    uint64 `json:"records"`
	Events     uint64 `json:"events"`
	Unparsed   uint64 `json:"unparsed"`
	Duplicates uint64 `json:"duplicates"`
	Panics     uint64 `json:"panics"`
	Workers    int
	Sources    []SourceStats
	Queue      int `json:"queue"` // batches waiting
	QueueLimit int `json:"queue_limit"`
}

// SourceStats are the figures of one source, since the start.
type SourceStats struct {
	Name             event.SourceName
	Events, Unparsed int64
	LastSeen         time.Time
}

// sourceCount counts the records of one source.
type sourceCount struct {
	name             event.SourceName
	events, unparsed atomic.Int64
	lastSeen         atomic.Int64
}

// New makes a pipeline. Nothing happens until Run.
func New(opt Options) *Pipeline {
	if opt.Workers == 0 {
		opt.Workers = runtime.GOMAXPROCS(0)
	}
	if opt.Queue == 0 {
		opt.Queue = 64
	}
	p := &Pipeline{opt: opt, byName: map[event.SourceName]*source.Source{}, queue: make(chan job, opt.Queue), seen: newSeen(), stopped: make(chan struct{}), copying: make(chan struct{}, 1)}
	for i := range opt.Sources {
		p.byName[opt.Sources[i].Name] = &opt.Sources[i]
		p.counts = append(p.counts, &sourceCount{name: opt.Sources[i].Name})
	}
	p.taps.Store(&[]*tap{})
	p.SetPriorities(opt.Priorities)
	return p
}

// Run works until ctx ends and the queue is empty. Nobody may offer anything after that.
func (p *Pipeline) Run(ctx context.Context) error {
	defer close(p.stopped)
	g, ctx := errgroup.WithContext(ctx)
	for n := range p.opt.Workers {
		w := p.newWorker(n)
		g.Go(func() error { return w.run(ctx) })
	}
	return g.Wait()
}

// Offer queues a batch and returns as soon as it is queued; it waits while the queue is full. nil does not mean durable.
func (p *Pipeline) Offer(ctx context.Context, b event.Batch) error {
	select {
	case p.queue <- job{batch: b}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-p.stopped:
		return context.Canceled
	}
}

// TryOffer queues a batch unless the queue is full.
func (p *Pipeline) TryOffer(b event.Batch) bool {
	select {
	case p.queue <- job{batch: b}:
		return true
	default:
		return false
	}
}

// Accept queues a batch and returns when its events and its checkpoint are durable: nil, and only nil, may be
// acknowledged to the sender. An error leaves open whether the batch will be stored.
func (p *Pipeline) Accept(ctx context.Context, b event.Batch) error {
	if b.Copy != nil && p.opt.At != nil {
		return p.storeCopy(ctx, b)
	}
	return p.offerAndWait(ctx, b)
}

func (p *Pipeline) offerAndWait(ctx context.Context, b event.Batch) error {
	done := make(chan error, 1)
	select {
	case p.queue <- job{batch: b, done: func(err error) { done <- err }}:
	case <-ctx.Done():
		return ctx.Err()
	case <-p.stopped:
		return context.Canceled
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-p.stopped:
		select {
		case err := <-done:
			return err
		default:
			return context.Canceled
		}
	}
}

// Remember makes known that an event was stored before, so that it is not stored again. It needs the source and the columns
// of its Identity. It says false when no more can be remembered; begin with the latest.
func (p *Pipeline) Remember(store string, e *event.Event, now time.Time) bool {
	src := p.byName[event.SourceName(e.GetStr(event.ColSource))]
	if src == nil || src.Identity == nil || e.GetStr(src.Identity[len(src.Identity)-1]) == "" {
		return true
	}
	return p.seen.recall(p.seen.in(store, p.seen.of(e, src.Identity)), now)
}

// Identities are the columns that Remember needs, and the names of the sources for which it does something.
func (p *Pipeline) Identities() (sources []event.SourceName, cols []event.Column) {
	cols = []event.Column{event.ColSource}
	for i := range p.opt.Sources {
		if s := &p.opt.Sources[i]; s.Identity != nil {
			sources = append(sources, s.Name)
			cols = append(cols, s.Identity...)
		}
	}
	slices.Sort(cols)
	return sources, slices.Compact(cols)
}

// Stats returns the figures as they are now.
func (p *Pipeline) Stats() Stats {
	st := Stats{Records: p.stats.records.Load(), Events: p.stats.events.Load(), Unparsed: p.stats.unparsed.Load(),
		Duplicates: p.stats.duplicates.Load(), Panics: p.stats.panics.Load(), Queue: len(p.queue), QueueLimit: cap(p.queue), Workers: p.opt.Workers}
	for _, c := range p.counts {
		if n := c.events.Load(); n > 0 {
			st.Sources = append(st.Sources, SourceStats{c.name, n, c.unparsed.Load(), time.UnixMicro(c.lastSeen.Load()).UTC()})
		}
	}
	return st
}
