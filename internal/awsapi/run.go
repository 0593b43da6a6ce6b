package awsapi

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync"
	"time"

	"kiroku/internal/logkey"
	"kiroku/internal/meta"
)

const (
	flushEvery  = 5 * time.Second
	removeEvery = time.Hour
)

// Run writes down how channels fare, removes stores whose time has come, runs imports and queries, refreshes dashboards and
// makes Insights events, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	var wait sync.WaitGroup
	defer wait.Wait()
	wait.Go(func() { s.runImports(ctx) })
	wait.Go(func() { s.runRefreshes(ctx) })
	wait.Go(func() { s.runQueries(ctx) })
	wait.Go(func() { s.runInsights(ctx) })
	flush, remove := time.NewTicker(flushEvery), time.NewTicker(removeEvery)
	defer flush.Stop()
	defer remove.Stop()
	s.tell(ctx, errors.Join(s.remove(ctx, time.Now(), true), s.forgetQueries(ctx, time.Now())))
	for {
		select {
		case <-flush.C:
			s.tell(ctx, errors.Join(s.flushIngestion(ctx), s.opt.Keys.Flush(ctx)))
		case <-remove.C:
			s.tell(ctx, errors.Join(s.remove(ctx, time.Now(), false), s.forgetQueries(ctx, time.Now())))
		case <-ctx.Done():
			last := context.WithoutCancel(ctx)
			return errors.Join(s.flushIngestion(last), s.opt.Keys.Flush(last))
		}
	}
}

func (s *Service) tell(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil {
		s.log.LogAttrs(ctx, slog.LevelError, "upkeep of event data stores and channels failed", slog.Any(logkey.Err, err))
	}
}

// remove removes the stores that were deleted long enough ago, and forgets UIDs that are old. At the start it also removes
// stores that a crash left half made: nobody was told of them.
func (s *Service) remove(ctx context.Context, now time.Time, start bool) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	rows, err := meta.ListEventDataStores(ctx, s.db.Read(), "", "")
	if err != nil {
		return err
	}
	for _, row := range rows {
		due := !row.Deleted.IsZero() && !now.Before(row.Deleted.Add(days(s.limits.DeletionDays)))
		if !due && !(start && row.Status == statusCreated) {
			continue
		}
		if e := s.discard(ctx, row); e != nil {
			err = errors.Join(err, e)
			continue
		}
		s.log.LogAttrs(ctx, slog.LevelInfo, "event data store removed", slog.String(logkey.Store, row.Store))
	}
	old := now.Add(-s.limits.RememberUIDs)
	return errors.Join(err, s.db.Write(ctx, func(tx *sql.Tx) error { return meta.DeleteAuditUIDs(ctx, tx, old) }))
}
