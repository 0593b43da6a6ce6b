//go:build integration

package iceberg

import (
	"context"
	"database/sql"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	_ "github.com/mattn/go-sqlite3"

	"kiroku/internal/lake/table"
)

const store = "default"

// answer is what read.py prints.
type answer struct {
	Tables     []string       `json:"tables"`
	Format     int            `json:"format"`
	Partition  []string       `json:"partition"`
	Sort       []string       `json:"sort"`
	Snapshots  []string       `json:"snapshots"`
	Publish    []*string      `json:"publish"`
	Files      int            `json:"files"`
	Rows       int            `json:"rows"`
	Seq        []int64        `json:"seq"`
	First      map[string]any `json:"first"`
	LaterFiles int            `json:"later_files"`
	LaterRows  int            `json:"later_rows"`
	DuckRows   int            `json:"duckdb_rows"`
	DuckSeq    int64          `json:"duckdb_seq"`
}

func python(t *testing.T) string {
	t.Helper()
	name := os.Getenv("KIROKU_PYTHON")
	if name == "" {
		name = "python3"
	}
	if out, err := exec.Command(name, "-c", "import pyiceberg.catalog.sql, pyarrow, duckdb").CombinedOutput(); err != nil {
		t.Skipf("SKIPPED, NOTHING WAS PROVED: %s lacks a package (%v): %s\n"+
			"Make a virtual environment with: pip install 'pyiceberg[sql-sqlite,pyarrow]' duckdb\n"+
			"and set KIROKU_PYTHON to its python, or run: make integration", name, err, out)
	}
	return name
}

func read(t *testing.T, python, dir, from string) answer {
	t.Helper()
	cmd := exec.Command(python, "read.py", filepath.Join(dir, "catalog.db"), filepath.Join(dir, "warehouse"), store, from)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("read.py: %v\n%s", err, stderr.String())
	}
	var a answer
	if err := json.Unmarshal(out, &a); err != nil {
		t.Fatalf("read.py printed %q: %v", out, err)
	}
	return a
}

func TestOtherProgramsReadOurTables(t *testing.T) {
	py := python(t)
	ctx := context.Background()
	dir := t.TempDir()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, "catalog.db")+"?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=5000")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	c, err := table.Open(ctx, table.Options{Warehouse: filepath.Join(dir, "warehouse"), DB: db})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Create(ctx, store); err != nil {
		t.Fatal(err)
	}
	day := table.DayOf(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	write := func(day table.Day, seq int64, rows int) table.DataFile {
		return writeFile(t, c.DataDir(store, day), day, seq, rows)
	}
	publish := func(files ...table.DataFile) {
		t.Helper()
		if _, err := c.Append(ctx, store, files, map[string]string{"kiroku.publish": "7"}); err != nil {
			t.Fatal(err)
		}
	}
	small := []table.DataFile{write(day, 0, 10), write(day, 10, 20)}
	publish(small...)
	publish(write(day+1, 100, 30))

	got := read(t, py, dir, (day + 1).Time().Format("2006-01-02T15:04:05+00:00"))
	seven := "7"
	want := answer{
		Tables: []string{"kiroku.default"}, Format: 2, Partition: []string{"day"}, Sort: []string{"identity"},
		Snapshots: []string{"append", "append"}, Publish: []*string{&seven, &seven}, Files: 3, Rows: 60,
		Seq: sequence(0, 30, 100, 130), LaterFiles: 1, LaterRows: 30, DuckRows: 60, DuckSeq: 435 + 3435, First: got.First,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	checkFirst(t, got.First)

	// The table after compaction, retention and expiry.
	merged := writeFile(t, c.DataDir(store, day), day, 0, 30)
	merged.Path = filepath.Join(filepath.Dir(merged.Path), "merged.parquet")
	if err := os.Rename(small[0].Path, merged.Path); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Replace(ctx, store, []string{small[0].Path, small[1].Path}, []table.DataFile{merged}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := c.DeleteDay(ctx, store, day+1, nil); err != nil {
		t.Fatal(err)
	}
	time.Sleep(5 * time.Millisecond)
	if _, err := c.Expire(ctx, store, time.Now(), 1, nil); err != nil {
		t.Fatal(err)
	}
	got = read(t, py, dir, day.Time().Format("2006-01-02T15:04:05+00:00"))
	if got.Rows != 30 || got.Files != 1 || !slices.Equal(got.Seq, sequence(0, 30)) || !slices.Equal(got.Snapshots, []string{"overwrite"}) {
		t.Errorf("after maintenance: %+v", got)
	}
}

// sequence lists the numbers of half-open ranges.
func sequence(bounds ...int64) []int64 {
	var list []int64
	for i := 0; i < len(bounds); i += 2 {
		for n := bounds[i]; n < bounds[i+1]; n++ {
			list = append(list, n)
		}
	}
	return list
}

// checkFirst compares one row with what was written, a column of each kind.
func checkFirst(t *testing.T, row map[string]any) {
	t.Helper()
	for column, want := range map[string]any{
		"event_uid": "event_uid 0 記録", "time": "2026-03-01T00:00:00+00:00", "seq": 0.0, "class_uid": 0.0,
		"is_mfa": true, "src_lat": 0.5, "tags": []any{"tag"}, "unmapped": []any{[]any{"native.key", "value"}},
	} {
		if diff := cmp.Diff(want, row[column]); diff != "" {
			t.Errorf("column %s (-want +got):\n%s", column, diff)
		}
	}
}
