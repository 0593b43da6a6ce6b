package table

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"kiroku/internal/diskfile"
	"kiroku/internal/event"
	"kiroku/internal/fault"
)

const store = "default"

// day0 is the first day of the tests' data.
var day0 = DayOf(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))

func openDB(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path+"?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=5000")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// lake is a warehouse in a temporary folder.
type lake struct {
	dir string
	db  *sql.DB
	*Catalog
	seq int64
}

func newLake(t testing.TB) *lake {
	t.Helper()
	dir := t.TempDir()
	l := &lake{dir: dir, db: openDB(t, filepath.Join(dir, "catalog.db"))}
	l.reopen(t, diskfile.Disk{})
	if err := l.Create(context.Background(), store); err != nil {
		t.Fatal(err)
	}
	return l
}

// reopen forgets everything that is not on disk, as a new process does.
func (l *lake) reopen(t testing.TB, disk diskfile.Disk) {
	t.Helper()
	c, err := Open(context.Background(), Options{
		Warehouse: filepath.Join(l.dir, "warehouse"), DB: l.db, Sidecar: ".tokens", Disk: disk,
	})
	if err != nil {
		t.Fatal(err)
	}
	l.Catalog = c
}

// file makes a data file without looking like Parquet: nothing in this package may open one.
func (l *lake) file(t testing.TB, day Day, rows int) DataFile {
	t.Helper()
	dir := l.DataDir(store, day)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, fmt.Sprintf("%08d.parquet", l.seq))
	for _, name := range []string{path, path + ".tokens"} {
		if err := os.WriteFile(name, []byte("rows"), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	start := day.Time().UnixMicro()
	f := DataFile{
		Path: path, Rows: int64(rows), Bytes: 4, Day: day, MinTime: start + l.seq, MaxTime: start + l.seq + 1000,
		MinSeq: l.seq, MaxSeq: l.seq + int64(rows) - 1, Columns: stats(rows),
	}
	l.seq += int64(rows)
	return f
}

// stats are what a writer tells of the columns that engines leave out files by.
func stats(rows int) []ColumnStats {
	var list []ColumnStats
	for _, c := range []event.Column{
		event.ColEventUID, event.ColTime, event.ColIngestTime, event.ColSeq, event.ColSource, event.ColClassUID,
		event.ColSeverityID, event.ColStatusID, event.ColActorUserName, event.ColSrcIP, event.ColIsMFA, event.ColSrcLat,
	} {
		s := ColumnStats{Column: c, Bytes: 100, Values: int64(rows)}
		switch c.Kind() {
		case event.String:
			s.Min, s.Max = "a value that is longer than a bound", "zzzz"
		case event.Int, event.Long, event.Timestamp:
			s.Min, s.Max = int64(1), int64(2)
		case event.Double:
			s.Min, s.Max = 1.5, 2.5
		}
		list = append(list, s)
	}
	return list
}

func (l *lake) append(t testing.TB, files ...DataFile) SnapshotID {
	t.Helper()
	id, err := l.Append(context.Background(), store, files, nil)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// paths are the files of the current snapshot as a new process sees them.
func (l *lake) paths(t testing.TB) []string {
	t.Helper()
	files, err := l.Files(context.Background(), store)
	if err != nil {
		t.Fatal(err)
	}
	l.reopen(t, l.disk)
	fresh, err := l.Files(context.Background(), store)
	if err != nil {
		t.Fatal(err)
	}
	got, want := pathsOf(files), pathsOf(fresh)
	if !slices.Equal(got, want) {
		t.Errorf("the list kept in memory is %q, and the table has %q", got, want)
	}
	return want
}

func pathsOf(files []DataFile) []string {
	var paths []string
	for _, f := range files {
		paths = append(paths, f.Path)
	}
	return paths
}

func (l *lake) orphans(t testing.TB) []string {
	t.Helper()
	orphans, err := l.Orphans(context.Background(), store)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, o := range orphans {
		paths = append(paths, o.Path)
	}
	return paths
}

func TestAppendReplaceDelete(t *testing.T) {
	l := newLake(t)
	ctx := context.Background()
	a, b, c := l.file(t, day0, 10), l.file(t, day0, 20), l.file(t, day0+1, 30)
	first, err := l.Append(ctx, store, []DataFile{a, b, c}, map[string]string{"kiroku.publish": "1"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := l.paths(t), pathsOf([]DataFile{a, b, c}); !slices.Equal(got, want) {
		t.Fatalf("after Append: %q, want %q", got, want)
	}
	merged := l.file(t, day0, 30)
	if _, err := l.Replace(ctx, store, []string{a.Path, b.Path}, []DataFile{merged}, nil); err != nil {
		t.Fatal(err)
	}
	if got, want := l.paths(t), pathsOf([]DataFile{merged, c}); !slices.Equal(got, want) {
		t.Fatalf("after Replace: %q, want %q", got, want)
	}
	if _, err := l.DeleteDay(ctx, store, day0, nil); err != nil {
		t.Fatal(err)
	}
	if got, want := l.paths(t), []string{c.Path}; !slices.Equal(got, want) {
		t.Fatalf("after DeleteDay: %q, want %q", got, want)
	}
	if id, err := l.DeleteDay(ctx, store, day0, nil); err != nil || id != 0 {
		t.Errorf("DeleteDay of an empty day: %d, %v", id, err)
	}
	if _, err := l.DeleteFiles(ctx, store, []string{c.Path}, nil); err != nil {
		t.Fatal(err)
	}
	if got := l.paths(t); len(got) != 0 {
		t.Errorf("after DeleteFiles: %q", got)
	}
	checkSnapshots(t, l, first)
}

func checkSnapshots(t *testing.T, l *lake, first SnapshotID) {
	t.Helper()
	ctx := context.Background()
	snapshots, err := l.Snapshots(ctx, store)
	if err != nil {
		t.Fatal(err)
	}
	var ops []string
	for _, s := range snapshots {
		ops = append(ops, s.Operation)
	}
	if want := []string{"append", "replace", "overwrite", "overwrite"}; !slices.Equal(ops, want) {
		t.Errorf("operations are %q, want %q", ops, want)
	}
	if s := snapshots[0]; s.ID != first || s.Parent != 0 || s.Summary["kiroku.publish"] != "1" || s.Summary["added-records"] != "60" {
		t.Errorf("first snapshot is %+v", s)
	}
	for value, want := range map[string]bool{"1": true, "2": false} {
		if got, err := l.HasSummary(ctx, store, "kiroku.publish", value); err != nil || got != want {
			t.Errorf("HasSummary(%q) = %v, %v", value, got, err)
		}
	}
}

func TestFilesCarryWhatTheCallerGave(t *testing.T) {
	l := newLake(t)
	want := l.file(t, day0, 7)
	want.RowGroups = []int64{4}
	l.append(t, want)
	l.reopen(t, diskfile.Disk{})
	files, err := l.Files(context.Background(), store)
	if err != nil || len(files) != 1 {
		t.Fatalf("Files: %v, %v", files, err)
	}
	got := files[0]
	want.RowGroups, want.Columns = nil, nil
	if got.Path != want.Path || got.Rows != want.Rows || got.Bytes != want.Bytes || got.Day != want.Day ||
		got.MinTime != want.MinTime || got.MaxTime != want.MaxTime || got.MinSeq != want.MinSeq || got.MaxSeq != want.MaxSeq {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// Times before 1970 and at the ends of the calendar have a day too.
func TestDays(t *testing.T) {
	for _, tc := range []struct {
		time string
		want string
	}{
		{"1970-01-01T00:00:00Z", "1970-01-01"},
		{"1969-12-31T23:59:59.999999Z", "1969-12-31"},
		{"2026-03-01T08:59:59+09:00", "2026-02-28"},
		{"0000-01-01T00:00:00Z", "0000-01-01"},
		{"9999-12-31T23:59:59Z", "9999-12-31"},
	} {
		at, err := time.Parse(time.RFC3339Nano, tc.time)
		if err != nil {
			t.Fatal(err)
		}
		if got := DayOf(at).String(); got != tc.want {
			t.Errorf("day of %s is %s, want %s", tc.time, got, tc.want)
		}
	}
}

func TestRefused(t *testing.T) {
	l := newLake(t)
	ctx := context.Background()
	good := l.file(t, day0, 10)
	l.append(t, good)
	with := func(change func(f *DataFile)) []DataFile {
		f := l.file(t, day0, 10)
		change(&f)
		return []DataFile{f}
	}
	twice := l.file(t, day0, 1)
	for _, tc := range []struct {
		name string
		kind fault.Kind
		do   func() error
	}{
		{"no files", fault.Invalid, func() error { _, err := l.Append(ctx, store, nil, nil); return err }},
		{"another folder", fault.Invalid, func() error {
			_, err := l.Append(ctx, store, with(func(f *DataFile) { f.Path = "/tmp/x.parquet" }), nil)
			return err
		}},
		{"no rows", fault.Invalid, func() error {
			_, err := l.Append(ctx, store, with(func(f *DataFile) { f.Rows = 0 }), nil)
			return err
		}},
		{"another day", fault.Invalid, func() error {
			_, err := l.Append(ctx, store, with(func(f *DataFile) { f.MaxTime += microsPerDay }), nil)
			return err
		}},
		{"reversed seq", fault.Invalid, func() error {
			_, err := l.Append(ctx, store, with(func(f *DataFile) { f.MinSeq = f.MaxSeq + 1 }), nil)
			return err
		}},
		{"bound of a wrong type", fault.Other, func() error {
			_, err := l.Append(ctx, store, with(func(f *DataFile) { f.Columns[0].Min = 1.5 }), nil)
			return err
		}},
		{"file that is not on disk", fault.Other, func() error {
			_, err := l.Append(ctx, store, with(func(f *DataFile) { f.Path += "x" }), nil)
			return err
		}},
		{"file of the table", fault.Conflict, func() error { _, err := l.Append(ctx, store, []DataFile{good}, nil); return err }},
		{"file twice", fault.Conflict, func() error { _, err := l.Append(ctx, store, []DataFile{twice, twice}, nil); return err }},
		{"unknown file removed", fault.Conflict, func() error { _, err := l.DeleteFiles(ctx, store, []string{"/x"}, nil); return err }},
		{"nothing to replace", fault.Invalid, func() error {
			_, err := l.Replace(ctx, store, nil, with(func(*DataFile) {}), nil)
			return err
		}},
		{"no table", fault.NotFound, func() error { _, err := l.Files(ctx, "absent"); return err }},
		{"name of a folder", fault.Invalid, func() error { return l.Create(ctx, "../x") }},
		{"keep no snapshot", fault.Invalid, func() error { _, err := l.Expire(ctx, store, time.Now(), 0, nil); return err }},
	} {
		if err := tc.do(); err == nil || fault.KindOf(err) != tc.kind {
			t.Errorf("%s: kind %d of error %v, want kind %d", tc.name, fault.KindOf(err), err, tc.kind)
		}
	}
	if got := l.paths(t); !slices.Equal(got, []string{good.Path}) {
		t.Errorf("table has %q", got)
	}
}

func TestOpenRefusesPathsThatMetadataCannotName(t *testing.T) {
	for _, name := range []string{"a b", "a%20b", "a#b", "a?b", "記録"} {
		db := openDB(t, filepath.Join(t.TempDir(), "c.db"))
		_, err := Open(context.Background(), Options{Warehouse: filepath.Join(t.TempDir(), name), DB: db})
		if fault.KindOf(err) != fault.Invalid || fault.NextOf(err) == "" {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestMovedWarehouseIsNoticed(t *testing.T) {
	l := newLake(t)
	_, err := Open(context.Background(), Options{Warehouse: filepath.Join(t.TempDir(), "moved"), DB: l.db})
	if fault.KindOf(err) != fault.Conflict {
		t.Errorf("error is %v", err)
	}
}

func TestCreateAndDropTwice(t *testing.T) {
	l := newLake(t)
	ctx := context.Background()
	l.append(t, l.file(t, day0, 1))
	if err := l.Create(ctx, store); err != nil {
		t.Fatal(err)
	}
	if got := l.paths(t); len(got) != 1 {
		t.Fatalf("Create of a table that is there left %q", got)
	}
	for range 2 {
		if err := l.Drop(ctx, store); err != nil {
			t.Fatal(err)
		}
		if stores, err := l.Stores(ctx); err != nil || len(stores) != 0 {
			t.Errorf("stores are %q, %v", stores, err)
		}
		if o := l.orphans(t); len(o) != 0 {
			t.Errorf("files stayed: %q", o)
		}
	}
	if has, err := l.HasSummary(ctx, store, "k", ""); err != nil || has {
		t.Errorf("HasSummary without a table: %v, %v", has, err)
	}
	if err := l.Create(ctx, store); err != nil {
		t.Fatal(err)
	}
	if got := l.paths(t); len(got) != 0 {
		t.Errorf("a new table has %q", got)
	}
}
