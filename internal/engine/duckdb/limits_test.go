package duckdb

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kiroku/internal/engine"
	"kiroku/internal/engine/enginetest"
	"kiroku/internal/event"
	"kiroku/internal/fault"
)

// ends runs a statement to its end.
func ends(t *testing.T, e engine.Engine, tables []engine.Table, sql string, limits engine.Limits) error {
	t.Helper()
	rows, err := e.Query(t.Context(), sql, nil, tables, limits)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}

func TestBombs(t *testing.T) {
	e, _ := open(t, nil)
	list := statements(t, "testdata/bombs.sql")
	list = append(list,
		"SELECT 1"+strings.Repeat("+1", 900),
		"SELECT "+strings.Repeat("NOT ", 50000)+"true",
		"SELECT "+strings.Repeat("upper(", 900)+"'a'"+strings.Repeat(")", 900),
		strings.Repeat("SELECT * FROM (", 2000)+"SELECT 1"+strings.Repeat(")", 2000),
		"SELECT "+strings.Repeat("[", 5000)+strings.Repeat("]", 5000),
		"SELECT 1"+strings.Repeat(" UNION ALL SELECT 1", 10000),
		"SELECT '"+strings.Repeat("x", maxSQL)+"'",
	)
	for _, sql := range list {
		began := time.Now()
		err := e.Check(t.Context(), sql, nil)
		short := sql[:min(len(sql), 100)]
		if fault.KindOf(err) != fault.Invalid || fault.NextOf(err) == "" {
			t.Errorf("%s: err = %v, want invalid with advice", short, err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: refused after %v", short, took)
		}
	}
}

// TestGrowthAllows has statements of ordinary size that must not be taken for bombs.
func TestGrowthAllows(t *testing.T) {
	e, _ := open(t, nil)
	for _, sql := range []string{
		`SELECT repeat('*', 50), lpad(source, 40), rpad(source, 40, '.'), range(24), printf('%-20s|%5d', source, seq), format('{:>10}', source) FROM events`,
		`SELECT a || '-' || b, concat(a, b, c), replace(a, 'x', 'y') FROM (SELECT source || '/' || service AS a, concat(source, ' ', message) AS b, upper(message) AS c FROM events)`,
		`SELECT regexp_replace(message, '\d+', '<number>', 'g') AS shape, count(*) FROM events GROUP BY shape`,
		`SELECT list_reduce(tags, (a, b) -> a || ', ' || b), list_reduce([seq, class_uid], lambda a, b: a + b), list_reduce([1, 2], (a, b) -> greatest(a, b) * 2, 0) FROM events`,
		`SELECT list_reduce(tags, (a, b) -> a || list_reduce([b, source], (c, d) -> c || d)) FROM events`,
		`SELECT list_reduce(tags, (a, b) -> CASE WHEN a = '' THEN b ELSE a || ', ' || b END), list_reduce(range(9), (a, b) -> {'sum': a.sum + b, 'n': a.n + 1}, {'sum': 0, 'n': 0}) FROM events`,
		`SELECT {'x': source, 'y': message} AS s, s.x || s.y, bitstring('101', 64) FROM events`,
		`SELECT * FROM events USING SAMPLE 1000`,
		`SELECT * FROM events TABLESAMPLE 10%`,
		`SELECT seq + class_uid + type_uid + category_uid + activity_id + severity_id FROM events`,
		`SELECT * FROM range(100000000) LIMIT 1`,
		`SELECT count(*), max(i) FROM range(100000000) t(i)`,
		`SELECT source, array_to_string(list_transform(list_sort(list(DISTINCT message)), x -> '<' || replace(x, '|', ' or ') || '>'), ', ') FROM events GROUP BY source`,
		`SELECT string_agg(source || ': ' || names, '; ') FROM (SELECT source, string_agg(DISTINCT actor_user_name, ', ') AS names FROM events GROUP BY source)`,
		`SELECT h, list(e.event_uid), repeat('#', 50) FROM generate_series(TIMESTAMP '2026-01-01', TIMESTAMP '2026-02-01', INTERVAL 1 HOUR) t(h) LEFT JOIN events e ON e.time >= h GROUP BY h`,
		`SELECT source, list(message), rpad(source, 40), max(list_transform(range(100), x -> source)) FROM events GROUP BY source`,
		`WITH days AS (SELECT d FROM range(365) t(d)) SELECT a.d, list(b.d) FROM days a JOIN days b ON b.d BETWEEN a.d AND a.d + 7 GROUP BY 1`,
		`SELECT d, h, array_agg(seq) FROM range(31) a(d), range(24) b(h), events GROUP BY ALL`,
		`SELECT count(*) FROM events WHERE seq IN (` + strings.Repeat("1, ", 5000) + `1)`,
		`SELECT count(*) FROM events WHERE ` + strings.Repeat("seq = 1 OR ", 1000) + `false`,
		`SELECT ` + strings.Repeat("message || '-' || ", 40) + `source FROM events`,
	} {
		if err := e.Check(t.Context(), sql, nil); err != nil {
			t.Errorf("%.100s: %v", sql, err)
		}
	}
}

func TestMemoryLimit(t *testing.T) {
	e, tables := open(t, []enginetest.Store{{Name: "default", Files: [][]*event.Event{enginetest.Events(0, 3000)}}})
	const hungry = `SELECT max(len(l)) FROM (SELECT list(a.raw_data || b.raw_data) AS l FROM events a, events b)`
	for _, limits := range []engine.Limits{{}, {MemoryBytes: 48 << 20, Threads: 1}} {
		err := ends(t, e, tables, hungry, limits)
		if !errors.Is(err, engine.ErrMemory) || fault.KindOf(err) != fault.TooLarge || fault.NextOf(err) == "" {
			t.Errorf("%+v: err = %v, want a memory limit with advice", limits, err)
		}
	}
	if err := ends(t, e, tables, `SELECT actor_user_name, count(*) FROM events GROUP BY 1`, engine.Limits{MemoryBytes: 48 << 20}); err != nil {
		t.Errorf("a modest query with its own memory: %v", err)
	}
	if err := ends(t, e, tables, `SELECT 1`, engine.Limits{MemoryBytes: 1}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a limit of one byte: %v", err)
	}
}

// TestUncountedMemory runs aggregates that keep what they saw where DuckDB's memory limit does not count it.
func TestUncountedMemory(t *testing.T) {
	if resident() == 0 {
		t.Skip("the system does not tell the memory of the process")
	}
	e, _ := open(t, nil)
	before := resident()
	err := ends(t, e, nil, `SELECT mode(i) FROM range(1000000000000) t(i)`, engine.Limits{Timeout: time.Minute})
	if !errors.Is(err, engine.ErrMemory) || fault.KindOf(err) != fault.TooLarge || fault.NextOf(err) == "" {
		t.Errorf("err = %v, want a memory limit with advice", err)
	}
	if grown := resident() - before; grown > 3<<30 {
		t.Errorf("the process has grown by %d MB", grown>>20)
	}
}

// TestSpill sorts more than fits into memory, through the folder for that.
func TestSpill(t *testing.T) {
	e, tables := open(t, []enginetest.Store{{Name: "default", Files: [][]*event.Event{enginetest.Events(0, 1000)}}})
	err := ends(t, e, tables, `SELECT a.raw_data || b.raw_data AS x FROM events a, events b, range(4) ORDER BY x`, engine.Limits{Rows: 1})
	if err != nil {
		t.Error(err)
	}
}

// TestDamagedFile checks that a missing and a broken file are our fault, and are not named.
func TestDamagedFile(t *testing.T) {
	e, tables := open(t, testStores())
	dir := filepath.Dir(tables[0].Files[0])
	broken := filepath.Join(dir, "broken.parquet")
	if err := os.WriteFile(broken, []byte("PAR1 this is no Parquet file"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{broken, filepath.Join(dir, "missing.parquet")} {
		err := ends(t, e, []engine.Table{{Name: "default", Files: []string{file}}}, `SELECT count(*) FROM events`, engine.Limits{})
		if err == nil || fault.KindOf(err) != fault.Other || fault.NextOf(err) == "" || strings.Contains(err.Error(), dir) {
			t.Errorf("%s: err = %v (kind %d)", filepath.Base(file), err, fault.KindOf(err))
		}
	}
	mixed := []engine.Table{{Name: "default", Files: []string{tables[0].Files[0], broken}}}
	if err := ends(t, e, mixed, `SELECT max(raw_data) FROM events`, engine.Limits{}); err == nil || strings.Contains(err.Error(), dir) {
		t.Errorf("one good and one broken file: %v", err)
	}
}

// TestFileNames reads files whose names DuckDB could take for patterns, columns or the end of a text.
func TestFileNames(t *testing.T) {
	e, _ := open(t, nil)
	dir := e.(*Engine).opts.Dirs[0]
	for _, name := range []string{"day=2026-03-01", "a[1]", "b*c?", "it's", "[x", "ü"} {
		sub := filepath.Join(dir, name)
		if err := os.Mkdir(sub, 0o700); err != nil {
			t.Fatal(err)
		}
		tables := enginetest.WriteStores(t, sub, []enginetest.Store{{Name: name, Files: [][]*event.Event{enginetest.Events(0, 5)}}})
		rows, err := e.Query(t.Context(), `SELECT * FROM `+quoteName(name), nil, tables, engine.Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		n := 0
		for rows.Next() {
			n++
		}
		if rows.Err() != nil || n != 5 || len(rows.Columns()) != event.NumColumns {
			t.Errorf("%s: %d rows, %d columns, %v", name, n, len(rows.Columns()), rows.Err())
		}
		rows.Close()
	}
}

// TestFatal checks that the engine starts afresh after an error that DuckDB cannot go on from.
func TestFatal(t *testing.T) {
	e, tables := open(t, testStores())
	before := e.(*Engine).shared
	before.broken.Store(true)
	if err := ends(t, e, tables, `SELECT count(*) FROM events`, engine.Limits{}); err != nil {
		t.Fatal(err)
	}
	if e.(*Engine).shared == before {
		t.Error("the broken instance is still in use")
	}
	<-before.drained
}

func TestClosed(t *testing.T) {
	e, err := Open(Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(e.Close(), e.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Query(t.Context(), `SELECT 1`, nil, nil, engine.Limits{}); err == nil {
		t.Error("a closed engine ran a query")
	}
}

func TestTableNames(t *testing.T) {
	e, _ := open(t, nil)
	for _, tables := range [][]engine.Table{{{Name: ""}}, {{Name: "a"}, {Name: "A"}}, {{Name: "a\x00b"}}} {
		if _, err := e.Query(t.Context(), `SELECT 1`, nil, tables, engine.Limits{}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%v: err = %v, want invalid", tables, err)
		}
	}
	if err := ends(t, e, []engine.Table{{Name: `a"b'c`}, {Name: "select"}, {Name: "events"}}, `SELECT * FROM "a""b'c", "select", events`, engine.Limits{}); err != nil {
		t.Error(err)
	}
}
