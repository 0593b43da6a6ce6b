package duckdb

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"kiroku/internal/engine"
	"kiroku/internal/engine/enginetest"
	"kiroku/internal/event"
	"kiroku/internal/fault"
)

// statements reads a file of statements that end with a blank line.
func statements(t *testing.T, path string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for part := range strings.SplitSeq(string(b), "\n\n") {
		part = regexp.MustCompile(`(?m)^-- .*\n?`).ReplaceAllString(part, "")
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

func testStores() []enginetest.Store {
	return []enginetest.Store{
		{Name: "default", Files: [][]*event.Event{enginetest.Events(0, 200)}},
		{Name: "empty"},
	}
}

// TestEscapes checks that no way out of the sandbox goes through, and that every refusal says what to do and no file.
func TestEscapes(t *testing.T) {
	e, tables := open(t, testStores())
	secret := filepath.Join(t.TempDir(), "secret.txt")
	if err := os.WriteFile(secret, []byte("top secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := tables[0].Files[0]
	fill := strings.NewReplacer("{secret}", secret, "{file}", file, "{dir}", filepath.Dir(file))
	list := statements(t, "testdata/escapes.sql")
	if len(list) < 150 {
		t.Fatalf("only %d statements were read", len(list))
	}
	for _, s := range list {
		sql := fill.Replace(s)
		rows, err := e.Query(t.Context(), sql, nil, tables, engine.Limits{})
		if err == nil {
			t.Errorf("%s: was run", s)
			rows.Close()
			continue
		}
		if fault.KindOf(err) != fault.Invalid || fault.NextOf(err) == "" {
			t.Errorf("%s: err = %v (kind %d, next %q), want invalid with advice", s, err, fault.KindOf(err), fault.NextOf(err))
		}
		if !strings.Contains(s, "{") && strings.Contains(err.Error(), filepath.Dir(file)) {
			t.Errorf("%s: the error names a data file: %v", s, err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), "*")); len(left) != 1 {
		t.Errorf("the data folder holds %q", left)
	}
}

func TestAllowed(t *testing.T) {
	e, tables := open(t, testStores())
	for _, sql := range statements(t, "testdata/allowed.sql") {
		rows, err := e.Query(t.Context(), sql, nil, tables, engine.Limits{})
		if err != nil {
			t.Errorf("%s: %v", sql, err)
			continue
		}
		for rows.Next() {
		}
		if rows.Err() != nil {
			t.Errorf("%s: %v", sql, rows.Err())
		}
		rows.Close()
	}
}

// TestInstanceRefuses runs escapes past the check, straight on a connection: the instance must refuse them by itself.
func TestInstanceRefuses(t *testing.T) {
	e, tables := open(t, testStores())
	secret := filepath.Join(t.TempDir(), "secret.csv")
	if err := os.WriteFile(secret, []byte("a,b\n1,2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := e.(*Engine).acquire(engine.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.release()
	if err := c.exec("SELECT count(*) FROM read_parquet('" + tables[0].Files[0] + "')"); err != nil {
		t.Errorf("data files cannot be read: %v", err)
	}
	out := filepath.Join(t.TempDir(), "out.csv")
	for _, sql := range []string{
		"SELECT * FROM read_csv('" + secret + "')",
		"SELECT * FROM read_text('/etc/passwd')",
		"SELECT * FROM '" + secret + "'",
		"SELECT * FROM glob('/etc/*')",
		"SELECT * FROM read_text('" + filepath.Dir(tables[0].Files[0]) + "/../../../../../etc/passwd')",
		"COPY (SELECT 1) TO '" + out + "'",
		"ATTACH '" + filepath.Join(t.TempDir(), "x.duckdb") + "'",
		"INSTALL httpfs",
		"LOAD httpfs",
		"LOAD '/tmp/x.duckdb_extension'",
		"SELECT * FROM 'https://example.com/x.parquet'",
		"SET enable_external_access = true",
		"SET allowed_directories = ['/']",
		"SET lock_configuration = false",
		"SET memory_limit = '100GB'",
		"SET temp_directory = '/tmp'",
		"SET log_query_path = '" + out + "'",
	} {
		if err := c.exec(sql); err == nil {
			t.Errorf("%s: was run", sql)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a file was written outside the data folder")
	}
}

// TestFunctionsAreJudged fails when DuckDB has functions that nobody decided on.
func TestFunctionsAreJudged(t *testing.T) {
	denied := map[string]bool{}
	b, err := os.ReadFile("functions_denied.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		denied[strings.TrimSpace(line)] = true
	}
	e, _ := open(t, nil)
	c, err := e.(*Engine).acquire(engine.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.release()
	text, err := c.text(`SELECT string_agg(DISTINCT function_name, ' ') FROM duckdb_functions()
		WHERE function_type IN ('scalar', 'aggregate', 'macro') AND ?::VARCHAR = ''`, "")
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Fields(text)
	if len(names) < 500 {
		t.Fatalf("DuckDB names only %d functions", len(names))
	}
	for _, name := range names {
		if allowedFunctions()[name] == denied[name] {
			t.Errorf("function %q: allowed %v, denied %v; put it into one of the two lists", name, allowedFunctions()[name], denied[name])
		}
	}
}

// FuzzCheck: a statement is refused with advice, or reads nothing but known relations; the connection works afterwards.
func FuzzCheck(f *testing.F) {
	for _, s := range []string{"SELECT 1", "SELECT * FROM events", "WITH a AS (FROM x) SELECT * FROM a", "FROM '/etc/passwd'", "SELECT 1;SELECT 2", "((((", "SELECT $1", "PIVOT x ON y"} {
		f.Add(s)
	}
	e, err := Open(Options{Threads: 1, MemoryBytes: 64 << 20})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { e.Close() })
	f.Fuzz(func(t *testing.T, sql string) {
		c, err := e.acquire(engine.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		defer c.release()
		used, err := c.check(t.Context(), sql, newNames(nil))
		if err != nil {
			if fault.KindOf(err) != fault.Invalid || fault.NextOf(err) == "" {
				t.Fatalf("%q: %v is no advice", sql, err)
			}
			return
		}
		for _, name := range used {
			if name != engine.Events && name != engine.OCSF {
				t.Fatalf("%q: may read %q", sql, name)
			}
		}
		if err := c.exec("SELECT 1"); err != nil {
			t.Fatalf("%q: the connection is broken: %v", sql, err)
		}
	})
}

// TestNamesTold checks that names of stores are told as a statement must write them.
func TestNamesTold(t *testing.T) {
	e, tables := open(t, append(testStores(), enginetest.Store{Name: "audit-2025"}))
	for sql, want := range map[string]string{
		"SELECT * FROM nothing":         `"audit-2025", "default", "empty", events, ocsf`,
		"SELECT * FROM default":         `in double quotes: "default".`,
		"SELECT seq FROM DEFAULT LIMIT": `in double quotes: "DEFAULT".`,
		"SELECT 1 +":                    "at that place.",
	} {
		_, err := e.Query(t.Context(), sql, nil, tables, engine.Limits{})
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.NextOf(err), want) {
			t.Errorf("%s: %v, next %q; want %s", sql, err, fault.NextOf(err), want)
		}
	}
}

// TestViewsGo runs statements past the check on a connection that served a caller who may see more: nothing may be left
// behind a name that this caller sees otherwise, or not at all.
func TestViewsGo(t *testing.T) {
	e, tables := open(t, testStores())
	everything := `SELECT a.raw_data FROM events a, ocsf b, "` + tables[0].Name + `" c LIMIT 1`
	if err := ends(t, e, tables, everything, engine.Limits{}); err != nil {
		t.Fatal(err)
	}
	if err := ends(t, e, nil, `SELECT source FROM events`, engine.Limits{Hide: []string{"raw_data"}}); err != nil {
		t.Fatal(err)
	}
	c, err := e.(*Engine).acquire(engine.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.release()
	for _, sql := range []string{`SELECT raw_data FROM events`, `SELECT raw_data FROM ocsf`, `SELECT raw_data FROM "` + tables[0].Name + `"`} {
		if err := c.exec(sql); err == nil {
			t.Errorf("%s: was run", sql)
		}
	}
}
