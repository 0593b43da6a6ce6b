package serve

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"time"

	"kiroku/internal/config"
	"kiroku/internal/engine"
	"kiroku/internal/lake"
	"kiroku/internal/query"
)

// sqlAPI runs SQL within the configured limits.
type sqlAPI struct {
	*query.SQLJobs
	limits config.Query
}

// newJobs connects SQL jobs with the engine and the lake.
func newJobs(e engine.Engine, l *lake.Lake, dir string, opt Options) sqlAPI {
	jobs := query.NewSQLJobs(e, tablesOf(l), query.SQLJobsOptions{Dir: filepath.Join(dir, "results")}, opt.Log)
	return sqlAPI{jobs, opt.Config.Query}
}

func (s sqlAPI) limit(req query.SQLRequest) query.SQLRequest {
	if most := time.Duration(s.limits.Timeout); most > 0 && (req.Timeout == 0 || req.Timeout > most) {
		req.Timeout = most
	}
	if s.limits.MaxRows > 0 && req.MaxRows > s.limits.MaxRows {
		req.MaxRows = s.limits.MaxRows
	}
	return req
}

// Start begins a job.
func (s sqlAPI) Start(ctx context.Context, req query.SQLRequest) (query.Job, error) {
	return s.SQLJobs.Start(ctx, s.limit(req))
}

// Get describes a job.
func (s sqlAPI) Get(_ context.Context, id string) (query.Job, error) { return s.SQLJobs.Get(id) }

// List describes the jobs of an owner.
func (s sqlAPI) List(_ context.Context, owner string) ([]query.Job, error) {
	return s.SQLJobs.List(owner), nil
}

// Rows returns rows of a finished job.
func (s sqlAPI) Rows(ctx context.Context, id string, offset, limit int) ([]json.RawMessage, error) {
	return s.SQLJobs.Rows(ctx, id, offset, limit)
}

// Cancel ends a job.
func (s sqlAPI) Cancel(_ context.Context, id string) error { return s.SQLJobs.Cancel(id) }

// Query runs SQL and hands out the rows as they come.
func (s sqlAPI) Query(ctx context.Context, req query.SQLRequest, cols func([]query.ResultColumn) error, row func([]any) error) (truncated bool, err error) {
	return s.SQLJobs.Query(ctx, s.limit(req), cols, row)
}

// load is how many jobs run and wait.
func (s sqlAPI) load() (running, queued int) {
	for _, j := range s.SQLJobs.List("") {
		switch j.State {
		case query.JobRunning:
			running++
		case query.JobQueued:
			queued++
		}
	}
	return running, queued
}

// tablesOf lists the files of stores. They stay until release is called.
func tablesOf(l *lake.Lake) query.SQLTables {
	return func(_ context.Context, stores []string) ([]engine.Table, func(), error) {
		v, err := l.View(stores)
		if err != nil {
			return nil, nil, err
		}
		var out []engine.Table
		at := map[string]int{}
		for _, in := range l.Stores() {
			if len(stores) == 0 || slices.Contains(stores, in.Name) {
				at[in.Name] = len(out)
				out = append(out, engine.Table{Name: in.Name})
			}
		}
		for _, s := range v.Segments {
			if i, ok := at[s.Store]; ok {
				out[i].Files = append(out[i].Files, s.Path())
			}
		}
		return out, v.Close, nil
	}
}
