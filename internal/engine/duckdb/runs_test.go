package duckdb

import (
	"fmt"
	"strings"
	"testing"
)

func TestRuns(t *testing.T) {
	e, tables := open(t, nil)
	for text, want := range map[string]string{`'1011'`: "[[1,2],[3],[4]]", `'1'`: "[[1]]", `''`: "[]", `'000'`: "[[1,2,3]]", `NULL`: "null"} {
		if got := strings.Join(results(t, e, tables, "SELECT kiroku_runs("+text+")"), " "); got != "["+want+"]" {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	// Rows of several chunks, of different lengths, with NULL and nothing between them.
	got := results(t, e, tables, `SELECT i, kiroku_runs(CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN '1' WHEN 3 THEN '10' ELSE '1101' END) FROM range(5000) r(i) ORDER BY i`)
	for i, row := range got {
		if want := fmt.Sprintf("[%d,%s]", i, []string{"null", "[]", "[[1]]", "[[1,2]]", "[[1],[2,3],[4]]"}[i%5]); row != want {
			t.Fatalf("%s, want %s", row, want)
		}
	}
}
