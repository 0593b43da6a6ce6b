package duckdb

import (
	"slices"
	"testing"

	"kiroku/internal/engine"
	"kiroku/internal/engine/enginetest"
	"kiroku/internal/event"
)

// Rows that conditions let through are counted, whatever becomes of them afterwards.
func TestMatched(t *testing.T) {
	dir := t.TempDir()
	tables := enginetest.WriteStores(t, dir, []enginetest.Store{{Name: "default", Files: [][]*event.Event{enginetest.Events(0, 3000), enginetest.Events(3000, 3000)}}})
	e, err := Open(Options{Dirs: []string{dir}, MemoryBytes: 256 << 20, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for _, c := range []struct {
		sql  string
		want []int64 // one of them
	}{
		{`SELECT count(*) FROM "default"`, []int64{6000}},
		{`SELECT count(*) FROM "default"`, []int64{6000, -1}}, // the footers are known now
		{`SELECT count(*) FROM "default" WHERE seq < 10`, []int64{10}},
		{`SELECT source, count(*) FROM "default" WHERE length(raw_data) > 0 AND seq % 10 = 3 GROUP BY 1`, []int64{600}},
		{`SELECT a.seq FROM "default" a JOIN "default" b ON a.seq = b.seq + 3 WHERE a.seq < 10 AND b.seq < 5`, nil},
		{`SELECT seq FROM "default" WHERE seq < 0`, []int64{0}},
		{`SELECT 1 FROM range(5)`, []int64{0}},
		{`SELECT x FROM (SELECT seq + 1 AS x FROM "default") WHERE x % 6 = 0`, []int64{1000}},
	} {
		rows, err := e.Query(t.Context(), c.sql, nil, tables, engine.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
		}
		got := rows.Matched()
		if rows.Err() != nil || c.want != nil && !slices.Contains(c.want, got) || c.want == nil && (got < 1 || got > 15) {
			t.Errorf("%s: %d rows matched, %v; want %d", c.sql, got, rows.Err(), c.want)
		}
		rows.Close()
	}
}
