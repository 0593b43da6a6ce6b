package accessgateway_test

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/source/accessgateway"
	"kiroku/internal/source/sourcetest"
)

// TestContract compares the attributes of every documented line with the vendor-page contract beside it. Codes that
// start with doc: say what is odd about the page, not about the line.
func TestContract(t *testing.T) {
	lines := seedLines(t)
	want, err := os.ReadFile("testdata/seed.expected.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	rows := sourcetest.Lines(want)
	if len(rows) != len(lines) || len(rows) != 48 {
		t.Fatalf("%d lines, %d rows, want 48 of both", len(lines), len(rows))
	}
	for i, line := range lines {
		var row map[string]any
		if err := json.Unmarshal(rows[i], &row); err != nil {
			t.Fatal(err)
		}
		rec := &event.Record{Data: line, Received: sourcetest.Received()}
		got := attributes(t, rec)
		gotCodes, wantCodes := codes(got), codes(row)
		if !slices.Equal(gotCodes, wantCodes) {
			t.Errorf("%s: irregular\n got %q\nwant %q", row["id"], gotCodes, wantCodes)
		}
		id := row["id"]
		for _, m := range []map[string]any{got, row} {
			for _, key := range []string{"id", "given", "irregular"} {
				delete(m, key)
			}
		}
		if !reflect.DeepEqual(got, row) {
			g, _ := json.Marshal(got)
			w, _ := json.Marshal(row)
			t.Errorf("%s:\n got %s\nwant %s", id, g, w)
		}
	}
}

func seedLines(t testing.TB) [][]byte {
	t.Helper()
	data, err := os.ReadFile("testdata/seed.log")
	if err != nil {
		t.Fatal(err)
	}
	return sourcetest.Lines(data)
}

// attributes returns a record's attributes as JSON has them.
func attributes(t testing.TB, rec *event.Record) map[string]any {
	t.Helper()
	m, err := accessgateway.Source.Attributes(rec)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.NewDecoder(bytes.NewReader(b)).Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

func codes(m map[string]any) []string {
	var list []string
	all, _ := m["irregular"].([]any)
	for _, c := range all {
		if s := c.(string); !strings.HasPrefix(s, "doc:") {
			list = append(list, s)
		}
	}
	slices.Sort(list)
	return list
}

func record(line string) *event.Record {
	return &event.Record{Data: []byte(line), Received: time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)}
}
