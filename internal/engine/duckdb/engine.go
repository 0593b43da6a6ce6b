package duckdb

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"kiroku/internal/engine"
	"kiroku/internal/fault"
)

// Options say what the engine may use.
type Options struct {
	Dirs        []string // folders with Parquet files; nothing outside them can be read
	MemoryBytes int64    // for all queries together; 0: 1 GiB
	Threads     int      // 0: one per core
	TempDir     string   // sorts and joins that outgrow memory go there; empty: they end with an error
	TempBytes   int64    // how much may lie in TempDir; 0: 10 GiB
}

const (
	defaultMemory = 1 << 30
	defaultTemp   = 10 << 30
	// minMemory is the least that DuckDB needs to read a Parquet file with all columns.
	minMemory = 32 << 20
)

func (o Options) withDefaults() Options {
	if o.MemoryBytes == 0 {
		o.MemoryBytes = defaultMemory
	}
	if o.Threads == 0 {
		o.Threads = runtime.NumCPU()
	}
	if o.TempBytes == 0 {
		o.TempBytes = defaultTemp
	}
	return o
}

// Engine runs SQL in this process.
type Engine struct {
	opts Options

	mu     sync.Mutex
	shared *instance // for queries without a memory limit of their own
	closed bool
}

var _ engine.Engine = (*Engine)(nil)

// Open starts an engine.
func Open(opts Options) (*Engine, error) {
	opts = opts.withDefaults()
	shared, err := openInstance(opts)
	if err != nil {
		return nil, err
	}
	return &Engine{opts: opts, shared: shared}, nil
}

// Close waits until all rows are closed, then frees the engine.
func (e *Engine) Close() error {
	e.mu.Lock()
	shared := e.shared
	e.closed = true
	e.mu.Unlock()
	shared.close()
	return nil
}

// Check is part of engine.Engine.
func (e *Engine) Check(ctx context.Context, sql string, relations []string) error {
	c, err := e.acquire(engine.Limits{})
	if err != nil {
		return err
	}
	defer c.release()
	_, err = c.check(ctx, sql, newNames(relations))
	return err
}

// Query is part of engine.Engine.
func (e *Engine) Query(ctx context.Context, sql string, args []any, tables []engine.Table, limits engine.Limits) (engine.Rows, error) {
	relations, err := relationsOf(tables, limits.Hide)
	if err != nil {
		return nil, err
	}
	c, err := e.acquire(limits)
	if err != nil {
		return nil, err
	}
	ctx, q := startQuery(ctx, c, tables, limits)
	if err := q.run(ctx, sql, args, relations); err != nil {
		err = q.explain(err)
		q.end()
		return nil, err
	}
	return q, nil
}

// acquire takes a connection of the shared instance, or of a new one for a query that has limits of its own.
func (e *Engine) acquire(limits engine.Limits) (*conn, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, errors.New("query: the engine is closed")
	}
	if limits.MemoryBytes > 0 {
		return e.acquireOwn(limits)
	}
	if e.shared.broken.Load() {
		fresh, err := openInstance(e.opts)
		if err != nil {
			return nil, err
		}
		e.shared.retire()
		e.shared = fresh
	}
	return e.shared.acquire()
}

func (e *Engine) acquireOwn(limits engine.Limits) (*conn, error) {
	if limits.MemoryBytes < minMemory {
		return nil, fault.New(fault.Invalid, fmt.Errorf("query: memory limit of %s is too small", size(limits.MemoryBytes)),
			fmt.Sprintf("Ask for at least %s.", size(minMemory)))
	}
	opts := e.opts
	opts.MemoryBytes = min(limits.MemoryBytes, opts.MemoryBytes)
	if limits.Threads > 0 {
		opts.Threads = min(limits.Threads, opts.Threads)
	}
	in, err := openInstance(opts)
	if err != nil {
		return nil, err
	}
	c, err := in.acquire()
	in.retire() // closed as soon as c is released
	return c, err
}

// size writes a number of bytes for a person.
func size(n int64) string {
	switch {
	case n >= 1<<30 && n%(1<<30) == 0:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 1<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	default:
		return fmt.Sprintf("%d bytes", n)
	}
}

// withTimeout bounds ctx; the cause of its end tells a time-out from a caller who gave up.
func withTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, d, engine.ErrTimeout)
}
