package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"kiroku/internal/api"
	"kiroku/internal/awsapi"
	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/forward"
	"kiroku/internal/forward/wire"
	"kiroku/internal/identity"
	"kiroku/internal/intake"
	"kiroku/internal/meta"
	"kiroku/internal/query"
	"kiroku/internal/search"
)

const row1 = `{"event_uid":"u1","raw_data":"secret \"one\"","raw_encoding":"secret","message":"a \u003c b","unmapped":{"raw_data":"kept"}}`

// fake stands for all stages behind the API. Its functions can be replaced by a test.
type fake struct {
	mu       sync.Mutex
	req      query.Request
	opts     query.HistogramOptions
	sql      query.SQLRequest
	batches  []event.Batch
	position map[string]int64
	known    int64 // records of each copy that were stored before

	search func() error
	export func(ctx context.Context, w io.Writer) error
	tail   func(ctx context.Context, f func(json.RawMessage) error) error
	query  func(ctx context.Context, cols func([]query.ResultColumn) error, row func([]any) error) error
	ingest func() error
	ready  func() error
}

func newFake() *fake {
	return &fake{
		position: map[string]int64{},
		search:   func() error { return nil },
		export:   func(_ context.Context, w io.Writer) error { _, err := io.WriteString(w, "file\n"); return err },
		tail: func(_ context.Context, f func(json.RawMessage) error) error {
			return f(json.RawMessage(row1))
		},
		query: func(_ context.Context, cols func([]query.ResultColumn) error, row func([]any) error) error {
			if err := cols([]query.ResultColumn{{Name: "a", Type: "VARCHAR"}, {Name: "b", Type: "BIGINT"}}); err != nil {
				return err
			}
			return errors.Join(row([]any{"=1+1", int64(-5)}), row([]any{nil, []any{"x", time.Unix(0, 0)}}))
		},
		ingest: func() error { return nil },
		ready:  func() error { return nil },
	}
}

func (f *fake) asked(req query.Request) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.req = req
	return f.search()
}

func (f *fake) Search(_ context.Context, req query.Request) (*query.Page, error) {
	if err := f.asked(req); err != nil {
		return nil, err
	}
	if req.Search == "usr:bob" {
		return &query.Page{Unknown: []search.Warning{{To: 3, Field: "usr", Nearest: []string{"user"}}}}, nil
	}
	return &query.Page{Rows: []json.RawMessage{json.RawMessage(row1)}, Cursor: "c2", Scanned: query.Scanned{Events: 3, Bytes: 4, Took: 5 * time.Millisecond}}, nil
}

func (f *fake) Count(_ context.Context, req query.Request) (int64, query.Scanned, error) {
	return 42, query.Scanned{}, f.asked(req)
}

func (f *fake) Histogram(_ context.Context, req query.Request, opts query.HistogramOptions) (*query.Histogram, error) {
	f.opts = opts
	return &query.Histogram{Interval: time.Hour, Buckets: []query.Bucket{{Start: time.Unix(0, 0), Count: 1}}, Total: 1}, f.asked(req)
}

func (f *fake) Facets(_ context.Context, req query.Request, fields []string, top int) ([]query.Facet, error) {
	return []query.Facet{{Field: fields[0], Values: []query.FacetValue{{Value: "v", Count: int64(top)}}}}, f.asked(req)
}

func (f *fake) Fields(_ context.Context, req query.Request) ([]query.FieldInfo, error) {
	return []query.FieldInfo{{Name: "raw_data", Type: "string", Examples: []string{"secret"}}, {Name: "src_ip", Examples: []string{"192.0.2.1"}}}, f.asked(req)
}

func (f *fake) Export(ctx context.Context, req query.Request, _ string, w io.Writer) error {
	if err := f.asked(req); err != nil {
		return err
	}
	return f.export(ctx, w)
}

func (f *fake) Tail(ctx context.Context, req query.Request, fn func(json.RawMessage) error) error {
	if err := f.asked(req); err != nil {
		return err
	}
	return f.tail(ctx, fn)
}

// fakeSQL is the part of fake that runs SQL.
type fakeSQL struct{ *fake }

func (f fakeSQL) Start(_ context.Context, req query.SQLRequest) (query.Job, error) {
	f.sql = req
	return query.Job{ID: "j1", Owner: req.Owner, State: query.JobQueued, Position: -1, Created: time.Unix(1, 0)}, nil
}

func (f fakeSQL) Get(_ context.Context, id string) (query.Job, error) {
	if id != "j1" {
		return query.Job{}, fault.New(fault.NotFound, fmt.Errorf("find SQL job %q: there is none", id), "List your jobs.")
	}
	return query.Job{ID: id, Owner: f.sql.Owner, State: query.JobFailed, Error: "no such table", Position: 7}, nil
}

func (f fakeSQL) List(_ context.Context, owner string) ([]query.Job, error) {
	if owner != f.sql.Owner {
		return nil, nil
	}
	return []query.Job{{ID: "j1"}}, nil
}

func (f fakeSQL) Rows(_ context.Context, _ string, offset, limit int) ([]json.RawMessage, error) {
	return []json.RawMessage{json.RawMessage(fmt.Sprintf(`[%d,%d,"a < b & c"]`, offset, limit))}, nil
}

func (f fakeSQL) Cancel(context.Context, string) error { return nil }

func (f fakeSQL) Query(ctx context.Context, req query.SQLRequest, cols func([]query.ResultColumn) error, row func([]any) error) (truncated bool, err error) {
	f.sql = req
	return req.MaxRows == 2, f.query(ctx, cols, row)
}

// fakeDigests knows one chain and verifies the input trail.
type fakeDigests struct{}

func (fakeDigests) Report(_ context.Context, limit int) (api.DigestReport, error) {
	return api.DigestReport{Inputs: []api.DigestInput{{Input: "trail", State: "verified"}}, Findings: []api.DigestFinding{},
		Chains: []api.DigestChain{{Input: "trail", Bucket: "example-bucket", Trail: "audit", State: "valid", Findings: limit, Periods: []api.DigestPeriod{}}}}, nil
}

func (fakeDigests) Verify(_ context.Context, input string, _ time.Time) error {
	if input != "" && input != "trail" {
		return fault.New(fault.NotFound, errors.New("there is none"), "")
	}
	return nil
}

// fakePriorities knows one priority and takes all for the source cloudtrail.
type fakePriorities struct{}

func (fakePriorities) List(context.Context) ([]api.Priority, error) {
	return []api.Priority{{Source: "cloudtrail", Service: "ec2", Priority: "normal", Origin: "source"}}, nil
}

func (fakePriorities) Set(_ context.Context, source, _, _ string) error {
	if source != "cloudtrail" {
		return fault.New(fault.Invalid, errors.New("there is no such source"), "Use cloudtrail.")
	}
	return nil
}

type fakeStores struct{}

func (fakeStores) List(context.Context) ([]api.Store, error) {
	return []api.Store{{Name: "default"}, {Name: "vpn"}}, nil
}

func (fakeStores) Create(_ context.Context, s api.StoreCreate) (api.Store, error) {
	if s.Name == "vpn" {
		return api.Store{}, fault.New(fault.Conflict, errors.New("create store: the name is taken"), "Choose another.")
	}
	return api.Store{Name: s.Name}, nil
}

func (fakeStores) Update(_ context.Context, name string, s api.StoreUpdate) (api.Store, error) {
	return api.Store{Name: name, RetentionDays: *s.RetentionDays}, nil
}

func (fakeStores) Delete(_ context.Context, name string) error {
	if name == "default" {
		return fault.New(fault.Conflict, errors.New("delete store: it must stay"), "Delete others.")
	}
	return nil
}

func (f *fake) Inputs() []intake.Status { return []intake.Status{{Name: "syslog-tcp-5514"}} }

// duplicate is a record that is stored already.
const duplicate = "duplicate"

func (f *fake) Ingest(ctx context.Context, b event.Batch) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.ingest(); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	all := len(b.Records)
	b.Records = slices.DeleteFunc(slices.Clone(b.Records), func(r event.Record) bool { return string(r.Data) == duplicate })
	if b.Duplicates != nil {
		*b.Duplicates = int64(all - len(b.Records))
	}
	f.batches = append(f.batches, b)
	if b.Copy != nil {
		*b.Duplicates += f.known
	}
	if b.Checkpoint != nil {
		f.position[b.Checkpoint.Key] = b.Checkpoint.Position
	}
	return nil
}

func (f *fake) Position(_ context.Context, key string) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.position[key], nil
}

func (f *fake) Parse(_ context.Context, source event.SourceName, record []byte) (api.ParseResult, error) {
	if source == "nope" {
		return api.ParseResult{}, fault.New(fault.Invalid, fmt.Errorf("parse record: there is no source %q", source), "Choose another.")
	}
	return api.ParseResult{Source: "generic", Event: json.RawMessage(`{"message":` + string(event.AppendJSONString(nil, string(record))) + `}`)}, nil
}

func (f *fake) Fsck(_ context.Context, repair bool) (api.FsckReport, error) {
	return api.FsckReport{Ok: repair}, nil
}

func (f *fake) Status(context.Context) (api.Status, error) {
	return api.Status{Version: "test", Stores: []api.Store{{Name: "default"}, {Name: "vpn"}}}, nil
}

func (f *fake) Ready(context.Context) error { return f.ready() }

// records are the data of all records that were stored.
func (f *fake) records() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := []string{}
	for _, b := range f.batches {
		for _, r := range b.Records {
			all = append(all, string(r.Data))
		}
	}
	return all
}

var (
	_ api.Searcher    = (*fake)(nil)
	_ api.SQL         = fakeSQL{}
	_ api.Stores      = fakeStores{}
	_ api.Priorities  = fakePriorities{}
	_ api.Inputs      = (*fake)(nil)
	_ api.Ingester    = (*fake)(nil)
	_ api.Checkpoints = (*fake)(nil)
	_ api.Parser      = (*fake)(nil)
	_ api.Fscker      = (*fake)(nil)
	_ api.Statuser    = (*fake)(nil)
)

// service is the API over a fake, with a token for each kind of caller.
type service struct {
	*fake
	t        testing.TB
	url      string
	log      *bytes.Buffer
	identity *identity.Identity
	keys     *identity.AccessKeys
	password string            // one-time password of admin
	tokens   map[string]string // none, ingest, analyst, analyst+raw, admin
}

func start(t testing.TB, limits api.Limits) *service {
	t.Helper()
	db, err := meta.Open(context.Background(), filepath.Join(t.TempDir(), "meta.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	s := &service{fake: newFake(), t: t, log: &bytes.Buffer{}, tokens: map[string]string{"none": ""}}
	log := slog.New(slog.NewTextHandler(s.log, nil))
	s.identity = identity.New(db, log)
	if err := s.identity.Bootstrap(t.Context(), func(f identity.FirstStart) error {
		s.password, s.tokens["admin"] = f.Password, f.Token
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	s.tokens["ingest"] = s.token(identity.TokenRequest{Name: "i", Role: identity.Ingest})
	s.tokens["analyst"] = s.token(identity.TokenRequest{Name: "a", Role: identity.Analyst})
	s.tokens["analyst+raw"] = s.token(identity.TokenRequest{Name: "r", Role: identity.Analyst, Grants: []identity.Permission{identity.Raw}})
	s.keys = identity.NewAccessKeys(db, filepath.Join(t.TempDir(), "secrets.key"))
	service := awsapi.New(awsapi.Options{DB: db, Lake: fakeLake{}, Ingest: s.fake, Keys: s.keys, Log: log, Region: "us-east-1"})
	agents := forward.New(forward.Options{DB: db, Events: fakeEvents{}, Log: log, Version: "1", After: wire.DefaultThresholds()})
	h := api.New(api.Deps{Agents: agents, Log: log, Identity: s.identity, AccessKeys: s.keys, AWS: service, Search: s.fake, SQL: fakeSQL{s.fake}, Stores: fakeStores{}, Priorities: fakePriorities{}, Digests: fakeDigests{}, Inputs: s.fake, Ingest: s.fake,
		Progress: s.fake, Parse: s.fake, Fsck: s.fake, Status: s.fake, Metrics: prometheus.NewRegistry(), Limits: limits,
		Console: fstest.MapFS{"index.html": {Data: []byte("<!doctype html><title>console</title>")}, "app.js": {Data: []byte("1")},
			"assets/app-1a2b.js": {Data: []byte("plain")}, "assets/app-1a2b.js.br": {Data: []byte("as br")}, "assets/app-1a2b.js.gz": {Data: []byte("as gz")}}})
	server := httptest.NewUnstartedServer(nil)
	server.Config = api.Server(h, log)
	server.Start()
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// fakeLake stands for the lake behind event data stores.
type fakeLake struct{}

func (fakeLake) CreateStore(context.Context, string, time.Duration) error  { return nil }
func (fakeLake) SetRetention(context.Context, string, time.Duration) error { return nil }
func (fakeLake) Checkpoint(context.Context, string) (int64, error)         { return 0, nil }
func (fakeLake) Describe(context.Context, string, string) error            { return nil }
func (fakeLake) DeleteStore(context.Context, string) error                 { return nil }

func (s *service) token(req identity.TokenRequest) string {
	s.t.Helper()
	_, secret, err := s.identity.CreateToken(context.Background(), &identity.Principal{User: identity.AdminUser}, req)
	if err != nil {
		s.t.Fatal(err)
	}
	return secret
}

// answer is what came back.
type answer struct {
	status  int
	header  http.Header
	body    string
	trailer http.Header
}

func (a answer) problem(t testing.TB) api.Problem {
	t.Helper()
	var p api.Problem
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("status %d with content type %q: %.200s", a.status, got, a.body)
		return p
	}
	if err := json.Unmarshal([]byte(a.body), &p); err != nil {
		t.Errorf("problem %q: %v", a.body, err)
	}
	if p.Status != a.status || p.RequestID == "" || p.RequestID != a.header.Get("X-Request-ID") || p.Title == "" || p.Type == "" {
		t.Errorf("incomplete problem %+v of status %d", p, a.status)
	}
	return p
}

// do sends a request as somebody: a name of tokens, or a token itself.
func (s *service) do(as, method, path, body string, header ...string) answer {
	s.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	token, ok := s.tokens[as]
	if !ok {
		token = as
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	return answer{resp.StatusCode, resp.Header, string(b), resp.Trailer}
}

func syntaxError() error {
	return fmt.Errorf("search: %w", &search.SyntaxError{Code: search.UnclosedQuote, From: 3, To: 9, Message: "the quote is not closed", Hint: `Write a " at the end.`})
}

func (fakeEvents) Warnings(string) []search.Warning { return nil }
