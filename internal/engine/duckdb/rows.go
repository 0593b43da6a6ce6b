package duckdb

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	duck "github.com/duckdb/duckdb-go-bindings"

	"kiroku/internal/engine"
)

// interruptEvery is how often a query whose context ended is told to stop: one that is between two steps misses it.
const interruptEvery = 5 * time.Millisecond

// query is a running query and its result. DuckDB computes while chunks are fetched, so that a result of any length
// needs little memory.
type query struct {
	c      *conn
	stop   func()       // ends the query's context and the watch over it
	over   func() error // why the query must stop: nil, engine.ErrTimeout, or the error of the caller's context
	watch  sync.WaitGroup
	tables []engine.Table
	limits engine.Limits

	stmt    duck.PreparedStatement
	pending duck.PendingResult
	res     duck.Result
	columns []engine.Column
	readers []*reader

	chunk   duck.DataChunk
	vectors []vector
	row     int // of the chunk
	rows    int // of the chunk
	out     int // handed out so far
	values  []any

	err       error
	truncated bool
	matched   int64

	mu    sync.Mutex // guards ended against Progress
	ended bool
	done  bool // the last row was computed
}

// startQuery takes over c. From now on the end of the returned context, by its parent or the time-out, interrupts what c
// does.
func startQuery(ctx context.Context, c *conn, tables []engine.Table, limits engine.Limits) (context.Context, *query) {
	q := &query{c: c, tables: tables, limits: limits}
	ctx, cancel := withTimeout(ctx, limits.Timeout)
	ctx, tooMuch := context.WithCancelCause(ctx)
	stop := make(chan struct{})
	q.stop = func() { close(stop); cancel(); tooMuch(nil) }
	q.over = func() error {
		if ctx.Err() == nil {
			return nil
		}
		return context.Cause(ctx)
	}
	q.watch.Go(func() {
		if !watchMemory(ctx, stop, c.in.opts.MemoryBytes, tooMuch) {
			return
		}
		for {
			duck.Interrupt(c.handle)
			select {
			case <-stop:
				return
			case <-time.After(interruptEvery):
			}
		}
	})
	return ctx, q
}

// run starts the statement.
func (q *query) run(ctx context.Context, sql string, args []any, relations map[string]relation) error {
	known := names{}
	for name := range relations {
		known[name] = true
	}
	used, err := q.c.check(ctx, sql, known)
	if err != nil {
		return err
	}
	if err := q.c.makeViews(ctx, used, relations); err != nil {
		return err
	}
	if q.stmt, err = q.c.prepare(sql); err != nil {
		return err
	}
	if duck.PreparedStatementType(q.stmt) != duck.StatementTypeSelect {
		return invalid(-1, errors.New("statement is not a SELECT"), onlySelect)
	}
	if err := bindArgs(q.stmt, args); err != nil {
		return err
	}
	if err := q.over(); err != nil {
		return err
	}
	// The streaming form is marked deprecated in the C interface, but has no successor there.
	if duck.PendingPreparedStreaming(q.stmt, &q.pending) != duck.StateSuccess {
		return duckError(duck.PendingError(q.pending))
	}
	if duck.ExecutePending(q.pending, &q.res) != duck.StateSuccess {
		return duckError(duck.ResultError(&q.res))
	}
	return q.describe()
}

// describe reads names and types of the columns.
func (q *query) describe() error {
	n := int(duck.ColumnCount(&q.res))
	q.columns = make([]engine.Column, n)
	q.readers = make([]*reader, n)
	q.values = make([]any, n)
	for i := range n {
		t := duck.ColumnLogicalType(&q.res, duck.IdxT(i))
		r, err := newReader(t)
		duck.DestroyLogicalType(&t)
		name := duck.ColumnName(&q.res, duck.IdxT(i))
		if err != nil {
			return invalid(-1, fmt.Errorf("column %q: %w", name, err), "Convert it, for example with CAST(… AS VARCHAR).")
		}
		q.columns[i] = engine.Column{Name: name, Type: r.name}
		q.readers[i] = r
	}
	return nil
}

// Columns is part of engine.Rows.
func (q *query) Columns() []engine.Column { return q.columns }

// Values is part of engine.Rows.
func (q *query) Values() []any { return q.values }

// Err is part of engine.Rows.
func (q *query) Err() error { return q.err }

// Truncated is part of engine.Rows.
func (q *query) Truncated() bool { return q.truncated }

// Matched is part of engine.Rows.
func (q *query) Matched() int64 { return q.matched }

// Next is part of engine.Rows.
func (q *query) Next() bool {
	if q.err != nil || q.ended || q.truncated {
		return false
	}
	for q.row++; q.row >= q.rows; q.row = 0 {
		more, err := q.fetch()
		if err != nil {
			q.err = q.explain(err)
			return false
		}
		if !more {
			q.matched = q.c.matched()
			q.finish()
			return false
		}
	}
	if q.limits.Rows > 0 && q.out == q.limits.Rows {
		q.truncated = true
		q.finish()
		return false
	}
	q.out++
	for i := range q.vectors {
		q.values[i] = q.vectors[i].value(q.row)
	}
	return true
}

// fetch gets the next chunk; false at the end.
func (q *query) fetch() (bool, error) {
	duck.DestroyDataChunk(&q.chunk)
	q.row, q.rows = 0, 0
	if err := q.over(); err != nil {
		return false, err
	}
	q.chunk = duck.FetchChunk(q.res)
	if q.chunk.Ptr == nil {
		if msg := duck.ResultError(&q.res); msg != "" {
			return false, duckError(msg)
		}
		return false, nil
	}
	q.rows = int(duck.DataChunkGetSize(q.chunk))
	q.vectors = q.vectors[:0]
	for i, r := range q.readers {
		q.vectors = append(q.vectors, r.open(duck.DataChunkGetVector(q.chunk, duck.IdxT(i))))
	}
	return q.rows > 0, nil
}

func (q *query) finish() {
	q.mu.Lock()
	q.done = true
	q.mu.Unlock()
}

// Progress is part of engine.Rows.
func (q *query) Progress() float64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.done {
		return 1
	}
	if q.ended {
		return 0
	}
	p := duck.QueryProgress(q.c.handle)
	percent, _, _ := duck.QueryProgressTypeMembers(&p)
	return min(max(percent/100, 0), 1)
}

// Close is part of engine.Rows.
func (q *query) Close() error {
	q.end()
	return nil
}

func (q *query) end() {
	q.mu.Lock()
	if q.ended {
		q.mu.Unlock()
		return
	}
	q.ended = true
	q.mu.Unlock()
	q.stop()
	q.watch.Wait()
	q.vectors = nil
	duck.DestroyDataChunk(&q.chunk)
	duck.DestroyResult(&q.res)
	duck.DestroyPending(&q.pending)
	duck.DestroyPrepare(&q.stmt)
	q.c.release()
}
