package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"kiroku/internal/api"
	"kiroku/internal/engine"
	"kiroku/internal/fault"
	"kiroku/internal/query"
)

func itoa(n int) string { return strconv.Itoa(n) }

func decode[T any](t testing.TB, body string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	return v
}

func TestSearchRequest(t *testing.T) {
	s := start(t, api.Limits{})
	before := time.Now()
	a := s.do("admin", "POST", "/api/v1/search", `{"search":"a:b","stores":["vpn"],"from":"now-24h","to":"2099-01-01","tz":"Asia/Tokyo","limit":5,"cursor":"c","columns":["time","src_ip"]}`)
	if a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	r := s.req
	if r.Search != "a:b" || r.Limit != 5 || r.Cursor != "c" || len(r.Columns) != 2 || r.Stores[0] != "vpn" ||
		r.From.Sub(before.Add(-24*time.Hour)).Abs() > time.Minute || r.To.Format(time.RFC3339) != "2098-12-31T15:00:00Z" {
		t.Errorf("the search was asked for %+v", r)
	}
	page := decode[api.EventPage](t, a.body)
	if page.Cursor != "c2" || len(page.Rows) != 1 || page.Scanned != (api.Scanned{Events: 3, Bytes: 4, TookMs: 5}) {
		t.Errorf("page %+v", page)
	}
	if a := s.do("admin", "POST", "/api/v1/search", `{"search":"usr:bob"}`); !strings.Contains(a.body, `"unknown_fields":[{"field":"usr","from":0,"nearest":["user"],"to":3}]`) {
		t.Errorf("a name that no column has: %s", a.body)
	}
	if a := s.do("admin", "POST", "/api/v1/histogram", `{"interval":"1d","by":"src_ip","tz":"Asia/Tokyo"}`); a.status != 200 ||
		s.opts.Interval != 24*time.Hour || s.opts.By != "src_ip" || s.opts.Zone.String() != "Asia/Tokyo" || !strings.Contains(a.body, `"start":"1970-01-01T00:00:00Z"`) {
		t.Errorf("histogram %+v: %s", s.opts, a.body)
	}
	if a := s.do("admin", "POST", "/api/v1/sql/run", `{"sql":"SELECT $1","params":[1,1.5,"x",null,true],"timeout_ms":1500}`); a.status != 200 ||
		fmt.Sprintf("%T %T", s.sql.Params[0], s.sql.Params[1]) != "int64 float64" || s.sql.Timeout != 1500*time.Millisecond {
		t.Errorf("SQL request %+v: %d", s.sql, a.status)
	}
}

func TestBadRequests(t *testing.T) {
	s := start(t, api.Limits{JSONBytes: 200, ParseBytes: 100, ParseLines: 2, IngestBytes: 100, IngestTotal: 1000})
	long := strings.Repeat("x", 300)
	for _, c := range []struct {
		method, path, body string
		status             int
		detail             string
	}{
		{"POST", "/api/v1/search", ``, 400, "read JSON body: it is empty"},
		{"POST", "/api/v1/search", `{"serach":"x"}`, 400, `unknown field "serach"`},
		{"POST", "/api/v1/search", `{} {}`, 400, "something after the object"},
		{"POST", "/api/v1/search", `[1]`, 400, "cannot unmarshal array"},
		{"POST", "/api/v1/search", `{"limit":"x"}`, 400, "cannot unmarshal string"},
		{"POST", "/api/v1/search", `{"search":"` + long + `"}`, 413, "longer than 200 bytes"},
		{"POST", "/api/v1/search", `{"limit":10001}`, 400, "10001 is not between 1 and 10000"},
		{"POST", "/api/v1/search", `{"limit":-1}`, 400, "-1 is not between"},
		{"POST", "/api/v1/search", `{"from":"yesterdax"}`, 400, `read time "yesterdax"`},
		{"POST", "/api/v1/search", `{"from":"now","to":"now-1h"}`, 400, "is not before end"},
		{"POST", "/api/v1/search", `{"tz":"Mars/Base"}`, 400, `find time zone "Mars/Base"`},
		{"POST", "/api/v1/search", `{"columns":["nope"]}`, 400, `no column "nope"`},
		{"POST", "/api/v1/histogram", `{"interval":"5 minutes"}`, 400, `read interval "5 minutes"`},
		{"POST", "/api/v1/histogram", `{"interval":"1ms"}`, 400, "between 1s and 366d"},
		{"POST", "/api/v1/histogram", `{"interval":"100000000d"}`, 400, `read interval "100000000d"`},
		{"POST", "/api/v1/histogram", `{"buckets":2001}`, 400, "read buckets"},
		{"POST", "/api/v1/facets", `{"fields":[]}`, 400, "read fields"},
		{"POST", "/api/v1/facets", `{"fields":["a"],"top":1001}`, 400, "read top"},
		{"GET", "/api/v1/export?format=xlsx", "", 400, `"xlsx" is not known`},
		{"POST", "/api/v1/sql", `{"sql":""}`, 400, "it is empty"},
		{"POST", "/api/v1/sql", `{"sql":"SELECT 1","max_rows":1000001}`, 400, "read max_rows"},
		{"POST", "/api/v1/sql", `{"sql":"SELECT 1","timeout_ms":3600001}`, 400, "read timeout_ms"},
		{"POST", "/api/v1/sql", `{"sql":"SELECT 1","params":[[1]]}`, 400, "read parameter $1"},
		{"POST", "/api/v1/sql/run?format=xml", `{"sql":"SELECT 1"}`, 400, `"xml" is not known`},
		{"GET", "/api/v1/sql/none", "", 404, `find SQL job "none"`},
		{"GET", "/api/v1/sql/j1/rows?limit=x", "", 400, "limit"},
		{"GET", "/api/v1/sql/j1/rows?limit=10001", "", 400, "read limit"},
		{"GET", "/api/v1/sql/j1/rows?offset=-1", "", 400, "read offset"},
		{"POST", "/api/v1/stores", `{"name":"Ab"}`, 400, `"Ab" cannot be a name`},
		{"POST", "/api/v1/stores", `{"name":"../x"}`, 400, "cannot be a name"},
		{"POST", "/api/v1/stores", `{"name":"ocsf"}`, 400, `"ocsf" cannot be a name`},
		{"POST", "/api/v1/stores", `{"name":"x","retention_days":-1}`, 400, "read retention_days"},
		{"POST", "/api/v1/stores", `{"name":"vpn"}`, 409, "the name is taken"},
		{"DELETE", "/api/v1/stores/default", "", 409, "it must stay"},
		{"PUT", "/api/v1/priorities", `{"source":"cloudtrail","service":"","priority":"low"}`, 400, "service must have 1 to 200"},
		{"PUT", "/api/v1/priorities", `{"source":"cloudtrail","service":"ec2","priority":"high"}`, 400, `"high" is no priority`},
		{"PUT", "/api/v1/priorities", `{"source":"x","service":"ec2","priority":"low"}`, 400, "no such source"},
		{"POST", "/api/v1/parse?source=nope", "x", 400, `no source "nope"`},
		{"POST", "/api/v1/parse", "a\nb\n\nc", 400, "more than 2"},
		{"POST", "/api/v1/parse", long, 413, "longer than 100 bytes"},
		{"POST", "/api/v1/ingest", long, 413, "longer than 100 bytes"},
		{"POST", "/api/v1/ingest?source=nope", "x", 400, `no source "nope"`},
		{"POST", "/api/v1/ingest?from=5", "x", 400, "need a key"},
		{"POST", "/api/v1/ingest?key=k&from=-1", "x", 400, "from is -1"},
		{"POST", "/api/v1/ingest?key=k&from=0&to=9", "x", 400, "from 0 to 9 are 9 bytes, but the body has 1"},
		{"GET", "/api/v1/ingest/checkpoint", "", 400, "key"},
		{"POST", "/api/v1/users", `{"name":"a b","role":"analyst"}`, 400, `"a b" cannot be a name`},
		{"POST", "/api/v1/tokens", `{"name":"x","role":"root"}`, 400, `role "root"`},
		{"GET", "/api/v1/nope", "", 404, "nothing at this address"},
		{"GET", "/api/v2/search", "", 404, "nothing at this address"},
		{"PUT", "/api/v1/search", "", 405, "PUT is not what this address answers"},
		{"POST", "/nope", "", 404, "nothing at this address"},
	} {
		a := s.do("admin", c.method, c.path, c.body)
		p := a.problem(t)
		if a.status != c.status || !strings.Contains(p.Detail, c.detail) || p.Next == "" {
			t.Errorf("%s %s %.60s: %d %+v, want %d %q", c.method, c.path, c.body, a.status, p, c.status, c.detail)
		}
	}
	if a := s.do("admin", "PUT", "/api/v1/search", ""); !strings.Contains(a.header.Get("Allow"), "POST") {
		t.Errorf("405 allows %q", a.header.Get("Allow"))
	}
}

func TestErrorKinds(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		next   string
	}{
		{syntaxError(), 400, "Write a"},
		{fault.New(fault.NotFound, errors.New("x"), "n"), 404, "n"},
		{fault.New(fault.Conflict, errors.New("x"), "n"), 409, "n"},
		{fault.New(fault.Denied, errors.New("x"), "n"), 403, "n"},
		{fault.New(fault.TooLarge, errors.New("x"), "n"), 413, "n"},
		{fault.New(fault.Busy, errors.New("x"), "n"), 503, "n"},
		{fmt.Errorf("wrapped: %w", context.DeadlineExceeded), 504, "shorter range"},
		{errors.New("open /var/lib/kiroku/secret.parquet: broken"), 500, "request id"},
	} {
		s := start(t, api.Limits{})
		s.search = func() error { return c.err }
		for _, path := range []string{"/api/v1/search", "/api/v1/count", "/api/v1/export"} {
			a := s.do("admin", "POST", path, `{}`)
			p := a.problem(t)
			if a.status != c.status || !strings.Contains(p.Next, c.next) {
				t.Errorf("%s with %v: %d %+v", path, c.err, a.status, p)
			}
			if c.status == 400 && (p.Code != "unclosed_quote" || *p.From != 3 || *p.To != 9) {
				t.Errorf("%s: the place of the mistake is lost: %s", path, a.body)
			}
			if c.status == 503 && a.header.Get("Retry-After") == "" {
				t.Errorf("%s: 503 without Retry-After", path)
			}
			if c.status == 500 && (strings.Contains(a.body, "secret") || !strings.Contains(s.log.String(), p.RequestID) || !strings.Contains(s.log.String(), "broken")) {
				t.Errorf("%s: the cause belongs into the log, not into the answer: %s, log %s", path, a.body, s.log)
			}
		}
	}
}

func TestPanicIsAnswered(t *testing.T) {
	s := start(t, api.Limits{})
	s.search = func() error { panic("boom") }
	if a := s.do("admin", "POST", "/api/v1/count", `{}`); a.status != 500 || a.problem(t).Next == "" || !strings.Contains(s.log.String(), "boom") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestHeaders(t *testing.T) {
	s := start(t, api.Limits{})
	for _, path := range []string{"/api/v1/me", "/api/v1/nope", "/", "/healthz"} {
		a := s.do("admin", "GET", path, "", "Origin", "https://example.com")
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"} {
			if a.header.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, a.header.Get(name))
			}
		}
		if csp := a.header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") || !strings.Contains(csp, "default-src") {
			t.Errorf("%s: policy %q", path, csp)
		}
		for name := range a.header {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s: CORS header %s", path, name)
			}
		}
	}
	if a := s.do("admin", "GET", "/api/v1/openapi.yaml", "", "Accept-Encoding", "gzip"); a.header.Get("Content-Encoding") != "gzip" || len(a.body) > 40_000 {
		t.Errorf("encoding %q, %d bytes", a.header.Get("Content-Encoding"), len(a.body))
	}
	if a := s.do("admin", "GET", "/metrics", ""); !strings.Contains(a.body, `kiroku_http_request_seconds_count{code="200",route="GET /healthz"} 1`) {
		t.Errorf("metrics: %s", a.body)
	}
}

func TestHealth(t *testing.T) {
	s := start(t, api.Limits{})
	s.ready = func() error { return errors.New("disk is full") }
	if a := s.do("none", "GET", "/readyz", ""); a.status != 503 || !strings.Contains(a.problem(t).Detail, "disk is full") {
		t.Errorf("readyz: %d %s", a.status, a.body)
	}
	if a := s.do("none", "GET", "/healthz", ""); a.status != 200 || a.body != "ok\n" {
		t.Errorf("healthz: %d %s", a.status, a.body)
	}
}

func TestConsole(t *testing.T) {
	s := start(t, api.Limits{})
	for path, want := range map[string]string{"/": "<title>console", "/explore": "<title>console", "/app.js": "1"} {
		if a := s.do("none", "GET", path, ""); a.status != 200 || !strings.Contains(a.body, want) {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	if a := s.do("none", "GET", "/missing.js", ""); a.status != 404 {
		t.Errorf("a missing file: %d", a.status)
	}
}

// Files whose names say their content are sent as they were compressed when they were built, and never asked for again.
func TestConsoleAssets(t *testing.T) {
	s := start(t, api.Limits{})
	for accepted, want := range map[string]string{"br, gzip": "as br", "gzip": "as gz", "identity": "plain"} {
		a := s.do("none", "GET", "/assets/app-1a2b.js", "", "Accept-Encoding", accepted)
		if a.status != 200 || a.body != want || !strings.HasPrefix(a.header.Get("Content-Type"), "text/javascript") {
			t.Errorf("%s: %d %q as %s", accepted, a.status, a.body, a.header.Get("Content-Type"))
		}
		if cache := a.header.Get("Cache-Control"); !strings.Contains(cache, "immutable") {
			t.Errorf("%s: may be kept %q", accepted, cache)
		}
	}
	page := s.do("none", "GET", "/explore", "")
	if cache := page.header.Get("Cache-Control"); cache != "no-cache" {
		t.Errorf("the page may be kept %q", cache)
	}
	policy := page.header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self';", "style-src 'self';", "require-trusted-types-for 'script'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("policy without %s: %s", want, policy)
		}
	}
	if strings.Contains(policy, "unsafe") {
		t.Errorf("policy allows inline code: %s", policy)
	}
}

func TestSQLJobs(t *testing.T) {
	s := start(t, api.Limits{})
	if a := s.do("analyst+raw", "POST", "/api/v1/sql", `{"sql":"SELECT x"}`); a.status != 202 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	a := s.do("analyst+raw", "GET", "/api/v1/sql/j1", "")
	if j := decode[api.Job](t, a.body); j.State != api.Failed || j.Position == nil || *j.Position != 7 || j.Error != "no such table" {
		t.Errorf("job %+v", j)
	}
	if a := s.do("analyst+raw", "GET", "/api/v1/sql/j1/rows?offset=10", ""); !strings.Contains(a.body, `{"rows":[[10,1000,"a < b & c"]]}`) {
		t.Errorf("rows: %s", a.body)
	}
	if a := s.do("analyst", "GET", "/api/v1/sql", ""); strings.Contains(a.body, "j1") {
		t.Errorf("somebody else's jobs: %s", a.body)
	}
	if a := s.do("analyst", "DELETE", "/api/v1/sql/j1", ""); a.status != 404 {
		t.Errorf("cancel somebody else's job: %d", a.status)
	}
}

func TestRunSQL(t *testing.T) {
	s := start(t, api.Limits{})
	for format, want := range map[string]string{
		"json":   `{"columns":[{"name":"a","type":"VARCHAR"},{"name":"b","type":"BIGINT"}],"rows":[` + "\n" + `["=1+1",-5],` + "\n" + `[null,["x","1970-01-01T00:00:00.000000Z"]]` + "\n]}\n",
		"ndjson": `{"a":"=1+1","b":-5}` + "\n" + `{"a":null,"b":["x","1970-01-01T00:00:00.000000Z"]}` + "\n",
		"csv":    "a,b\n'=1+1,-5\n" + `,"[""x"",""1970-01-01T00:00:00.000000Z""]"` + "\n",
	} {
		if a := s.do("admin", "POST", "/api/v1/sql/run?format="+format, `{"sql":"SELECT 1"}`); a.status != 200 || a.body != want {
			t.Errorf("%s: %d\n%q, want\n%q", format, a.status, a.body, want)
		}
	}
	for _, encoding := range []string{"identity", "gzip"} {
		for body, want := range map[string]string{`{"sql":"SELECT 1"}`: "", `{"sql":"SELECT 1","max_rows":2}`: "true"} {
			if a := s.do("admin", "POST", "/api/v1/sql/run", body, "Accept-Encoding", encoding); a.trailer.Get(api.TruncatedTrailer) != want {
				t.Errorf("%s, %s: trailer %q, want %q", encoding, body, a.trailer, want)
			}
		}
	}
	s.query = func(_ context.Context, cols func([]query.ResultColumn) error, _ func([]any) error) error {
		return errors.Join(cols([]query.ResultColumn{{Name: "a"}}), fault.New(fault.Invalid, errors.New("divide by zero"), "n"))
	}
	if a := s.do("admin", "POST", "/api/v1/sql/run", `{"sql":"SELECT 1"}`); a.status != 400 || !strings.Contains(a.problem(t).Detail, "divide by zero") {
		t.Errorf("an error after the first rows, before they were sent: %d %s", a.status, a.body)
	}
	s.query = func(context.Context, func([]query.ResultColumn) error, func([]any) error) error {
		return fault.New(fault.Invalid, &engine.SQLError{Position: 7, Err: errors.New("no column nothing")}, "n")
	}
	if a := s.do("admin", "POST", "/api/v1/sql/run", `{"sql":"SELECT nothing"}`); a.status != 400 || !strings.Contains(a.body, `"from":7,`) {
		t.Errorf("an error in the text has no place: %d %s", a.status, a.body)
	}
}

// A stream that breaks after its first bytes were sent must not look complete.
func TestBrokenStreamIsCut(t *testing.T) {
	for _, encoding := range []string{"identity", "gzip"} {
		s := start(t, api.Limits{})
		s.export = func(_ context.Context, w io.Writer) error {
			if _, err := io.WriteString(w, strings.Repeat("0123456789abcdef\n", 20_000)); err != nil {
				return err
			}
			return errors.New("disk is gone")
		}
		r, _ := http.NewRequestWithContext(t.Context(), "GET", s.url+"/api/v1/export", nil)
		r.Header.Set("Authorization", "Bearer "+s.tokens["admin"])
		r.Header.Set("Accept-Encoding", encoding)
		resp, err := http.DefaultClient.Do(r)
		if err != nil { // so little was left after compression that it was cut before the header went out
			continue
		}
		n, err := io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if err == nil {
			t.Errorf("%s: a broken export ends like a whole one after %d bytes", encoding, n)
		}
	}
}

// When the caller goes, the work behind the stream ends.
func TestStreamsEndWithTheCaller(t *testing.T) {
	for _, path := range []string{"/api/v1/export", "/api/v1/tail"} {
		s := start(t, api.Limits{})
		ended := make(chan error, 1)
		s.export = func(ctx context.Context, w io.Writer) error {
			_, _ = io.WriteString(w, strings.Repeat("x", 100_000))
			<-ctx.Done()
			ended <- ctx.Err()
			return ctx.Err()
		}
		s.tail = func(ctx context.Context, _ func(json.RawMessage) error) error {
			<-ctx.Done()
			ended <- ctx.Err()
			return ctx.Err()
		}
		ctx, cancel := context.WithCancel(t.Context())
		r, _ := http.NewRequestWithContext(ctx, "GET", s.url+path, nil)
		r.Header.Set("Authorization", "Bearer "+s.tokens["admin"])
		r.Header.Set("Accept-Encoding", "identity")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		resp.Body.Close()
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			t.Errorf("%s: still running after the caller went", path)
		}
	}
}

func TestTail(t *testing.T) {
	s := start(t, api.Limits{})
	a := s.do("admin", "GET", "/api/v1/tail?search=x&cursor=old", "", "Last-Event-ID", "u0")
	want := "event: row\nid: u1\ndata: " + row1 + "\n\n"
	if a.status != 200 || a.header.Get("Content-Type") != "text/event-stream" || a.body != want {
		t.Errorf("%d %v\n%q, want\n%q", a.status, a.header, a.body, want)
	}
	if s.req.Cursor != "u0" || s.req.Search != "x" {
		t.Errorf("asked for %+v", s.req)
	}
	s.tail = func(context.Context, func(json.RawMessage) error) error { return syntaxError() }
	if a := s.do("admin", "GET", "/api/v1/tail", ""); a.status != 400 || a.problem(t).Code != "unclosed_quote" {
		t.Errorf("a wrong search: %d %s", a.status, a.body)
	}
	s.tail = func(_ context.Context, f func(json.RawMessage) error) error {
		return errors.Join(f(json.RawMessage("{\n\"event_uid\": \"u2\"}")), f(json.RawMessage(`{"missed":7}`)), fault.New(fault.Busy, errors.New("the service stops"), "Connect again."))
	}
	a = s.do("admin", "GET", "/api/v1/tail", "")
	if !strings.Contains(a.body, "data: {\"event_uid\": \"u2\"}\n\nevent: missed\ndata: {\"missed\":7}\n\n") || !strings.Contains(a.body, "event: error\ndata: {") || !strings.Contains(a.body, "Connect again.") {
		t.Errorf("an error in the middle: %q", a.body)
	}
}
