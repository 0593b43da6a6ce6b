package lake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"kiroku/internal/diskfile"
	"kiroku/internal/lake/segment"
	"kiroku/internal/lake/table"
	"kiroku/internal/logkey"
	"kiroku/internal/meta"
)

// DefaultStore is the event data store of events that no route sends elsewhere.
const DefaultStore = "default"

// Options configure a Lake. Zero values mean what Defaults says.
type Options struct {
	Dir    string // folder of the segments
	DB     *meta.DB
	Tables *table.Catalog
	Hasher segment.Hasher
	Log    *slog.Logger

	FlushInterval   time.Duration // after the first event of a commit
	FlushEvents     int64         // a commit begins early at so many events
	FlushBytes      int64         // or so many bytes of records
	PublishInterval time.Duration // age of the oldest fresh segment
	PublishBytes    int64         // or size of a store's fresh segments
	CompactBytes    int64         // size that data files are compacted towards
	SnapshotAge     time.Duration // age at which snapshots of the tables expire
	MinFree         int64         // bytes that must stay free on the disk
}

// Defaults are the options of an ordinary installation.
func Defaults() Options {
	return Options{
		FlushInterval: 500 * time.Millisecond, FlushEvents: 128 << 10, FlushBytes: 64 << 20,
		PublishInterval: time.Minute, PublishBytes: 64 << 20, CompactBytes: 128 << 20,
		SnapshotAge: 24 * time.Hour, MinFree: 256 << 20,
	}
}

// Lake is the open lake. It is safe for concurrent use. Exactly one process may have it open.
type Lake struct {
	opt  Options
	db   *meta.DB
	cat  *table.Catalog
	log  *slog.Logger
	lock *os.File

	mu     sync.RWMutex
	stores map[string]*store

	commitMu sync.Mutex
	inflight inflight // what a commit that failed has collected; guarded by commitMu

	writersMu sync.Mutex
	writers   []*Writer

	first   chan struct{} // there is something to commit
	full    chan struct{} // there is so much of it that it should not wait
	awaited chan struct{} // somebody waits for it
	gate    gate
	changed changed

	pendingEvents, pendingBytes atomic.Int64 // since the last cut

	commits      atomic.Int64
	publishes    atomic.Int64
	compactions  atomic.Int64
	lastCommit   atomic.Int64 // microseconds since 1970
	lastPublish  atomic.Int64
	commitMicros atomic.Int64 // duration of the last commit
	damage       []string     // what recovery found missing
	cleared      []Finding    // what recovery removed from the tables' folders; guarded by mu
}

// Open opens the lake in opt.Dir, finishes or undoes what a crash interrupted, and makes the default store.
func Open(ctx context.Context, opt Options) (*Lake, error) {
	l := &Lake{opt: opt, db: opt.DB, cat: opt.Tables, log: opt.Log, stores: map[string]*store{},
		first: make(chan struct{}, 1), full: make(chan struct{}, 1), awaited: make(chan struct{}, 1)}
	l.gate.init()
	if err := diskfile.MkdirAll(filepath.Join(opt.Dir, "fresh")); err != nil {
		return nil, fmt.Errorf("open lake: %w", err)
	}
	var err error
	if l.lock, err = lockDir(opt.Dir); err != nil {
		return nil, err
	}
	if err := l.recover(ctx); err != nil {
		l.lock.Close()
		return nil, fmt.Errorf("open lake: %w", err)
	}
	if l.stores[DefaultStore] == nil {
		if err := l.CreateStore(ctx, DefaultStore, 0); err != nil {
			l.lock.Close()
			return nil, fmt.Errorf("open lake: %w", err)
		}
	}
	return l, nil
}

// Close lets go of the lake's folder. Run must have returned.
func (l *Lake) Close() error {
	for _, st := range l.stores {
		st.mu.Lock()
		for _, s := range st.segs {
			s.mu.Lock()
			if s.file != nil {
				s.file.Close()
				s.file = nil
			}
			s.mu.Unlock()
		}
		st.mu.Unlock()
	}
	return l.lock.Close()
}

// Run commits, publishes, compacts and drops what is too old, until ctx ends; then it commits what is left. Writers must
// have stopped when ctx ends, or their last events are refused.
func (l *Lake) Run(ctx context.Context) error {
	l.mu.Lock()
	l.cleared = nil // it is in the log
	l.mu.Unlock()
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return l.commitLoop(gctx) })
	g.Go(func() error { return l.every(gctx, time.Second, l.tend) })
	g.Go(func() error { return l.every(gctx, time.Minute, l.upkeep) })
	if err := g.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	err := l.commit(last)
	l.gate.close(ErrClosed)
	return err
}

// every calls f again and again; what it returns is logged, not passed on: once a minute as long as it goes on.
func (l *Lake) every(ctx context.Context, d time.Duration, f func(context.Context) error) error {
	t := time.NewTicker(d)
	defer t.Stop()
	var quiet time.Time // until then
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
			switch err := f(ctx); {
			case err == nil:
				quiet = time.Time{}
			case ctx.Err() == nil && time.Now().After(quiet):
				quiet = time.Now().Add(time.Minute - d/2)
				l.log.LogAttrs(ctx, slog.LevelError, "lake upkeep failed", slog.Any(logkey.Err, err))
			}
		}
	}
}

// Stats are the lake's figures for status and metrics.
type Stats struct {
	Commits      int64         `json:"commits"`
	Publishes    int64         `json:"publishes"`
	Compactions  int64         `json:"compactions"`
	LastCommit   time.Time     `json:"last_commit,omitzero"`
	CommitTook   time.Duration `json:"-"`
	Pending      int64         `json:"pending_events"` // received, not yet durable
	Blocked      string        `json:"blocked,omitempty"`
	LastPublish  time.Time     `json:"last_publish,omitzero"`
	FreeBytes    int64         `json:"free_bytes"`
	TotalBytes   int64         `json:"total_bytes"`
	MinFreeBytes int64         `json:"min_free_bytes"`
	Damage       []string      `json:"damage,omitempty"`
}

// Stats returns the figures as they are now.
func (l *Lake) Stats() Stats {
	free, total, _ := freeBytes(l.opt.Dir)
	s := Stats{Commits: l.commits.Load(), Publishes: l.publishes.Load(), Compactions: l.compactions.Load(),
		CommitTook: time.Duration(l.commitMicros.Load()) * time.Microsecond, Pending: l.pendingEvents.Load(),
		FreeBytes: free, TotalBytes: total, MinFreeBytes: l.opt.MinFree, Damage: l.damage}
	if us := l.lastCommit.Load(); us > 0 {
		s.LastCommit = time.UnixMicro(us).UTC()
	}
	if us := l.lastPublish.Load(); us > 0 {
		s.LastPublish = time.UnixMicro(us).UTC()
	}
	err := l.gate.err()
	if err == nil {
		err = l.checkRoom() // the next commit will fail: who can wait elsewhere is told before it is taken in
	}
	if err != nil {
		s.Blocked = err.Error()
	}
	return s
}
