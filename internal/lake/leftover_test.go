package lake

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// What a killed commit wrote beside a table is gone after the next start, unless it has events that nothing else has.
func TestCrashLeavesNothing(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	l, done, want := filled(t, dir)
	if err := l.Publish(ctx); err != nil {
		t.Fatal(err)
	}
	published := l.stores[DefaultStore].segs[0].path
	done()
	meta := filepath.Join(dir, "warehouse/kiroku/default/metadata")
	copied := filepath.Join(filepath.Dir(published), "copy.parquet")
	whole, err := os.ReadFile(published)
	if err != nil {
		t.Fatal(err)
	}
	left := map[string][]byte{filepath.Join(meta, "x-m1.avro"): nil, filepath.Join(meta, "snap-1-0-x.avro"): nil,
		filepath.Join(meta, ".00009-x.metadata.json.tmp-X"): []byte("{"), copied: whole}
	put := func() {
		t.Helper()
		for path, b := range left {
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	put()
	l, done = open(t, dir)
	if rep, err := l.Fsck(ctx, FsckOptions{}); err != nil || !rep.OK || len(rep.Findings) != len(left) || !rep.Findings[0].Repaired {
		t.Errorf("fsck after the start: %+v, %v", rep, err)
	}
	done()
	check(t, dir, want)
	for path := range left {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s is still there", path)
		}
	}
	// A registry that is older than the files: they may be all that is left of newer events.
	l, done = open(t, dir)
	if err := l.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE stores SET next_seq = next_seq - 1`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	done()
	put()
	_, done = open(t, dir)
	done()
	for path := range left {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}

// catalogs copies the catalog with all that SQLite keeps beside it.
func catalogs(t *testing.T, from, to string) {
	t.Helper()
	for _, end := range []string{"", "-wal", "-shm"} {
		b, err := os.ReadFile(filepath.Join(from, "catalog.db"+end))
		if errors.Is(err, os.ErrNotExist) {
			err = os.RemoveAll(filepath.Join(to, "catalog.db"+end))
		} else if err == nil {
			err = os.WriteFile(filepath.Join(to, "catalog.db"+end), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A repair must not take for garbage what the registry or the table has lost: no event may go.
func TestRepairKeepsEvents(t *testing.T) {
	ctx := context.Background()
	for name, harm := range map[string]func(t *testing.T, dir, before string){
		"older catalog": func(t *testing.T, dir, before string) { catalogs(t, before, dir) },
		"no catalog, no metadata": func(t *testing.T, dir, _ string) {
			catalogs(t, t.TempDir(), dir)
			removeMetadata(t, dir, "*.metadata.json")
		},
		"no manifest": func(t *testing.T, dir, _ string) { removeMetadata(t, dir, "*.avro") },
	} {
		t.Run(name, func(t *testing.T) {
			dir, before := t.TempDir(), t.TempDir()
			l, done, _ := filled(t, dir)
			if err := l.Publish(ctx); err != nil {
				t.Fatal(err)
			}
			done()
			catalogs(t, dir, before)
			l, done = open(t, dir)
			add(t, l.NewWriter(), DefaultStore, 300, 100, time.Minute)
			if err := errors.Join(l.Flush(ctx), l.Publish(ctx)); err != nil {
				t.Fatal(err)
			}
			want := contents(t, l, DefaultStore)
			age(t, l.stores[DefaultStore].segs)
			done()
			harm(t, dir, before)
			for range 2 {
				l, done = open(t, dir)
				rep, err := l.Fsck(ctx, FsckOptions{Repair: true})
				if err != nil || rep.OK || !slices.ContainsFunc(rep.Findings, func(f Finding) bool { return f.Code == "table_differs" }) {
					t.Errorf("fsck --repair: %+v, %v", rep, err)
				}
				if got := contents(t, l, DefaultStore); !slices.Equal(got, want) {
					t.Errorf("%d events after the repair, want %d", len(got), len(want))
				}
				done()
			}
		})
	}
}

// removeMetadata removes files of the table of the default store.
func removeMetadata(t *testing.T, dir, pattern string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "warehouse/kiroku/default/metadata", pattern))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
}
