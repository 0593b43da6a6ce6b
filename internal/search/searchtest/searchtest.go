// Package searchtest is the corpus that every way of running a query must agree on: events, queries, and which events
// each query finds.
//
//	testdata/events.jsonl ──Rows──▶ event.Event, or rows of a table ──┐
//	testdata/cases.txt ────Cases──▶ query, ids ───────────────────────┴──▶ the engine's own test
package searchtest

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/search"
	"kiroku/internal/source"
)

//go:embed testdata
var testdata embed.FS

// Store is the event data store that the rows belong to.
const Store = "default"

// Row is one event of the corpus.
type Row struct {
	ID     string         // event_uid
	Values map[string]any // by column name: string, float64, bool, []any of string, map[string]any of string; times in RFC 3339
}

// Case is a query and the ids of the events that it finds, sorted.
type Case struct {
	Query string
	Want  []string
}

// Fields are the names of the corpus: those of the table and of a source with names of its own.
func Fields() *search.Fields {
	return search.NewFields(source.Source{Name: "example", Fields: []source.Field{
		{Name: "usr.name", Column: event.ColActorUserName},
		{Name: "network.client.ip", Column: event.ColSrcIP},
		{Name: "SUBJECT", Column: event.ColActorUserName},
	}})
}

// Rows reads the events.
func Rows(t testing.TB) []Row {
	t.Helper()
	var rows []Row
	for line := range strings.Lines(read(t, "testdata/events.jsonl")) {
		var r Row
		if err := json.Unmarshal([]byte(line), &r.Values); err != nil {
			t.Fatal(err)
		}
		r.ID, _ = r.Values["event_uid"].(string)
		rows = append(rows, r)
	}
	return rows
}

// Cases reads the queries.
func Cases(t testing.TB) []Case {
	t.Helper()
	var cases []Case
	for line := range strings.Lines(read(t, "testdata/cases.txt")) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		i := strings.LastIndex(line, "=>")
		if i < 0 {
			t.Fatalf("no arrow in %q", line)
		}
		c := Case{Query: strings.TrimSpace(line[:i]), Want: strings.Fields(line[i+2:])}
		slices.Sort(c.Want)
		cases = append(cases, c)
	}
	return cases
}

func read(t testing.TB, name string) string {
	t.Helper()
	data, err := testdata.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// Fill sets e to the row.
func (r Row) Fill(e *event.Event) error {
	e.Reset()
	for name, v := range r.Values {
		c, ok := event.ByName(name)
		if !ok {
			return fmt.Errorf("fill %s: no column %q", r.ID, name)
		}
		if err := set(e, c, v); err != nil {
			return fmt.Errorf("fill %s: column %q: %w", r.ID, name, err)
		}
	}
	return nil
}

func set(e *event.Event, c event.Column, v any) error {
	switch v := v.(type) {
	case bool:
		e.Bool(c, "", v)
	case float64:
		if c.Kind() == event.Double {
			e.Double(c, "", v)
			return nil
		}
		e.Int(c, "", int64(v))
	case []any:
		for _, x := range v {
			e.Add(c, "", x.(string))
		}
	case map[string]any:
		for k, x := range v {
			e.Unmap(k, x.(string))
		}
	case string:
		if c.Kind() != event.Timestamp {
			e.Str(c, "", v)
			return nil
		}
		t, err := time.Parse(time.RFC3339Nano, v)
		if err != nil {
			return err
		}
		e.Time(c, "", t)
	}
	return nil
}
