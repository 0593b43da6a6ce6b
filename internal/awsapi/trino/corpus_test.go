package trino

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kiroku/internal/engine"
	"kiroku/internal/engine/duckdb"
	"kiroku/internal/event"
	"kiroku/internal/lake/segment"
	"kiroku/internal/search"
	"kiroku/internal/source/auditevent"
	"kiroku/internal/source/cloudtrail"
)

var update = flag.Bool("update", false, "write the expected results")

// The stores of the tests: AWS events of testdata/records, activity, Insights events and configuration items of the folders of these names.
const (
	awsStore      = "0233062b-51c6-4d18-8dec-a8c90da840d9"
	activityStore = "a1b2c3d4-5678-90ab-cdef-0123456789ab"
	insightStore  = "1e5a0000-1111-2222-3333-444455556666"
	configStore   = "c0ffee00-1234-5678-9abc-def012345678"
	emptyStore    = "12345678-1234-1234-1234-123456789012"
)

var errNoStore = errors.New("event data store not found")

type stores map[string]Category

func (s stores) Store(name string) (Store, error) {
	id := strings.TrimPrefix(name, "arn:aws:cloudtrail:us-east-1:111122223333:eventdatastore/")
	category, ok := s[id]
	if !ok {
		return Store{}, errNoStore
	}
	return Store{Table: id, Category: category}, nil
}

var testStores = stores{awsStore: AWSEvents, activityStore: ActivityAuditLog, insightStore: Insight, configStore: ConfigurationItem, emptyStore: AWSEvents}

var testNow = time.Date(2025, 3, 10, 12, 30, 0, 0, time.UTC)

// records reads the elements of the Records of every file of a folder.
func records(tb testing.TB, dir string) []json.RawMessage {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		tb.Fatalf("no records in %s: %v", dir, err)
	}
	var list []json.RawMessage
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			tb.Fatal(err)
		}
		var doc struct{ Records []json.RawMessage }
		if err := json.Unmarshal(b, &doc); err != nil {
			tb.Fatalf("%s: %v", f, err)
		}
		for _, r := range doc.Records {
			var line bytes.Buffer
			if err := json.Compact(&line, r); err != nil {
				tb.Fatal(err)
			}
			list = append(list, line.Bytes())
		}
	}
	return list
}

// fill maps a record as the store's source does.
func fill(tb testing.TB, e *event.Event, raw []byte, category Category) {
	e.Reset()
	e.Str(event.ColEventUID, "", "0")
	e.Str(event.ColRawData, "", string(raw))
	e.Time(event.ColIngestTime, "", testNow)
	src := cloudtrail.Source
	if category == ActivityAuditLog {
		src = auditevent.Source
	}
	e.Str(event.ColSource, "", string(src.Name))
	if err := src.Map(&event.Record{Data: raw, Received: testNow}, e); err != nil {
		tb.Fatal(err)
	}
}

// lake writes the stores of the tests as segments.
func lake(tb testing.TB) (engine.Engine, []engine.Table) {
	tb.Helper()
	dir := tb.TempDir()
	tables := []engine.Table{
		{Name: awsStore, Files: []string{write(tb, dir, "aws", records(tb, "testdata/records"), AWSEvents)}},
		{Name: activityStore, Files: []string{write(tb, dir, "activity", records(tb, "testdata/activity"), ActivityAuditLog)}},
		{Name: insightStore, Files: []string{write(tb, dir, "insight", records(tb, "testdata/insight"), Insight)}},
		{Name: configStore, Files: []string{write(tb, dir, "configuration", records(tb, "testdata/configuration"), ConfigurationItem)}},
		{Name: emptyStore},
	}
	e, err := duckdb.Open(duckdb.Options{Dirs: []string{dir}})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { e.Close() })
	return e, tables
}

func write(tb testing.TB, dir, name string, raw []json.RawMessage, category Category) string {
	tb.Helper()
	b := segment.NewBuilder(search.HashTokens, segment.Fast)
	var e event.Event
	for _, r := range raw {
		fill(tb, &e, r, category)
		b.Append(&e)
	}
	path := filepath.Join(dir, name+".parquet")
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := segment.Assemble(f, []*segment.Group{b.Finish()}, 1); err != nil {
		tb.Fatal(err)
	}
	if err := f.Close(); err != nil {
		tb.Fatal(err)
	}
	return path
}

// run compiles and runs a statement and returns what a person would see: names, types, rows; or the error.
func run(tb testing.TB, e engine.Engine, tables []engine.Table, statement string, opts Options) (string, *Query) {
	tb.Helper()
	q, err := Compile(statement, testStores, opts)
	if err != nil {
		return "error: " + err.Error() + "\n", nil
	}
	rows, err := e.Query(tb.Context(), q.SQL, nil, tables, engine.Limits{})
	if err != nil {
		return "failed: " + err.Error() + "\n", q
	}
	defer rows.Close()
	var out strings.Builder
	names, types := make([]string, len(q.Columns)), make([]string, len(q.Columns))
	for i, c := range q.Columns {
		names[i], types[i] = c.Name, c.Type.String()
	}
	fmt.Fprintf(&out, "%s\n%s\n", strings.Join(names, " | "), strings.Join(types, " | "))
	if got := len(rows.Columns()); got != len(q.Columns) {
		tb.Errorf("%s: %d columns, %d announced", statement, got, len(q.Columns))
	}
	for rows.Next() {
		cells := make([]string, len(q.Columns))
		for i, v := range rows.Values() {
			cells[i] = string(AppendCell(nil, q.Columns[i].Type, v))
		}
		out.WriteString(strings.Join(cells, " | ") + "\n")
	}
	if rows.Err() != nil {
		fmt.Fprintf(&out, "failed: %v\n", rows.Err())
	}
	return out.String(), q
}

// TestCorpus runs every statement of testdata/queries and compares its result. A file is the statement, a line of dashes,
// and the result: names, types and rows, or the error.
func TestCorpus(t *testing.T) {
	e, tables := lake(t)
	files, err := filepath.Glob("testdata/queries/*.txt")
	if err != nil || len(files) < 60 {
		t.Fatalf("only %d statements: %v", len(files), err)
	}
	slices.Sort(files)
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			statement, want, _ := strings.Cut(string(b), "\n----\n")
			got, q := run(t, e, tables, statement, Options{Now: testNow, Parameters: testParameters(statement)})
			if *update {
				if err := os.WriteFile(path, []byte(statement+"\n----\n"+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
				if q != nil {
					t.Logf("SQL: %s", q.SQL)
				}
			}
		})
	}
}

// testParameters are the values that a statement of the corpus names in its first line: -- parameters: a, b
func testParameters(statement string) []string {
	list, ok := strings.CutPrefix(statement, "-- parameters: ")
	if !ok {
		return nil
	}
	list, _, _ = strings.Cut(list, "\n")
	return strings.Split(list, ", ")
}
