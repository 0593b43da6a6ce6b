package duckdb

import (
	"os"
	"path/filepath"
	"testing"

	"kiroku/internal/engine"
	"kiroku/internal/engine/enginetest"
)

// benchFiles is how many files the benchmarks query: about what a store has before its small files are merged.
const benchFiles = 20

// benchTables is a store of 20 files with 5,000 rows each, or the files of the folder in KIROKU_BENCH_PARQUET.
func benchTables(b *testing.B) (string, []engine.Table) {
	b.Helper()
	if dir := os.Getenv("KIROKU_BENCH_PARQUET"); dir != "" {
		files, err := filepath.Glob(filepath.Join(dir, "*.parquet"))
		if err != nil {
			b.Fatal(err)
		}
		return dir, []engine.Table{{Name: "default", Files: files}}
	}
	dir := b.TempDir()
	s := enginetest.Store{Name: "default"}
	for i := range benchFiles {
		s.Files = append(s.Files, enginetest.Events(i*5000, 5000))
	}
	return dir, enginetest.WriteStores(b, dir, []enginetest.Store{s})
}

// BenchmarkQuery runs whole queries, from their text to the last row, with warm footers.
func BenchmarkQuery(b *testing.B) {
	dir, tables := benchTables(b)
	e, err := Open(Options{Dirs: []string{dir}, Threads: 2})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { e.Close() })
	for _, c := range []struct{ name, sql string }{
		{"nothing", `SELECT 1`},
		{"count", `SELECT count(*) FROM events`},
		{"one row", `SELECT event_uid FROM "default" LIMIT 1`},
		{"top 10", `SELECT actor_user_name, count(*) AS n FROM events GROUP BY 1 ORDER BY n DESC LIMIT 10`},
		{"count of one user", `SELECT count(*) FROM events WHERE actor_user_name = 'user7'`},
		{"top 10 of ocsf", `SELECT actor.user.name, count(*) AS n FROM ocsf GROUP BY 1 ORDER BY n DESC LIMIT 10`},
		{"network", `SELECT count(*) FROM events WHERE kiroku_ip_in(src_ip, '192.0.2.0/28')`},
		{"all columns of 1000 rows", `SELECT * FROM "default" LIMIT 1000`},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				drain(b, e, c.sql, tables)
			}
		})
	}
	b.Run("count after a new file", func(b *testing.B) {
		// The list of files changes every time, as it does while events come in: the view is made anew.
		n := 0
		for b.Loop() {
			n++
			some := []engine.Table{{Name: "default", Files: tables[0].Files[n%2:]}}
			drain(b, e, `SELECT count(*) FROM events`, some)
		}
	})
}

func drain(b *testing.B, e *Engine, sql string, tables []engine.Table) {
	rows, err := e.Query(b.Context(), sql, nil, tables, engine.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	for rows.Next() {
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	rows.Close()
}

func BenchmarkCheck(b *testing.B) {
	e, err := Open(Options{Threads: 1})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { e.Close() })
	const sql = `WITH f AS (SELECT * FROM events WHERE status_id = 2 AND time > now() - INTERVAL 1 DAY)
		SELECT actor_user_name, count(*) AS n, max(time) FROM f WHERE src_ip LIKE '192.0.2.%' GROUP BY ALL ORDER BY n DESC LIMIT 10`
	b.SetBytes(int64(len(sql)))
	b.ReportAllocs()
	for b.Loop() {
		if err := e.Check(b.Context(), sql, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOwnInstance is what a memory limit of its own costs a query.
func BenchmarkOwnInstance(b *testing.B) {
	dir, tables := b.TempDir(), []engine.Table{{Name: "default"}}
	e, err := Open(Options{Dirs: []string{dir}, Threads: 2})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { e.Close() })
	for b.Loop() {
		rows, err := e.Query(b.Context(), `SELECT count(*) FROM events`, nil, tables, engine.Limits{MemoryBytes: 64 << 20})
		if err != nil {
			b.Fatal(err)
		}
		rows.Close()
	}
}

// BenchmarkIPIn is the cost of kiroku_ip_in a row.
func BenchmarkIPIn(b *testing.B) {
	e, err := Open(Options{Threads: 1})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { e.Close() })
	const rows = 1 << 20
	for b.Loop() {
		drain(b, e, `SELECT count(*) FROM range(1048576) r(i) WHERE kiroku_ip_in('192.0.2.' || (i % 256), '192.0.2.0/28')`, nil)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
}
