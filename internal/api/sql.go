package api

import (
	"context"
	"fmt"
	"math"
	"time"

	"kiroku/internal/fault"
	"kiroku/internal/identity"
	"kiroku/internal/query"
)

// maxSQLTimeout is an hour: longer questions block others.
const maxSQLTimeout = time.Hour

// sqlRequestOf reads what jobs and direct runs have in common.
func sqlRequestOf(p *caller, b *SQLQuery) (query.SQLRequest, error) {
	if b.SQL == "" {
		return query.SQLRequest{}, invalid("Write a SELECT.", "run SQL: it is empty")
	}
	if err := within("max_rows", b.MaxRows, 1, 1_000_000); err != nil {
		return query.SQLRequest{}, err
	}
	if err := within("timeout_ms", int(b.TimeoutMs), 1, int(maxSQLTimeout.Milliseconds())); err != nil {
		return query.SQLRequest{}, err
	}
	stores, err := p.Limit(b.Stores)
	if err != nil {
		return query.SQLRequest{}, err
	}
	params, err := paramsOf(b.Params)
	if err != nil {
		return query.SQLRequest{}, err
	}
	return query.SQLRequest{SQL: b.SQL, Params: params, Stores: stores, MaxRows: b.MaxRows,
		Timeout: time.Duration(b.TimeoutMs) * time.Millisecond, Owner: owner(p), Hide: hidden(p)}, nil
}

// paramsOf gives whole numbers back their type: JSON has only one kind of number.
func paramsOf(in []any) ([]any, error) {
	out := make([]any, len(in))
	for i, v := range in {
		switch v := v.(type) {
		case float64:
			if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
				out[i] = int64(v)
				continue
			}
			out[i] = v
		case nil, string, bool:
			out[i] = v
		default:
			return nil, invalid("Use numbers, strings, true, false or null.", "read parameter $%d: it is a list or an object", i+1)
		}
	}
	return out, nil
}

// owner tells whose a job is. The names of tokens may repeat, their ids do not.
func owner(p *caller) string {
	if p.Kind == identity.API {
		return "token:" + p.Token
	}
	return p.User
}

// job finds a job that the caller may see: their own, or any for an administrator.
func (s *server) job(ctx context.Context, id string) (query.Job, error) {
	p := identity.FromContext(ctx)
	j, err := s.deps.SQL.Get(ctx, id)
	if err != nil {
		return query.Job{}, err
	}
	if j.Owner != owner(p) && !p.Can(identity.Manage) {
		return query.Job{}, fault.New(fault.NotFound, fmt.Errorf("find SQL job %q: there is none", id), "List your jobs with GET /api/v1/sql.")
	}
	return j, nil
}

// StartSQL answers POST /api/v1/sql.
func (s *server) StartSQL(ctx context.Context, r StartSQLRequestObject) (StartSQLResponseObject, error) {
	req, err := sqlRequestOf(identity.FromContext(ctx), r.Body)
	if err != nil {
		return nil, err
	}
	j, err := s.deps.SQL.Start(ctx, req)
	if err != nil {
		return nil, err
	}
	return StartSQL202JSONResponse(jobOf(j)), nil
}

// ListSQL answers GET /api/v1/sql.
func (s *server) ListSQL(ctx context.Context, _ ListSQLRequestObject) (ListSQLResponseObject, error) {
	jobs, err := s.deps.SQL.List(ctx, owner(identity.FromContext(ctx)))
	if err != nil {
		return nil, err
	}
	out := ListSQL200JSONResponse{Jobs: make([]Job, len(jobs))}
	for i, j := range jobs {
		out.Jobs[i] = jobOf(j)
	}
	return out, nil
}

// GetSQL answers GET /api/v1/sql/{id}.
func (s *server) GetSQL(ctx context.Context, r GetSQLRequestObject) (GetSQLResponseObject, error) {
	j, err := s.job(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	return GetSQL200JSONResponse(jobOf(j)), nil
}

// RowsSQL answers GET /api/v1/sql/{id}/rows.
func (s *server) RowsSQL(ctx context.Context, r RowsSQLRequestObject) (RowsSQLResponseObject, error) {
	if r.Params.Offset < 0 {
		return nil, invalid("Begin at 0.", "read offset: %d is negative", r.Params.Offset)
	}
	limit := r.Params.Limit
	if err := within("limit", limit, 1, 10_000); err != nil {
		return nil, err
	}
	if limit == 0 {
		limit = 1000
	}
	if _, err := s.job(ctx, r.ID); err != nil {
		return nil, err
	}
	rows, err := s.deps.SQL.Rows(ctx, r.ID, r.Params.Offset, limit)
	if err != nil {
		return nil, err
	}
	return rowPage{rows, RowList{Rows: []Row{}}}, nil
}

// CancelSQL answers DELETE /api/v1/sql/{id}.
func (s *server) CancelSQL(ctx context.Context, r CancelSQLRequestObject) (CancelSQLResponseObject, error) {
	if _, err := s.job(ctx, r.ID); err != nil {
		return nil, err
	}
	if err := s.deps.SQL.Cancel(ctx, r.ID); err != nil {
		return nil, err
	}
	return CancelSQL204Response{}, nil
}

func jobOf(j query.Job) Job {
	out := Job{ID: j.ID, SQL: j.SQL, Owner: j.Owner, State: JobState(j.State), Error: j.Error, Next: j.Next, Progress: j.Progress, Rows: j.Rows,
		Truncated: j.Truncated, Created: j.Created, Started: j.Started, Ended: j.Ended, Columns: make([]ResultColumn, len(j.Columns)), TookMs: milliseconds(j.Took)}
	for i, c := range j.Columns {
		out.Columns[i] = ResultColumn(c)
	}
	if j.State == query.JobFailed && j.Position >= 0 {
		out.Position = &j.Position
	}
	return out
}
