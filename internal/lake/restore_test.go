package lake

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kiroku/internal/lake/table"
)

// A catalog.db that is lost without a backup comes back of the metadata files, as the registry knows the table: an older one when the
// newest was never committed.
func TestRepairOfALostCatalog(t *testing.T) {
	for _, newest := range []string{"the table's", "of an interrupted commit", "cut"} {
		t.Run(newest, func(t *testing.T) {
			ctx, dir := t.Context(), t.TempDir()
			l, done, want := filled(t, dir)
			if err := l.Publish(ctx); err != nil {
				t.Fatal(err)
			}
			done()
			metadata := filepath.Join(dir, "warehouse", "kiroku", DefaultStore, "metadata")
			all, err := filepath.Glob(filepath.Join(metadata, "*.metadata.json"))
			if err != nil || len(all) < 2 {
				t.Fatal(all, err)
			}
			b, err := os.ReadFile(all[len(all)-1])
			switch newest {
			case "of an interrupted commit": // it names other files
				empty, readErr := os.ReadFile(all[0])
				err = errors.Join(err, readErr, os.WriteFile(filepath.Join(metadata, "00099-x.metadata.json"), empty, 0o600))
			case "cut":
				err = errors.Join(err, os.WriteFile(filepath.Join(metadata, "00099-x.metadata.json"), b[:len(b)/2], 0o600))
			}
			gone, globErr := filepath.Glob(filepath.Join(dir, "catalog.db*"))
			for _, path := range gone {
				err = errors.Join(err, os.Remove(path))
			}
			if err := errors.Join(err, globErr); err != nil || len(gone) == 0 {
				t.Fatal(gone, err)
			}

			l, done = open(t, dir)
			rep, err := l.Fsck(ctx, FsckOptions{})
			if err != nil || rep.OK || len(rep.Findings) != 1 || rep.Findings[0].Next != table.RestoreNext {
				t.Fatalf("fsck finds %+v, error %v", rep, err)
			}
			if rep, err = l.Fsck(ctx, FsckOptions{Repair: true}); err != nil || !rep.OK || !strings.HasPrefix(rep.Findings[0].Path, metadata) {
				t.Fatalf("repair: %+v, error %v", rep, err)
			}
			add(t, l.NewWriter(), DefaultStore, 100_000, 1, 0)
			if err := errors.Join(l.Flush(ctx), l.Publish(ctx)); err != nil {
				t.Fatal(err)
			}
			done()
			l, done = open(t, dir)
			defer done()
			if got := contents(t, l, DefaultStore); !slices.Equal(got, append(want, "uid-100000")) {
				t.Errorf("%d events, want %d", len(got), len(want)+1)
			}
			if rep, err = l.Fsck(ctx, FsckOptions{}); err != nil || !rep.OK || len(rep.Findings) > 0 {
				t.Errorf("fsck: %+v, error %v", rep, err)
			}
		})
	}
}

// Metadata files that do not name what is registered are not taken.
func TestNoRepairOfALostCatalog(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	l, done, _ := filled(t, dir)
	defer func() { done() }()
	if err := l.Publish(ctx); err != nil {
		t.Fatal(err)
	}
	if err := l.cat.Drop(ctx, DefaultStore); err != nil {
		t.Fatal(err)
	}
	rep, err := l.Fsck(ctx, FsckOptions{Repair: true})
	if err != nil || rep.OK || !slices.ContainsFunc(rep.Findings, func(f Finding) bool { return !f.Repaired && f.Next == backupNext }) {
		t.Errorf("repair: %+v, error %v", rep, err)
	}
}
