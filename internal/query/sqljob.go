package query

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"kiroku/internal/engine"
	"kiroku/internal/fault"
)

// SQLTables lists the tables of event data stores, all stores when none are named. Their files stay where they are
// until release is called.
type SQLTables func(ctx context.Context, stores []string) (tables []engine.Table, release func(), err error)

// Defaults and limits of one statement.
const (
	DefaultSQLRows    = 10_000
	MaxSQLRows        = 1_000_000 // of a job; SQLJobs.Query has no limit
	DefaultSQLTimeout = 5 * time.Minute
	MaxSQLTimeout     = time.Hour
)

// AllRows as SQLRequest.MaxRows asks SQLJobs.Query for all rows.
const AllRows = -1

// SQLJobsOptions bound all jobs together. The zero value of a field means its default.
type SQLJobsOptions struct {
	Running     int           // jobs at once; 2
	Queued      int           // jobs that wait; 100
	Kept        int           // jobs in all; the one that ended first makes room for a new one; 1,000
	Keep        time.Duration // an ended job is forgotten after this; 1 h
	MemoryBytes int           // of a job's result in memory, the rest in a file; 16 MiB
	ResultBytes int64         // of a job's result; rows beyond are left out; 1 GiB
	Dir         string        // for results that outgrow memory; must not be used by anybody else
}

func (o SQLJobsOptions) withDefaults() SQLJobsOptions {
	set := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	set(&o.Running, 2)
	set(&o.Queued, 100)
	set(&o.Kept, 1000)
	set(&o.MemoryBytes, 16<<20)
	if o.Keep == 0 {
		o.Keep = time.Hour
	}
	if o.ResultBytes == 0 {
		o.ResultBytes = 1 << 30
	}
	return o
}

// SQLJobs runs SQL statements: as jobs that wait in a queue and keep their result for a while, or at once with Query.
// Its methods may be called from several goroutines. Jobs move only while Run runs.
type SQLJobs struct {
	engine engine.Engine
	tables SQLTables
	opts   SQLJobsOptions
	log    *slog.Logger

	mu    sync.Mutex
	jobs  map[string]*sqlJob
	queue chan *sqlJob
}

// NewSQLJobs makes the runner of SQL statements. The caller runs Run.
func NewSQLJobs(e engine.Engine, tables SQLTables, opts SQLJobsOptions, log *slog.Logger) *SQLJobs {
	opts = opts.withDefaults()
	return &SQLJobs{
		engine: e, tables: tables, opts: opts, log: log,
		jobs:  map[string]*sqlJob{},
		queue: make(chan *sqlJob, opts.Queued),
	}
}

// sqlJob is a job with its result. Its mutex guards job, rows and cancel.
type sqlJob struct {
	req    SQLRequest
	result *sqlResult

	mu     sync.Mutex
	job    Job
	rows   engine.Rows        // while it runs
	cancel context.CancelFunc // while it runs
}

// Start checks the statement and puts it into the queue. A statement that cannot run is an error at once, not a job.
func (s *SQLJobs) Start(ctx context.Context, req SQLRequest) (Job, error) {
	if err := checkSQLRequest(&req, MaxSQLRows); err != nil {
		return Job{}, err
	}
	if err := s.checkSQL(ctx, req); err != nil {
		return Job{}, err
	}
	j := &sqlJob{req: req, result: &sqlResult{memory: s.opts.MemoryBytes, dir: s.opts.Dir}}
	job := Job{ID: newJobID(), SQL: req.SQL, Owner: req.Owner, State: JobQueued, Position: -1, Created: time.Now()}
	j.job = job
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(time.Now())
	if len(s.jobs) >= s.opts.Kept && !s.forgetOldest() {
		return Job{}, errSQLBusy(fmt.Errorf("start SQL job: %d jobs are kept already", len(s.jobs)))
	}
	select {
	case s.queue <- j:
	default:
		return Job{}, errSQLBusy(fmt.Errorf("start SQL job: %d jobs wait already", s.opts.Queued))
	}
	s.jobs[job.ID] = j
	return job, nil
}

func errSQLBusy(err error) error {
	return fault.New(fault.Busy, err, "Try again later, or cancel jobs that are not needed.")
}

func newJobID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// checkSQLRequest puts defaults in and refuses what is over the limits.
func checkSQLRequest(req *SQLRequest, maxRows int) error {
	if req.MaxRows == 0 {
		req.MaxRows = DefaultSQLRows
	}
	if req.Timeout == 0 {
		req.Timeout = DefaultSQLTimeout
	}
	var err error
	switch {
	case maxRows > 0 && (req.MaxRows < 0 || req.MaxRows > maxRows):
		err = fmt.Errorf("limit of %d rows is not between 1 and %d", req.MaxRows, maxRows)
	case req.Timeout < 0 || req.Timeout > MaxSQLTimeout:
		err = fmt.Errorf("time limit of %v is not between 0 and %v", req.Timeout, MaxSQLTimeout)
	case req.MemoryMB < 0:
		err = fmt.Errorf("memory limit of %d MB is below 0", req.MemoryMB)
	default:
		return nil
	}
	return fault.New(fault.Invalid, fmt.Errorf("run SQL: %w", err), "Correct the limit, or leave it out.")
}

// checkSQL finds mistakes before a job waits for its turn.
func (s *SQLJobs) checkSQL(ctx context.Context, req SQLRequest) error {
	tables, release, err := s.tables(ctx, req.Stores)
	if err != nil {
		return fmt.Errorf("run SQL: %w", err)
	}
	defer release()
	names := make([]string, len(tables))
	for i, t := range tables {
		names[i] = t.Name
	}
	return s.engine.Check(ctx, req.SQL, names)
}

// Get returns a job as it stands now.
func (s *SQLJobs) Get(id string) (Job, error) {
	j, err := s.find(id)
	if err != nil {
		return Job{}, err
	}
	return j.snapshot(), nil
}

func (s *SQLJobs) find(id string) (*sqlJob, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(time.Now())
	j, ok := s.jobs[id]
	if !ok {
		return nil, fault.New(fault.NotFound, fmt.Errorf("SQL job %q is not there", id),
			fmt.Sprintf("Start it again: a job is forgotten %v after it ended.", s.opts.Keep))
	}
	return j, nil
}

func (j *sqlJob) snapshot() Job {
	j.mu.Lock()
	defer j.mu.Unlock()
	job := j.job
	job.Columns = slices.Clone(job.Columns)
	job.Rows = j.result.len()
	if j.rows != nil {
		job.Progress = j.rows.Progress()
		job.Took = time.Since(job.Started)
	}
	return job
}

// List returns the jobs of an owner, or of everybody when owner is empty, newest first.
func (s *SQLJobs) List(owner string) []Job {
	s.mu.Lock()
	s.forget(time.Now())
	list := make([]*sqlJob, 0, len(s.jobs))
	for _, j := range s.jobs {
		if owner == "" || j.req.Owner == owner {
			list = append(list, j)
		}
	}
	s.mu.Unlock()
	jobs := make([]Job, len(list))
	for i, j := range list {
		jobs[i] = j.snapshot()
	}
	slices.SortFunc(jobs, func(a, b Job) int { return b.Created.Compare(a.Created) })
	return jobs
}

// Rows returns up to limit rows of a job's result from the offset-th on, each as a JSON array in the order of the
// columns. While the job runs it returns the rows that are there.
func (s *SQLJobs) Rows(ctx context.Context, id string, offset, limit int) ([]json.RawMessage, error) {
	j, err := s.find(id)
	if err != nil {
		return nil, err
	}
	if offset < 0 || limit < 0 {
		return nil, fault.New(fault.Invalid, fmt.Errorf("read rows of SQL job: offset %d or limit %d is below 0", offset, limit), "Give numbers from 0.")
	}
	rows, err := j.result.read(ctx, offset, limit)
	if err != nil {
		return nil, fmt.Errorf("read rows of SQL job %q: %w", id, err)
	}
	return rows, nil
}

// Cancel ends a job that waits or runs. An ended job stays as it is.
func (s *SQLJobs) Cancel(id string) error {
	j, err := s.find(id)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	switch j.job.State {
	case JobQueued:
		j.job.State, j.job.Ended = JobCancelled, time.Now()
	case JobRunning:
		j.cancel()
	}
	return nil
}

// forget drops jobs whose time is over. The caller holds s.mu.
func (s *SQLJobs) forget(now time.Time) {
	for id, j := range s.jobs {
		j.mu.Lock()
		ended := j.job.Ended
		j.mu.Unlock()
		if !ended.IsZero() && now.Sub(ended) >= s.opts.Keep {
			j.result.free()
			delete(s.jobs, id)
		}
	}
}

// forgetOldest drops the job that ended first; false when none has ended. The caller holds s.mu.
func (s *SQLJobs) forgetOldest() bool {
	var oldest *sqlJob
	var first time.Time
	for _, j := range s.jobs {
		j.mu.Lock()
		ended := j.job.Ended
		j.mu.Unlock()
		if !ended.IsZero() && (oldest == nil || ended.Before(first)) {
			oldest, first = j, ended
		}
	}
	if oldest == nil {
		return false
	}
	oldest.result.free()
	delete(s.jobs, oldest.job.ID)
	return true
}

// Query runs a statement at once and hands its rows over as they come, without keeping them: columns once, then row for
// every row. The values are engine.Rows.Values, for AppendSQLValue, and must not be kept. It returns whether there were more than MaxRows.
// MaxRows may be AllRows.
func (s *SQLJobs) Query(ctx context.Context, req SQLRequest, columns func([]ResultColumn) error, row func([]any) error) (truncated bool, err error) {
	if err := checkSQLRequest(&req, 0); err != nil {
		return false, err
	}
	tables, release, err := s.tables(ctx, req.Stores)
	if err != nil {
		return false, fmt.Errorf("run SQL: %w", err)
	}
	defer release()
	rows, err := s.engine.Query(ctx, req.SQL, req.Params, tables, sqlLimits(req))
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if err := columns(resultColumns(rows)); err != nil {
		return false, err
	}
	for rows.Next() {
		if err := row(rows.Values()); err != nil {
			return false, err
		}
	}
	return rows.Truncated(), rows.Err()
}

func sqlLimits(req SQLRequest) engine.Limits {
	hide := make([]string, len(req.Hide))
	for i, c := range req.Hide {
		hide[i] = c.String()
	}
	return engine.Limits{Hide: hide, Rows: max(req.MaxRows, 0), MemoryBytes: int64(req.MemoryMB) << 20, Timeout: req.Timeout}
}

func resultColumns(rows engine.Rows) []ResultColumn {
	cols := rows.Columns()
	out := make([]ResultColumn, len(cols))
	for i, c := range cols {
		out[i] = ResultColumn{Name: c.Name, Type: c.Type}
	}
	return out
}
