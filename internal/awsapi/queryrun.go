package awsapi

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"kiroku/internal/awsapi/trino"
	"kiroku/internal/engine"
	"kiroku/internal/fault"
	"kiroku/internal/logkey"
	"kiroku/internal/meta"
)

const (
	resultsKeptFor = 7 * 24 * time.Hour // after the end of the query
	queriesAtOnce  = 4                  // the others wait; they share the engine's memory and threads
	queueLength    = 10_000             // of all accounts together
)

// What CloudTrail Lake says when a query fails, and what we say when one was lost.
const (
	messageTooLarge  = "Query response is too large"
	messageExhausted = "Query exhausted resources at this scale factor"
	messageStopped   = "The server was stopped while the query ran. Start it again."
	messageInternal  = "The query could not be carried out because of an unknown error."
)

// liveQuery is a query that has not ended, or whose end is not stored yet.
type liveQuery struct {
	compiled *trino.Query

	mu      sync.Mutex
	row     meta.LakeQuery     // what does not change can be read without mu
	before  meta.LakeQuery     // row as it was before it ended
	ending  bool               // the end is not stored yet: clients see before
	started time.Time          // zero: it waits
	cancel  context.CancelFunc // while it runs
}

// snapshot is what is told about the query: that it has ended only when that is stored, so that no restart takes it back.
func (q *liveQuery) snapshot() meta.LakeQuery {
	q.mu.Lock()
	defer q.mu.Unlock()
	row := q.row
	if q.ending {
		row = q.before
	}
	if row.Status == queryRunning {
		row.Took = time.Since(q.started)
	}
	return row
}

// last is the query as it is to be stored.
func (q *liveQuery) last() meta.LakeQuery {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.row
}

func (q *liveQuery) open() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.row.Status == queryQueued || q.row.Status == queryRunning
}

// queryRunner knows the queries that have not ended.
type queryRunner struct {
	queue chan *liveQuery

	mu   sync.Mutex
	live map[string]*liveQuery // by id
}

func newQueryRunner() *queryRunner {
	return &queryRunner{queue: make(chan *liveQuery, queueLength), live: map[string]*liveQuery{}}
}

// add takes a query in unless its account has too many.
func (r *queryRunner) add(q *liveQuery, most int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, other := range r.live {
		if other.row.Account == q.row.Account && other.row.Region == q.row.Region && other.open() {
			n++
		}
	}
	if n >= most || len(r.live) >= queueLength {
		return refuse("MaxConcurrentQueriesException", "There are %d queries that have not ended; wait for one, or cancel it.", n)
	}
	r.live[q.row.ID] = q
	return nil
}

func (r *queryRunner) remove(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.live, id)
}

func (r *queryRunner) find(id string) *liveQuery {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.live[id]
}

func (r *queryRunner) get(id string) (meta.LakeQuery, bool) {
	q := r.find(id)
	if q == nil {
		return meta.LakeQuery{}, false
	}
	return q.snapshot(), true
}

// cancel ends a query for its clients at once; the work stops soon after. It says whether the query had not ended.
func (r *queryRunner) cancel(id string) bool {
	q := r.find(id)
	if q == nil {
		return false
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.row.Status != queryQueued && q.row.Status != queryRunning {
		return false
	}
	if q.row.Status == queryRunning {
		q.row.Took = time.Since(q.started)
		q.cancel()
	}
	q.row.Status, q.row.Ended = queryCancelled, time.Now().UTC()
	if q.row.Delivered != "" {
		q.row.Delivered = deliveryCancelled
	}
	return true
}

// runQueries runs queries until ctx ends. Those that a former process left behind have failed.
func (s *Service) runQueries(ctx context.Context) {
	if s.opt.SQL == nil {
		return
	}
	s.tell(ctx, s.recoverQueries(ctx))
	undelivered, err := meta.UndeliveredLakeQueries(ctx, s.db.Read())
	s.tell(ctx, err)
	var wait sync.WaitGroup
	defer wait.Wait()
	wait.Go(func() { s.tell(ctx, s.deliverAgain(ctx, undelivered)) })
	for range queriesAtOnce {
		wait.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case q := <-s.queries.queue:
					s.tell(ctx, s.runQuery(ctx, q))
				}
			}
		})
	}
}

// recoverQueries fails the queries that a former process did not end, and removes files that belong to no query.
func (s *Service) recoverQueries(ctx context.Context) error {
	if err := s.opt.SQL.prepare(); err != nil {
		return err
	}
	open, err := meta.OpenLakeQueries(ctx, s.db.Read())
	if err != nil {
		return err
	}
	for _, id := range open {
		if s.queries.find(id) != nil {
			continue
		}
		row, err := meta.GetLakeQuery(ctx, s.db.Read(), id)
		if err != nil {
			return err
		}
		row.Status, row.Message, row.Ended = queryFailed, messageStopped, time.Now()
		if row.Delivered != "" {
			row.Delivered = deliveryFailed
		}
		if err := s.db.Write(ctx, func(tx *sql.Tx) error { return meta.EndLakeQuery(ctx, tx, row) }); err != nil {
			return err
		}
	}
	return s.sweepResults(ctx)
}

// sweepResults removes files that belong to no query.
func (s *Service) sweepResults(ctx context.Context) error {
	ended, err := meta.EndedLakeQueries(ctx, s.db.Read(), time.Time{})
	if err != nil {
		return err
	}
	return s.opt.SQL.sweep(func(id string) bool { return slices.Contains(ended, id) || s.queries.find(id) != nil })
}

// forgetQueries removes queries and results that are old enough.
func (s *Service) forgetQueries(ctx context.Context, now time.Time) error {
	if s.opt.SQL == nil {
		return nil
	}
	ids, err := meta.EndedLakeQueries(ctx, s.db.Read(), now.Add(-resultsKeptFor))
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := s.opt.SQL.removeRows(id); err != nil {
			return err
		}
		if err := s.db.Write(ctx, func(tx *sql.Tx) error { return meta.DeleteLakeQuery(ctx, tx, id) }); err != nil {
			return err
		}
	}
	return nil
}

// runQuery takes a query from the queue to its end. When ctx ends it stays as it is: the next start fails it.
func (s *Service) runQuery(ctx context.Context, q *liveQuery) error {
	work, cancel := context.WithCancel(ctx)
	defer cancel()
	q.mu.Lock()
	if q.row.Status == queryQueued {
		q.row.Status, q.started, q.cancel = queryRunning, time.Now(), cancel
	}
	running := q.row.Status == queryRunning
	q.mu.Unlock()
	if running {
		result, err := s.fillQuery(work, q)
		if ctx.Err() != nil {
			return errors.Join(err, s.opt.SQL.removeRows(q.row.ID))
		}
		q.end(result, err)
		if err != nil && fault.KindOf(err) == fault.Other && work.Err() == nil {
			s.tell(ctx, fmt.Errorf("run query %q: %w", q.row.ID, err))
		}
	}
	return s.endQuery(ctx, q)
}

// queryResult is what a query gave.
type queryResult struct {
	rows    int64
	matched int64
	size    TablesSize // scanned
}

// fillQuery runs the statement and writes its rows into the query's file.
func (s *Service) fillQuery(ctx context.Context, q *liveQuery) (result queryResult, err error) {
	run := s.opt.SQL
	tables, size, release, err := run.Tables(ctx, q.compiled.Tables)
	if err != nil {
		return result, err
	}
	defer release()
	result.size = size
	rows, err := run.Engine.Query(ctx, q.compiled.SQL, nil, tables, engine.Limits{Timeout: s.limits.QueryTime})
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	w, err := run.createRows(q.row.ID, q.compiled.Columns)
	if err != nil {
		return result, err
	}
	for rows.Next() {
		if w.size > s.limits.QueryBytes {
			return result, errors.Join(errTooLarge, w.close())
		}
		if err := w.add(rows.Values()); err != nil {
			return result, errors.Join(err, w.close())
		}
		result.rows++
	}
	if result.matched = rows.Matched(); result.matched < 0 {
		result.matched = result.size.Events
	}
	return result, errors.Join(rows.Err(), w.close())
}

var errTooLarge = errors.New("the result is larger than it may be")

// end notes how the query ended, unless it was cancelled before.
func (q *liveQuery) end(result queryResult, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.row.Status != queryRunning {
		return
	}
	q.before, q.ending = q.row, true
	q.row.Ended, q.row.Took = time.Now().UTC(), time.Since(q.started)
	q.row.Scanned, q.row.Bytes, q.row.Matched = result.size.Events, result.size.Bytes, result.matched
	q.row.Status, q.row.Rows = queryFinished, result.rows
	switch {
	case err == nil:
		return
	case errors.Is(err, engine.ErrTimeout):
		q.row.Status, q.row.Message = queryTimedOut, "The query took longer than it may. The rows that were found are here."
	default:
		q.row.Status, q.row.Message, q.row.Rows = queryFailed, failureOf(err), 0
	}
	if q.row.Delivered != "" { // partial results are not delivered
		q.row.Delivered = deliveryCancelled
	}
}

// failureOf is the message for a query that failed; its form is 4 to 1,000 characters.
func failureOf(err error) string {
	switch {
	case errors.Is(err, errTooLarge):
		return messageTooLarge
	case errors.Is(err, engine.ErrMemory):
		return messageExhausted
	case fault.KindOf(err) == fault.Invalid:
		return failureText(errors.New(strings.TrimPrefix(err.Error(), "run query: ")))
	}
	return messageInternal
}

// endQuery stores how a query ended, and delivers its result. While that is not possible the query stays in memory.
func (s *Service) endQuery(ctx context.Context, q *liveQuery) error {
	row := q.last()
	if row.Status != queryFinished && row.Status != queryTimedOut {
		if err := s.opt.SQL.removeRows(row.ID); err != nil {
			return err
		}
	}
	stored := context.WithoutCancel(ctx) // also while the service stops
	if err := s.db.Write(stored, func(tx *sql.Tx) error { return meta.EndLakeQuery(stored, tx, row) }); err != nil {
		return err
	}
	s.log.LogAttrs(ctx, slog.LevelInfo, "query ended", slog.String(logkey.Job, row.ID), slog.String(logkey.State, row.Status), slog.Duration(logkey.Took, row.Took))
	s.queries.remove(row.ID)
	if row.Delivered == deliveryPending {
		return s.deliver(ctx, row)
	}
	return nil
}

// deliverAgain delivers the results whose delivery a former process did not end.
func (s *Service) deliverAgain(ctx context.Context, ids []string) error {
	if s.opt.SQL.Deliver == nil {
		return nil
	}
	for _, id := range ids {
		row, err := meta.GetLakeQuery(ctx, s.db.Read(), id)
		if err != nil {
			return err
		}
		if err := s.deliver(ctx, row); err != nil {
			return err
		}
	}
	return nil
}
