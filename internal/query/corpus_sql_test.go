package query_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"kiroku/internal/engine"
	"kiroku/internal/engine/duckdb"
	"kiroku/internal/event"
	"kiroku/internal/lake/segment"
	"kiroku/internal/search"
	"kiroku/internal/search/searchtest"
)

// Every query of the corpus finds the same events as SQL over the same files as it does in this package's own reader.
func TestCorpusAsSQL(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "corpus.parquet")
	b := segment.NewBuilder(search.HashTokens, segment.Fast)
	var e event.Event
	for _, row := range searchtest.Rows(t) {
		if err := row.Fill(&e); err != nil {
			t.Fatal(err)
		}
		b.Append(&e)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := segment.Assemble(f, []*segment.Group{b.Finish()}, 1); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	eng, err := duckdb.Open(duckdb.Options{Dirs: []string{dir}})
	if err != nil {
		t.Fatal(err)
	}
	defer eng.Close()
	tables := []engine.Table{{Name: searchtest.Store, Files: []string{path}}}
	for _, c := range searchtest.Cases(t) {
		ast, err := search.Parse(c.Query)
		if err != nil {
			t.Fatal(err)
		}
		prog, err := search.Compile(ast, searchtest.Fields())
		if err != nil {
			t.Fatal(err)
		}
		where, args := prog.Bind(searchtest.Store).SQL(search.DuckDB{})
		rows, err := eng.Query(context.Background(), `SELECT event_uid FROM "default" WHERE `+where, args, tables, engine.Limits{})
		if err != nil {
			t.Errorf("%s: %v\n%s", c.Query, err, where)
			continue
		}
		var got []string
		for rows.Next() {
			got = append(got, rows.Values()[0].(string))
		}
		if err := rows.Err(); err != nil {
			t.Errorf("%s: %v", c.Query, err)
		}
		rows.Close()
		slices.Sort(got)
		if !slices.Equal(got, c.Want) {
			t.Errorf("%s: got %q, want %q\n%s", c.Query, got, c.Want, where)
		}
	}
}
