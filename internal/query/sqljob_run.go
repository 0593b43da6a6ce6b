package query

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"kiroku/internal/engine"
	"kiroku/internal/fault"
	"kiroku/internal/logkey"
)

// stateKey is the log attribute of a job's state.
const stateKey = "state"

// forgetEvery is how often ended jobs are looked through, besides whenever somebody asks for one.
const forgetEvery = time.Minute

// Run moves the jobs until ctx ends; then it ends those that run, and their results are gone.
func (s *SQLJobs) Run(ctx context.Context) error {
	if err := removeResults(s.opts.Dir); err != nil {
		return err
	}
	var wg sync.WaitGroup
	for range s.opts.Running {
		wg.Go(func() { s.work(ctx) })
	}
	tick := time.NewTicker(forgetEvery)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			s.mu.Lock()
			s.forget(now)
			s.mu.Unlock()
		case <-ctx.Done():
			wg.Wait()
			s.stop()
			return nil
		}
	}
}

// removeResults deletes what a process that was killed left behind.
func removeResults(dir string) error {
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make folder for SQL results: %w", err)
	}
	left, err := filepath.Glob(filepath.Join(dir, resultPattern))
	if err != nil {
		return fmt.Errorf("list folder for SQL results: %w", err)
	}
	for _, f := range left {
		if err := os.Remove(f); err != nil {
			return fmt.Errorf("remove old SQL result: %w", err)
		}
	}
	return nil
}

func (s *SQLJobs) work(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case j := <-s.queue:
			s.runJob(ctx, j)
		}
	}
}

// stop ends the jobs that still wait and frees all results.
func (s *SQLJobs) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, j := range s.jobs {
		j.mu.Lock()
		if j.job.State == JobQueued {
			j.job.State, j.job.Ended = JobCancelled, time.Now()
		}
		j.mu.Unlock()
		j.result.free()
	}
}

// runJob takes a job from queued to its end.
func (s *SQLJobs) runJob(ctx context.Context, j *sqlJob) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	j.mu.Lock()
	if j.job.State != JobQueued {
		j.mu.Unlock()
		return
	}
	j.job.State, j.job.Started, j.cancel = JobRunning, time.Now(), cancel
	j.mu.Unlock()
	err := s.fill(ctx, j)
	j.end(err)
	s.logEnd(ctx, j.snapshot(), err)
}

// fill runs the statement and keeps its rows.
func (s *SQLJobs) fill(ctx context.Context, j *sqlJob) (err error) {
	tables, release, err := s.tables(ctx, j.req.Stores)
	if err != nil {
		return fmt.Errorf("run SQL: %w", err)
	}
	defer release()
	rows, err := s.engine.Query(ctx, j.req.SQL, j.req.Params, tables, sqlLimits(j.req))
	if err != nil {
		return err
	}
	defer func() {
		j.mu.Lock()
		j.rows = nil
		j.mu.Unlock()
		err = errors.Join(err, rows.Close())
	}()
	j.mu.Lock()
	j.job.Columns = resultColumns(rows)
	j.rows = rows
	j.mu.Unlock()
	truncated := false
	var row []byte
	for !truncated && rows.Next() {
		row = appendSQLList(row[:0], rows.Values())
		truncated = j.result.size()+int64(len(row)) > s.opts.ResultBytes
		if !truncated {
			if err := j.result.add(row); err != nil {
				return err
			}
		}
	}
	j.mu.Lock()
	j.job.Truncated = truncated || rows.Truncated()
	j.mu.Unlock()
	return rows.Err()
}

// end writes down how the job ended.
func (j *sqlJob) end(err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.cancel = nil
	j.job.Ended = time.Now()
	j.job.Took = j.job.Ended.Sub(j.job.Started)
	switch {
	case err == nil:
		j.job.State, j.job.Progress = JobFinished, 1
		return
	case errors.Is(err, engine.ErrTimeout):
		j.job.State = JobTimedOut
	case fault.KindOf(err) == fault.Cancelled || errors.Is(err, context.Canceled):
		j.job.State = JobCancelled
	default:
		j.job.State = JobFailed
	}
	j.job.Error, j.job.Next, j.job.Position = err.Error(), fault.NextOf(err), engine.PositionOf(err)
}

func (s *SQLJobs) logEnd(ctx context.Context, job Job, err error) {
	attrs := []slog.Attr{slog.String(logkey.Job, job.ID), slog.String(logkey.User, job.Owner), slog.String(stateKey, string(job.State)),
		slog.Duration(logkey.Took, job.Took)}
	level := slog.LevelInfo
	if err != nil && fault.KindOf(err) == fault.Other {
		level = slog.LevelError
		attrs = append(attrs, slog.Any(logkey.Err, err))
	}
	s.log.LogAttrs(ctx, level, "sql job ended", attrs...)
}
