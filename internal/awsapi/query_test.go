package awsapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kiroku/internal/awsapi"
	"kiroku/internal/engine"
	"kiroku/internal/engine/duckdb"
	"kiroku/internal/event"
	"kiroku/internal/lake/segment"
	"kiroku/internal/meta"
	"kiroku/internal/search"
	"kiroku/internal/source/cloudtrail"
)

// queryWorld is a service with the real engine over segments of CloudTrail records.
type queryWorld struct {
	*world
	sql   awsapi.SQL
	dir   string // of files
	held  int    // views of tables that are open
	mu    sync.Mutex
	files map[string][]string // of the lake's stores
	size  awsapi.TablesSize
	store string // id
	stop  func()
}

func newQueryWorld(t *testing.T, change func(*awsapi.Options)) *queryWorld {
	t.Helper()
	dir := t.TempDir()
	e, err := duckdb.Open(duckdb.Options{Dirs: []string{dir}, MemoryBytes: 256 << 20, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	q := &queryWorld{dir: dir, files: map[string][]string{}}
	q.sql = awsapi.SQL{Engine: e, Tables: q.tables, Dir: filepath.Join(t.TempDir(), "results")}
	q.world = newWorld(t, func(o *awsapi.Options) {
		o.SQL = &q.sql
		if change != nil {
			change(o)
		}
	})
	q.store = arnID(q.must("CreateEventDataStore", `{"Name":"trail-events","TerminationProtectionEnabled":false}`, "EventDataStoreArn"))
	row, err := meta.GetEventDataStore(t.Context(), q.db.Read(), q.store)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "trail.parquet")
	q.size.Events = writeTrail(t, path, sampleRecords(t))
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	q.size.Bytes = info.Size()
	q.files[row.Store] = []string{path}
	return q
}

func (q *queryWorld) tables(_ context.Context, stores []string) ([]engine.Table, awsapi.TablesSize, func(), error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var out []engine.Table
	var size awsapi.TablesSize
	for _, s := range stores {
		files, ok := q.files[s]
		if ok {
			size = q.size
		}
		out = append(out, engine.Table{Name: s, Files: files})
	}
	q.held++
	return out, size, func() { q.mu.Lock(); q.held--; q.mu.Unlock() }, nil
}

// sampleRecords are records of CloudTrail's documentation.
func sampleRecords(t testing.TB) []json.RawMessage {
	t.Helper()
	files, err := filepath.Glob("trino/testdata/records/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no records: %v", err)
	}
	var out []json.RawMessage
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var doc struct{ Records []json.RawMessage }
		if err := json.Unmarshal(b, &doc); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		out = append(out, doc.Records...)
	}
	return out
}

// writeTrail writes records as a segment of the lake.
func writeTrail(t testing.TB, path string, records []json.RawMessage) int64 {
	t.Helper()
	b := segment.NewBuilder(search.HashTokens, segment.Fast)
	var e event.Event
	for _, r := range records {
		e.Reset()
		e.Str(event.ColEventUID, "", "0")
		e.Str(event.ColRawData, "", string(r))
		e.Time(event.ColIngestTime, "", time.Now())
		e.Str(event.ColSource, "", string(cloudtrail.Source.Name))
		if err := cloudtrail.Source.Map(&event.Record{Data: r, Received: time.Now()}, &e); err != nil {
			t.Fatal(err)
		}
		b.Append(&e)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := segment.Assemble(f, []*segment.Group{b.Finish()}, 1); err != nil {
		t.Fatal(err)
	}
	return int64(len(records))
}

// run runs the service until stop or the end of the test.
func (q *queryWorld) run() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	s := q.s
	go func() { defer close(done); _ = s.Run(ctx) }()
	q.stop = sync.OnceFunc(func() { cancel(); <-done })
	q.Cleanup(q.stop)
}

// start starts a query; FROM trail stands for the store.
func (q *queryWorld) start(statement string) string {
	q.Helper()
	return q.must("StartQuery", q.statement(statement), "QueryId")
}

func (q *queryWorld) statement(text string) string {
	b, err := json.Marshal(map[string]string{"QueryStatement": strings.ReplaceAll(text, "trail", q.store)})
	if err != nil {
		q.Fatal(err)
	}
	return string(b)
}

type described struct {
	QueryId, QueryString, QueryStatus, ErrorMessage, DeliveryStatus, DeliveryS3Uri string
	QueryStatistics                                                                struct {
		EventsMatched, EventsScanned, BytesScanned, ExecutionTimeInMillis int64
		CreationTime                                                      float64
	}
}

func (q *queryWorld) describe(id string) described {
	q.Helper()
	var out described
	q.read("DescribeQuery", `{"QueryId":"`+id+`"}`, &out)
	return out
}

// read calls an operation that has to succeed.
func (q *queryWorld) read(name, input string, into any) {
	q.Helper()
	a := q.op(name, input)
	if a.code != "" {
		q.Fatalf("%s %s: %s", name, input, a.body)
	}
	if err := json.Unmarshal([]byte(a.body), into); err != nil {
		q.Fatalf("%s: %v in %s", name, err, a.body)
	}
}

// ended waits for the end of a query, and of its delivery.
func (q *queryWorld) ended(id string) described {
	q.Helper()
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		d := q.describe(id)
		if d.QueryStatus != "QUEUED" && d.QueryStatus != "RUNNING" && d.DeliveryStatus != "PENDING" {
			return d
		}
	}
	q.Fatal("the query does not end")
	return described{}
}

type results struct {
	QueryStatus, NextToken, ErrorMessage string
	QueryStatistics                      struct{ ResultsCount, TotalResultsCount, BytesScanned int64 }
	QueryResultRows                      [][]map[string]string
}

// page is a page of a result.
func (q *queryWorld) page(id, token string, limit int) results {
	q.Helper()
	var out results
	in := map[string]any{"QueryId": id}
	if token != "" {
		in["NextToken"] = token
	}
	if limit != 0 {
		in["MaxQueryResults"] = limit
	}
	b, err := json.Marshal(in)
	if err != nil {
		q.Fatal(err)
	}
	q.read("GetQueryResults", string(b), &out)
	return out
}

func TestQuery(t *testing.T) {
	q := newQueryWorld(t, nil)
	q.run()
	id := q.start("/* who */ SELECT eventName, userIdentity.type, eventTime AS at, userIdentity.type, count(*) OVER () FROM trail AS e WHERE eventSource = 'ec2.amazonaws.com' ORDER BY eventTime, eventName LIMIT 2;")
	d := q.ended(id)
	if d.QueryStatus != "FINISHED" || d.QueryId != id || !strings.Contains(d.QueryString, q.store) || d.ErrorMessage != "" {
		t.Fatalf("DescribeQuery: %+v", d)
	}
	if s := d.QueryStatistics; s.EventsScanned != q.size.Events || s.BytesScanned != q.size.Bytes || s.CreationTime < 1.7e9 || s.EventsMatched != 4 {
		t.Errorf("statistics: %+v", s)
	}
	a := q.op("GetQueryResults", `{"QueryId":"`+id+`","EventDataStore":"`+q.store+`"}`)
	want := `"QueryResultRows":[[{"eventName":"CreateKeyPair"},{"type":"IAMUser"},{"at":"2014-03-06 17:10:34.000"},{"type":"IAMUser"},{"_col4":"4"}],[{"eventName":"StartInstances"},`
	if !strings.Contains(a.body, want) || strings.Contains(a.body, "NextToken") {
		t.Errorf("GetQueryResults: %s\nwant %s", a.body, want)
	}
	if r := q.page(id, "", 0); r.QueryStatus != "FINISHED" || r.QueryStatistics.ResultsCount != 2 || r.QueryStatistics.TotalResultsCount != 2 || r.QueryStatistics.BytesScanned != q.size.Bytes {
		t.Errorf("page: %+v", r)
	}
	counted := q.start("SELECT count(*) AS n FROM trail WHERE eventSource = 'ec2.amazonaws.com' AND userIdentity.type = 'IAMUser'")
	if d, n := q.ended(counted), q.page(counted, "", 0).QueryResultRows[0][0]["n"]; n == "0" || fmt.Sprint(d.QueryStatistics.EventsMatched) != n {
		t.Errorf("%s events, statistics %+v", n, d.QueryStatistics)
	}
	none := q.start("SELECT eventName FROM trail WHERE eventTime > '2999-01-01 00:00:00'")
	q.ended(none)
	if a := q.op("GetQueryResults", `{"QueryId":"`+none+`"}`); !strings.Contains(a.body, `"QueryResultRows":[]`) {
		t.Errorf("a result without rows: %s", a.body)
	}
	if q.held != 0 {
		t.Errorf("tables are held %d times", q.held)
	}
}

// A result is read to its end by its tokens, with pages of any size, also by another process.
func TestQueryPages(t *testing.T) {
	q := newQueryWorld(t, nil)
	q.run()
	id := q.start("SELECT n, eventName FROM trail CROSS JOIN UNNEST(sequence(1, 100)) AS t (n) ORDER BY eventID, eventTime, n LIMIT 2005")
	total := q.ended(id)
	whole := q.page(id, "", 1000)
	if len(whole.QueryResultRows) != 1000 || whole.NextToken == "" || len(whole.NextToken) > 1000 {
		t.Fatalf("first page of %+v: %d rows, token %q", total, len(whole.QueryResultRows), whole.NextToken)
	}
	q.stop()
	q.again()
	var got []string
	token := ""
	for {
		r := q.page(id, token, 333)
		for _, row := range r.QueryResultRows {
			got = append(got, row[0]["n"])
		}
		if token = r.NextToken; token == "" {
			break
		}
	}
	if len(got) != 2005 || got[0] != "1" || got[2004] != "5" || got[999] != whole.QueryResultRows[999][0]["n"] {
		t.Errorf("%d rows, want 2,005", len(got))
	}
	other := q.start("SELECT 1 AS x FROM trail LIMIT 1")
	q.ended(other)
	for _, input := range []string{`"QueryId":"` + other + `","NextToken":"` + whole.NextToken + `"`, `"QueryId":"` + id + `","NextToken":"abcd"`} {
		q.refuses("GetQueryResults", "{"+input+"}", "InvalidNextTokenException")
	}
	q.refuses("GetQueryResults", `{"QueryId":"`+id+`","MaxQueryResults":1001}`, "InvalidMaxResultsException")
}

// again makes another service over what the one before left, as a restart does, and runs it.
func (q *queryWorld) again() {
	q.s = awsapi.New(awsapi.Options{DB: q.db, Lake: q.lake, Ingest: q.lake, Keys: q.keys, Log: discard, SQL: &q.sql})
	q.server.Config.Handler = q.s
	q.run()
}

// endless takes minutes.
const endless = "SELECT count(*) FROM trail a CROSS JOIN trail b CROSS JOIN trail c CROSS JOIN trail d CROSS JOIN trail e WHERE a.eventJson || b.eventJson || c.eventJson = d.eventJson || e.eventJson"

func TestQueryRestart(t *testing.T) {
	q := newQueryWorld(t, nil)
	q.run()
	done := q.start("SELECT eventName FROM trail LIMIT 3")
	q.ended(done)
	id := q.start(endless)
	for q.describe(id).QueryStatus != "RUNNING" {
		time.Sleep(time.Millisecond)
	}
	q.stop()
	left := filepath.Join(q.sql.Dir, "a-file-of-nobody.rows")
	if err := os.WriteFile(left, []byte("x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	q.again()
	d := q.ended(id)
	if d.QueryStatus != "FAILED" || !strings.Contains(d.ErrorMessage, "stopped") || !strings.Contains(d.QueryString, q.store) {
		t.Errorf("the query that ran: %+v", d)
	}
	if r := q.page(done, "", 0); len(r.QueryResultRows) != 3 {
		t.Errorf("the query that had ended: %+v", r)
	}
	if r := q.page(id, "", 0); len(r.QueryResultRows) != 0 || r.ErrorMessage == "" {
		t.Errorf("the result of the query that ran: %+v", r)
	}
	gone := func() bool { _, err := os.Stat(left); return errors.Is(err, os.ErrNotExist) }
	for until := time.Now().Add(10 * time.Second); !gone(); time.Sleep(time.Millisecond) { // after the queries have ended
		if time.Now().After(until) {
			t.Fatal("a file of no query stayed")
		}
	}
}

func TestQueryCancelAndLimits(t *testing.T) {
	limits := awsapi.DefaultLimits()
	limits.Queries = 2
	q := newQueryWorld(t, func(o *awsapi.Options) { o.Limits = limits })
	waiting, running := q.start(endless), q.start(endless)
	if d := q.describe(waiting); d.QueryStatus != "QUEUED" {
		t.Errorf("before anything runs: %+v", d)
	}
	q.refuses("StartQuery", q.statement("SELECT 1 AS x FROM trail"), "MaxConcurrentQueriesException")
	cancelled := `{"QueryId":"` + waiting + `","QueryStatus":"CANCELLED"}`
	if a := q.op("CancelQuery", `{"QueryId":"`+waiting+`"}`); a.body != cancelled {
		t.Errorf("CancelQuery: %s", a.body)
	}
	q.run()
	for q.describe(running).QueryStatus != "RUNNING" {
		time.Sleep(time.Millisecond)
	}
	if r := q.page(running, "", 0); r.QueryStatus != "RUNNING" || r.QueryResultRows == nil || r.NextToken != "" {
		t.Errorf("the result of a query that runs: %+v", r)
	}
	q.must("CancelQuery", `{"QueryId":"`+running+`"}`, "QueryId")
	q.refuses("CancelQuery", `{"QueryId":"`+running+`"}`, "InactiveQueryException")
	for _, id := range []string{waiting, running} {
		if d := q.ended(id); d.QueryStatus != "CANCELLED" {
			t.Errorf("a cancelled query: %+v", d)
		}
	}
	q.ended(q.start("SELECT 1 AS x FROM trail LIMIT 1"))
}

func TestQueryEnds(t *testing.T) {
	limits := awsapi.DefaultLimits()
	limits.QueryTime, limits.QueryBytes = 500*time.Millisecond, 10_000
	q := newQueryWorld(t, func(o *awsapi.Options) { o.Limits = limits })
	q.run()
	for statement, want := range map[string]struct{ status, message string }{
		endless:                       {"TIMED_OUT", "longer than"},
		"SELECT eventJson FROM trail": {"FAILED", "Query response is too large"},
		"SELECT CAST(eventName AS bigint) FROM trail": {"FAILED", "StartInstances"},
	} {
		id := q.start(statement)
		if d := q.ended(id); d.QueryStatus != want.status || !strings.Contains(d.ErrorMessage, want.message) {
			t.Errorf("%s: %+v", statement, d)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(q.sql.Dir, "*")); len(left) > 1 { // that of the one that timed out
		t.Errorf("files of queries without result: %q", left)
	}
}

func TestQueryRefused(t *testing.T) {
	q := newQueryWorld(t, nil)
	q.run()
	for _, tt := range []struct{ statement, place string }{
		{"SELECT eventName\nFROM trail WHERE", "line 2:"},
		{"SELECT nothing FROM trail", "line 1:8:"},
		{"CREATE TABLE x (y int)", "line 1:1:"},
		{"SELECT eventName FROM trail; SELECT 1", "line 1:"},
		{"SELECT eventName FROM trail GROUP BY eventSource", "line 1:8:"},
	} {
		if a := q.op("StartQuery", q.statement(tt.statement)); a.code != "InvalidQueryStatementException" || !strings.Contains(a.body, tt.place) {
			t.Errorf("%s: %s, want %s", tt.statement, a.body, tt.place)
		}
	}
	id := q.start("SELECT 1 AS x FROM trail LIMIT 1")
	q.ended(id)
	const none = "11111111-2222-3333-4444-555555555555"
	other := q.newStore("other")
	for _, tt := range []struct{ op, input, code string }{
		{"StartQuery", `{}`, "InvalidParameterException"},
		{"StartQuery", `{"QueryStatement":"SELECT 1 FROM ` + none + `"}`, "EventDataStoreNotFoundException"},
		{"@bob StartQuery", q.statement("SELECT 1 FROM trail"), "EventDataStoreNotFoundException"},
		{"StartQuery", `{"QueryStatement":"SELECT 1","DeliveryS3Uri":"http://x"}`, "InvalidParameterException"},
		{"StartQuery", `{"QueryStatement":"SELECT 1","DeliveryS3Uri":"s3://X_Y/a"}`, "InvalidS3BucketNameException"},
		{"StartQuery", `{"QueryStatement":"SELECT 1","QueryParameters":[""]}`, "InvalidParameterException"},
		{"DescribeQuery", `{"QueryId":"` + none + `"}`, "QueryIdNotFoundException"},
		{"DescribeQuery", `{"QueryId":"x"}`, "InvalidParameterException"},
		{"DescribeQuery", `{"QueryId":"` + id + `","EventDataStore":"` + none + `"}`, "EventDataStoreNotFoundException"},
		{"DescribeQuery", `{"QueryId":"` + id + `","EventDataStore":"` + other + `"}`, "QueryIdNotFoundException"},
		{"DescribeQuery", `{"QueryId":"` + id + `","EventDataStore":"?"}`, "EventDataStoreARNInvalidException"},
		{"@bob DescribeQuery", `{"QueryId":"` + id + `"}`, "QueryIdNotFoundException"},
		{"@bob GetQueryResults", `{"QueryId":"` + id + `"}`, "QueryIdNotFoundException"},
		{"@bob CancelQuery", `{"QueryId":"` + id + `"}`, "QueryIdNotFoundException"},
		{"CancelQuery", `{"QueryId":"` + id + `"}`, "InactiveQueryException"},
		{"@bob ListQueries", `{"EventDataStore":"` + q.store + `"}`, "EventDataStoreNotFoundException"},
		{"ListQueries", `{"EventDataStore":"` + q.store + `","QueryStatus":"DONE"}`, "InvalidQueryStatusException"},
		{"ListQueries", `{"EventDataStore":"` + q.store + `","MaxResults":0}`, "InvalidMaxResultsException"},
		{"ListQueries", `{"EventDataStore":"` + q.store + `","NextToken":"abcd"}`, "InvalidNextTokenException"},
		{"ListQueries", `{"EventDataStore":"` + q.store + `","StartTime":2000000000,"EndTime":1000000000}`, "InvalidDateRangeException"},
	} {
		q.refuses(tt.op, tt.input, tt.code)
	}
	q.must("DeleteEventDataStore", `{"EventDataStore":"`+q.store+`"}`, "")
	for op, input := range map[string]string{"StartQuery": q.statement("SELECT 1 FROM trail"), "DescribeQuery": `{"QueryId":"` + id + `"}`,
		"GetQueryResults": `{"QueryId":"` + id + `"}`, "ListQueries": `{"EventDataStore":"` + q.store + `"}`} {
		q.refuses(op, input, "InactiveEventDataStoreException")
	}
}

func TestListQueries(t *testing.T) {
	q := newQueryWorld(t, nil)
	var ids []string
	for range 5 {
		ids = append(ids, q.start("SELECT 1 AS x FROM trail LIMIT 1"))
	}
	q.must("CancelQuery", `{"QueryId":"`+ids[4]+`"}`, "QueryId")
	q.run()
	for _, id := range ids {
		q.ended(id)
	}
	slices.Reverse(ids)
	list := func(more string) (got []string, token string) {
		var out struct {
			Queries []struct {
				QueryId, QueryStatus string
				CreationTime         float64
			}
			NextToken string
		}
		q.read("ListQueries", `{"EventDataStore":"`+q.store+`"`+more+`}`, &out)
		for _, l := range out.Queries {
			got = append(got, l.QueryId)
		}
		return got, out.NextToken
	}
	first, token := list(`,"MaxResults":2`)
	second, end := list(`,"MaxResults":3,"NextToken":"` + token + `"`)
	if got := append(first, second...); !slices.Equal(got, ids) || len(first) != 2 || end != "" {
		t.Errorf("listed %q then %q, want %q", first, second, ids)
	}
	if got, _ := list(`,"QueryStatus":"CANCELLED"`); !slices.Equal(got, ids[:1]) {
		t.Errorf("cancelled: %q", got)
	}
	if got, _ := list(fmt.Sprintf(`,"EndTime":%d`, time.Now().Unix()-60)); len(got) != 0 {
		t.Errorf("before they were started: %q", got)
	}
}

// A store's policy lets others ask it, under its owner's account.
func TestQueryOfAnotherAccount(t *testing.T) {
	q := newQueryWorld(t, nil)
	q.run()
	arn := "arn:aws:cloudtrail:us-east-1:" + owner + ":eventdatastore/" + q.store
	policy, err := json.Marshal(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + stranger + `"},
		"Action":["cloudtrail:StartQuery","cloudtrail:DescribeQuery","cloudtrail:GetQueryResults"],"Resource":"` + arn + `"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	q.must("PutResourcePolicy", `{"ResourceArn":"`+arn+`","ResourcePolicy":`+string(policy)+`}`, "ResourceArn")
	statement := strings.TrimSuffix(q.statement("SELECT eventName FROM trail LIMIT 1"), "}")
	q.refuses("@bob StartQuery", statement+"}", "EventDataStoreNotFoundException")
	id := q.must("@bob StartQuery", statement+`,"EventDataStoreOwnerAccountId":"`+owner+`"}`, "QueryId")
	q.ended(id)
	if a := q.op("@bob GetQueryResults", `{"QueryId":"`+id+`"}`); !strings.Contains(a.body, `[[{"eventName":`) {
		t.Errorf("result: %s", a.body)
	}
	q.refuses("@bob CancelQuery", `{"QueryId":"`+id+`"}`, "QueryIdNotFoundException")
	q.must("DeleteResourcePolicy", `{"ResourceArn":"`+arn+`"}`, "")
	q.refuses("@bob GetQueryResults", `{"QueryId":"`+id+`"}`, "QueryIdNotFoundException")
}
