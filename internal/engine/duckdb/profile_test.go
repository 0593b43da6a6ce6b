package duckdb

import (
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
	for sql, want := range map[string]int64{
		`SELECT count(*) FROM "default"`:                                                                     6000,
		`SELECT count(*) FROM "default" WHERE seq < 10`:                                                      10,
		`SELECT source, count(*) FROM "default" WHERE length(raw_data) > 0 AND seq % 10 = 3 GROUP BY 1`:      600,
		`SELECT a.seq FROM "default" a JOIN "default" b ON a.seq = b.seq + 3 WHERE a.seq < 10 AND b.seq < 5`: -1,
		`SELECT seq FROM "default" WHERE seq < 0`:                                                            0,
		`SELECT 1 FROM range(5)`:                                                                             0,
		`SELECT x FROM (SELECT seq + 1 AS x FROM "default") WHERE x % 6 = 0`:                                 1000,
	} {
		rows, err := e.Query(t.Context(), sql, nil, tables, engine.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
		}
		got := rows.Matched()
		if rows.Err() != nil || want >= 0 && got != want || want < 0 && (got < 1 || got > 15) {
			t.Errorf("%s: %d rows matched, %v; want %d", sql, got, rows.Err(), want)
		}
		rows.Close()
	}
}
