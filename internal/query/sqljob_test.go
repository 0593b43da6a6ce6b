package query_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"kiroku/internal/engine"
	"kiroku/internal/engine/duckdb"
	"kiroku/internal/engine/enginetest"
	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/query"
)

// slowSQL takes minutes.
const slowSQL = `SELECT count(*) FROM events a, events b, events c WHERE a.raw_data || b.raw_data = c.raw_data`

// sqlJobs makes jobs over 3,000 events in store default and 10 in store other. held counts the tables in use.
func sqlJobs(t *testing.T, opts query.SQLJobsOptions) (jobs *query.SQLJobs, held *atomic.Int64) {
	t.Helper()
	dir, tables := sqlStores(t)
	return newSQLJobs(t, opts, dir, tables)
}

// sqlStores writes the stores.
func sqlStores(t *testing.T) (dir string, tables []engine.Table) {
	t.Helper()
	dir = t.TempDir()
	return dir, enginetest.WriteStores(t, dir, []enginetest.Store{
		{Name: "default", Files: [][]*event.Event{enginetest.Events(0, 3000)}},
		{Name: "other", Files: [][]*event.Event{enginetest.Events(0, 10)}},
	})
}

func newSQLJobs(t *testing.T, opts query.SQLJobsOptions, dir string, all []engine.Table) (*query.SQLJobs, *atomic.Int64) {
	t.Helper()
	eng, err := duckdb.Open(duckdb.Options{Dirs: []string{dir}, MemoryBytes: 256 << 20, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { eng.Close() })
	held := new(atomic.Int64)
	tables := func(_ context.Context, stores []string) ([]engine.Table, func(), error) {
		held.Add(1)
		some := slices.Clone(all)
		if len(stores) > 0 {
			some = slices.DeleteFunc(some, func(t engine.Table) bool { return !slices.Contains(stores, t.Name) })
		}
		return some, func() { held.Add(-1) }, nil
	}
	return query.NewSQLJobs(eng, tables, opts, slog.New(slog.DiscardHandler)), held
}

// running runs the jobs until the end of the test, then looks for goroutines and tables that stayed.
func running(t *testing.T, jobs *query.SQLJobs, held *atomic.Int64) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- jobs.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		goleak.VerifyNone(t, before)
		if held.Load() != 0 {
			t.Errorf("tables are held %d times after the end", held.Load())
		}
	})
}

// ended waits for a job's end.
func ended(t *testing.T, jobs *query.SQLJobs, id string) query.Job {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		j, err := jobs.Get(id)
		if err != nil {
			t.Fatal(err)
		}
		if j.State != query.JobQueued && j.State != query.JobRunning {
			return j
		}
	}
	t.Fatal("the job does not end")
	return query.Job{}
}

func start(t *testing.T, jobs *query.SQLJobs, req query.SQLRequest) query.Job {
	t.Helper()
	j, err := jobs.Start(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func TestSQLJob(t *testing.T) {
	jobs, held := sqlJobs(t, query.SQLJobsOptions{})
	running(t, jobs, held)
	j := start(t, jobs, query.SQLRequest{SQL: `SELECT seq, source FROM events WHERE seq < ? ORDER BY seq, store`, Params: []any{3}, Owner: "alice"})
	if j.ID == "" || j.Created.IsZero() || j.Position != -1 {
		t.Errorf("started job %+v", j)
	}
	j = ended(t, jobs, j.ID)
	if j.State != query.JobFinished || j.Rows != 6 || j.Progress != 1 || j.Truncated || j.Error != "" || j.Ended.Before(j.Started) {
		t.Errorf("job %+v", j)
	}
	if want := []query.ResultColumn{{Name: "seq", Type: "BIGINT"}, {Name: "source", Type: "VARCHAR"}}; !slices.Equal(j.Columns, want) {
		t.Errorf("columns %v, want %v", j.Columns, want)
	}
	rows, err := jobs.Rows(t.Context(), j.ID, 4, 100)
	if err != nil || len(rows) != 2 || string(rows[0]) != `[2,"ivanti-connect-secure"]` {
		t.Errorf("rows %s, %v", rows, err)
	}
	if rows, err := jobs.Rows(t.Context(), j.ID, 100, 5); err != nil || len(rows) != 0 {
		t.Errorf("rows after the end: %s, %v", rows, err)
	}
	if _, err := jobs.Rows(t.Context(), j.ID, -1, 5); fault.KindOf(err) != fault.Invalid {
		t.Errorf("negative offset: %v", err)
	}
	start(t, jobs, query.SQLRequest{SQL: `SELECT 1`, Owner: "bob"})
	if a, all := jobs.List("alice"), jobs.List(""); len(a) != 1 || len(all) != 2 || all[0].Owner != "bob" {
		t.Errorf("lists %v and %v", a, all)
	}
}

func TestSQLJobStores(t *testing.T) {
	jobs, held := sqlJobs(t, query.SQLJobsOptions{})
	running(t, jobs, held)
	j := ended(t, jobs, start(t, jobs, query.SQLRequest{SQL: `SELECT count(*) FROM events`, Stores: []string{"other"}}).ID)
	if rows, err := jobs.Rows(t.Context(), j.ID, 0, 1); err != nil || len(rows) != 1 || string(rows[0]) != `[10]` {
		t.Errorf("rows %s, %v", rows, err)
	}
	_, err := jobs.Start(t.Context(), query.SQLRequest{SQL: `SELECT count(*) FROM "default"`, Stores: []string{"other"}})
	if fault.KindOf(err) != fault.Invalid || engine.PositionOf(err) != 21 {
		t.Errorf("a store outside the request: %v at %d", err, engine.PositionOf(err))
	}
}

func TestSQLJobRefused(t *testing.T) {
	jobs, _ := sqlJobs(t, query.SQLJobsOptions{})
	for _, req := range []query.SQLRequest{
		{SQL: `DROP TABLE events`},
		{SQL: `SELECT`},
		{SQL: `SELECT 1`, MaxRows: query.MaxSQLRows + 1},
		{SQL: `SELECT 1`, MaxRows: query.AllRows},
		{SQL: `SELECT 1`, Timeout: 2 * query.MaxSQLTimeout},
		{SQL: `SELECT 1`, MemoryMB: -1},
	} {
		if _, err := jobs.Start(t.Context(), req); fault.KindOf(err) != fault.Invalid || fault.NextOf(err) == "" {
			t.Errorf("%+v: %v, want invalid with advice", req, err)
		}
	}
	if _, err := jobs.Get("nothing"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("Get of no job: %v", err)
	}
	if err := jobs.Cancel("nothing"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("Cancel of no job: %v", err)
	}
}

func TestSQLJobFails(t *testing.T) {
	jobs, held := sqlJobs(t, query.SQLJobsOptions{})
	running(t, jobs, held)
	j := ended(t, jobs, start(t, jobs, query.SQLRequest{SQL: `SELECT nothing FROM events`}).ID)
	if j.State != query.JobFailed || j.Error == "" || j.Next == "" || j.Position != 7 {
		t.Errorf("job %+v", j)
	}
	j = ended(t, jobs, start(t, jobs, query.SQLRequest{SQL: `SELECT list(a.raw_data || b.raw_data) FROM events a, events b`, MemoryMB: 64}).ID)
	if j.State != query.JobFailed || !strings.Contains(j.Error, "memory limit reached (64 MiB)") || j.Next == "" {
		t.Errorf("job over its memory %+v", j)
	}
}

func TestSQLJobTimeout(t *testing.T) {
	jobs, held := sqlJobs(t, query.SQLJobsOptions{})
	running(t, jobs, held)
	j := ended(t, jobs, start(t, jobs, query.SQLRequest{SQL: slowSQL, Timeout: 50 * time.Millisecond}).ID)
	if j.State != query.JobTimedOut || j.Error == "" || j.Next == "" {
		t.Errorf("job %+v", j)
	}
}

func TestSQLJobCancel(t *testing.T) {
	jobs, held := sqlJobs(t, query.SQLJobsOptions{Running: 1, Queued: 1})
	running(t, jobs, held)
	slow := start(t, jobs, query.SQLRequest{SQL: slowSQL})
	for {
		if j, _ := jobs.Get(slow.ID); j.State == query.JobRunning {
			break
		}
		time.Sleep(time.Millisecond)
	}
	waiting := start(t, jobs, query.SQLRequest{SQL: slowSQL})
	if _, err := jobs.Start(t.Context(), query.SQLRequest{SQL: slowSQL}); fault.KindOf(err) != fault.Busy {
		t.Errorf("a job too many: %v", err)
	}
	for _, id := range []string{waiting.ID, slow.ID, slow.ID} {
		if err := jobs.Cancel(id); err != nil {
			t.Error(err)
		}
		if j := ended(t, jobs, id); j.State != query.JobCancelled {
			t.Errorf("cancelled job %+v", j)
		}
	}
	if j := ended(t, jobs, start(t, jobs, query.SQLRequest{SQL: `SELECT 1`}).ID); j.State != query.JobFinished {
		t.Errorf("a job after the cancelled ones %+v", j)
	}
}

// TestSQLJobStop ends Run while jobs run and wait.
func TestSQLJobStop(t *testing.T) {
	jobs, held := sqlJobs(t, query.SQLJobsOptions{Running: 1})
	ctx, cancel := context.WithCancel(t.Context())
	first := start(t, jobs, query.SQLRequest{SQL: slowSQL})
	second := start(t, jobs, query.SQLRequest{SQL: slowSQL})
	time.AfterFunc(50*time.Millisecond, cancel)
	if err := jobs.Run(ctx); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{first.ID, second.ID} {
		if j, err := jobs.Get(id); err != nil || j.State != query.JobCancelled {
			t.Errorf("job %+v, %v", j, err)
		}
	}
	if held.Load() != 0 {
		t.Errorf("tables are held %d times", held.Load())
	}
}

func TestSQLJobTruncated(t *testing.T) {
	jobs, held := sqlJobs(t, query.SQLJobsOptions{ResultBytes: 1000})
	running(t, jobs, held)
	j := ended(t, jobs, start(t, jobs, query.SQLRequest{SQL: `SELECT seq FROM "default"`, MaxRows: 7}).ID)
	if j.State != query.JobFinished || j.Rows != 7 || !j.Truncated {
		t.Errorf("by rows: %+v", j)
	}
	j = ended(t, jobs, start(t, jobs, query.SQLRequest{SQL: `SELECT raw_data FROM "default"`}).ID)
	if j.State != query.JobFinished || j.Rows == 0 || j.Rows > 50 || !j.Truncated {
		t.Errorf("by bytes: %+v", j)
	}
}

// TestSQLJobSpill checks a result that lies mostly in a file, and that the file goes.
func TestSQLJobSpill(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "results")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "sqljob-1.rows"), []byte("left behind"), 0o600); err != nil {
		t.Fatal(err)
	}
	jobs, held := sqlJobs(t, query.SQLJobsOptions{MemoryBytes: 4 << 10, Dir: dir, Kept: 2})
	running(t, jobs, held)
	j := ended(t, jobs, start(t, jobs, query.SQLRequest{SQL: `SELECT seq, raw_data FROM "default" ORDER BY seq`}).ID)
	if j.State != query.JobFinished || j.Rows != 3000 {
		t.Fatalf("job %+v", j)
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*")); len(files) != 1 {
		t.Errorf("files of the result: %q", files)
	}
	rows, err := jobs.Rows(t.Context(), j.ID, 0, 3000)
	if err != nil || len(rows) != 3000 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for i, row := range rows {
		if !strings.HasPrefix(string(row), fmt.Sprintf(`[%d,"`, i)) || !json.Valid(row) {
			t.Fatalf("row %d is %s", i, row)
		}
	}
	for range 2 {
		ended(t, jobs, start(t, jobs, query.SQLRequest{SQL: `SELECT 1`}).ID)
	}
	if _, err := jobs.Get(j.ID); fault.KindOf(err) != fault.NotFound {
		t.Errorf("the oldest job made no room: %v", err)
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*")); len(files) != 0 {
		t.Errorf("files that stayed: %q", files)
	}
}

func TestSQLJobExpires(t *testing.T) {
	dir, tables := sqlStores(t)
	synctest.Test(t, func(t *testing.T) {
		jobs, _ := newSQLJobs(t, query.SQLJobsOptions{}, dir, tables)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- jobs.Run(ctx) }()
		j := ended(t, jobs, start(t, jobs, query.SQLRequest{SQL: `SELECT 1`}).ID)
		time.Sleep(59 * time.Minute)
		if _, err := jobs.Rows(ctx, j.ID, 0, 1); err != nil {
			t.Errorf("after 59 minutes: %v", err)
		}
		time.Sleep(2 * time.Minute)
		if _, err := jobs.Get(j.ID); fault.KindOf(err) != fault.NotFound || fault.NextOf(err) == "" {
			t.Errorf("after 61 minutes: %v", err)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestSQLQuery(t *testing.T) {
	jobs, held := sqlJobs(t, query.SQLJobsOptions{})
	var cols []query.ResultColumn
	n := 0
	columns := func(c []query.ResultColumn) error { cols = c; return nil }
	row := func(v []any) error { n++; return nil }
	truncated, err := jobs.Query(t.Context(), query.SQLRequest{SQL: `SELECT * FROM "default"`, MaxRows: query.AllRows}, columns, row)
	if err != nil || truncated || n != 3000 || len(cols) != event.NumColumns {
		t.Errorf("all rows: %d, truncated %v, %d columns, %v", n, truncated, len(cols), err)
	}
	n = 0
	if truncated, err = jobs.Query(t.Context(), query.SQLRequest{SQL: `SELECT seq FROM "default"`, MaxRows: 5}, columns, row); err != nil || !truncated || n != 5 {
		t.Errorf("five rows: %d, truncated %v, %v", n, truncated, err)
	}
	stop := errors.New("enough")
	if _, err = jobs.Query(t.Context(), query.SQLRequest{SQL: `SELECT seq FROM "default"`}, columns, func([]any) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("err = %v, want that of the receiver", err)
	}
	if _, err = jobs.Query(t.Context(), query.SQLRequest{SQL: slowSQL, Timeout: 20 * time.Millisecond}, columns, row); !errors.Is(err, engine.ErrTimeout) {
		t.Errorf("err = %v, want a time-out", err)
	}
	if held.Load() != 0 {
		t.Errorf("tables are held %d times", held.Load())
	}
}

func TestRowObject(t *testing.T) {
	cols := []query.ResultColumn{{Name: "a"}, {Name: "a"}, {Name: "a_2"}, {Name: "a"}}
	got, err := query.RowObject(cols, json.RawMessage(`[1,[2],{"x":3},"4"]`))
	if want := `{"a":1,"a_3":[2],"a_2":{"x":3},"a_4":"4"}`; err != nil || string(got) != want {
		t.Errorf("RowObject = %s, %v; want %s", got, err, want)
	}
	if got, err := query.RowObject(nil, json.RawMessage(`[]`)); err != nil || string(got) != `{}` {
		t.Errorf("RowObject of no columns = %s, %v", got, err)
	}
	for _, bad := range []string{`[1]`, `{}`, `x`} {
		if _, err := query.RowObject(cols, json.RawMessage(bad)); err == nil {
			t.Errorf("RowObject(%s) gave no error", bad)
		}
	}
}

// TestSQLHide runs statements of somebody who may not read raw_data, between those of somebody who may.
func TestSQLHide(t *testing.T) {
	jobs, held := sqlJobs(t, query.SQLJobsOptions{})
	running(t, jobs, held)
	const sql = `SELECT raw_data FROM events LIMIT 1`
	for range 2 {
		j := ended(t, jobs, start(t, jobs, query.SQLRequest{SQL: sql}).ID)
		if j.State != query.JobFinished || j.Rows != 1 {
			t.Errorf("job of somebody who may: %+v", j)
		}
		j = ended(t, jobs, start(t, jobs, query.SQLRequest{SQL: sql, Hide: []event.Column{event.ColRawData}}).ID)
		if j.State != query.JobFailed || j.Rows != 0 || !strings.Contains(j.Next, "raw_data") || j.Position != 7 {
			t.Errorf("job of somebody who may not: %+v", j)
		}
	}
	_, err := jobs.Query(t.Context(), query.SQLRequest{SQL: sql, Hide: []event.Column{event.ColRawData}}, nil, nil)
	if fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.NextOf(err), "raw_data") {
		t.Errorf("Query: %v (next %q)", err, fault.NextOf(err))
	}
}
