package table

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"kiroku/internal/diskfile"
)

var errCrash = errors.New("crash")

// crashAt is a disk that does n steps and then nothing any more, like that of a process that was killed.
func crashAt(n int64) (diskfile.Disk, *atomic.Int64) {
	var steps atomic.Int64
	return diskfile.Disk{Before: func(diskfile.Op, string) error {
		if steps.Add(1) > n {
			return errCrash
		}
		return nil
	}}, &steps
}

// Whatever step a commit dies at, a new process finds the table as it was or as it had to become, and can go on.
func TestCrashAtEveryStep(t *testing.T) {
	ctx := context.Background()
	for _, tc := range []struct {
		name   string
		change func(l *lake, a, b, next DataFile) error
		after  func(a, b, next DataFile) []DataFile
	}{
		{"append", func(l *lake, _, _, next DataFile) error {
			_, err := l.Append(ctx, store, []DataFile{next}, map[string]string{"k": "v"})
			return err
		}, func(a, b, next DataFile) []DataFile { return []DataFile{a, b, next} }},
		{"replace", func(l *lake, a, b, next DataFile) error {
			_, err := l.Replace(ctx, store, []string{a.Path, b.Path}, []DataFile{next}, map[string]string{"k": "v"})
			return err
		}, func(_, _, next DataFile) []DataFile { return []DataFile{next} }},
		{"delete", func(l *lake, a, _, _ DataFile) error {
			_, err := l.DeleteFiles(ctx, store, []string{a.Path}, map[string]string{"k": "v"})
			return err
		}, func(_, b, _ DataFile) []DataFile { return []DataFile{b} }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for n := int64(0); ; n++ {
				if crashOnce(t, n, tc.change, tc.after) {
					if n < 5 {
						t.Errorf("only %d steps", n)
					}
					return
				}
			}
		})
	}
}

// crashOnce lets a change die after n steps. It returns true when it did not die.
func crashOnce(t *testing.T, n int64, change func(l *lake, a, b, next DataFile) error, after func(a, b, next DataFile) []DataFile) bool {
	l := newLake(t)
	a, b, next := l.file(t, day0, 1), l.file(t, day0, 1), l.file(t, day0, 2)
	l.append(t, a)
	l.append(t, b)
	old, want := []string{a.Path, b.Path}, pathsOf(after(a, b, next))
	disk, steps := crashAt(n)
	l.Catalog.disk = disk
	err := change(l, a, b, next)
	finished := steps.Load() <= n
	if finished && err != nil {
		t.Fatal(err)
	}
	l.reopen(t, diskfile.Disk{})
	got := l.paths(t)
	has, hasErr := l.HasSummary(context.Background(), store, "k", "v")
	if hasErr != nil {
		t.Fatal(hasErr)
	}
	switch {
	case has && !slices.Equal(got, want):
		t.Fatalf("step %d (%v): committed, and the table has %q, want %q", n, err, got, want)
	case !has && !slices.Equal(got, old):
		t.Fatalf("step %d (%v): not committed, and the table has %q, want %q", n, err, got, old)
	case err == nil && !has:
		t.Fatalf("step %d: success without a commit", n)
	}
	if !has {
		if err := change(l, a, b, next); err != nil {
			t.Fatalf("step %d: again: %v", n, err)
		}
		if got := l.paths(t); !slices.Equal(got, want) {
			t.Fatalf("step %d: again: table has %q, want %q", n, got, want)
		}
	}
	return finished
}

// A step that fails, while the process lives on, leaves no files behind.
func TestFailedCommitTidiesUp(t *testing.T) {
	for n := int64(1); ; n++ {
		l := newLake(t)
		l.append(t, l.file(t, day0, 1))
		next := l.file(t, day0, 1)
		var steps atomic.Int64
		l.Catalog.disk = diskfile.Disk{Before: func(diskfile.Op, string) error {
			if steps.Add(1) == n {
				return errCrash
			}
			return nil
		}}
		_, err := l.Append(context.Background(), store, []DataFile{next}, nil)
		if steps.Load() < n {
			if err != nil {
				t.Fatal(err)
			}
			return
		}
		if err == nil {
			t.Fatalf("step %d failed, and Append did not", n)
		}
		if got, want := l.orphans(t), []string{next.Path, next.Path + ".tokens"}; !slices.Equal(got, want) {
			t.Errorf("step %d: orphans are %q, want %q", n, got, want)
		}
		if _, err := l.Append(context.Background(), store, []DataFile{next}, nil); err != nil {
			t.Errorf("step %d: again: %v", n, err)
		}
	}
}

// Nothing is committed before everything that the commit leads to is on disk.
func TestRowIsWrittenLast(t *testing.T) {
	l := newLake(t)
	next := l.file(t, day0, 1)
	before, err := l.rows.location(context.Background(), store)
	if err != nil {
		t.Fatal(err)
	}
	synced := map[string]bool{}
	l.Catalog.disk = diskfile.Disk{Before: func(op diskfile.Op, path string) error {
		if op == diskfile.OpSync || op == diskfile.OpSyncDir {
			synced[path] = true
			if now, err := l.rows.location(context.Background(), store); err != nil || now != before {
				t.Errorf("%s %q after the commit", op, path)
			}
		}
		return nil
	}}
	l.append(t, next)
	st, err := l.load(context.Background(), store)
	if err != nil {
		t.Fatal(err)
	}
	snap := st.meta.CurrentSnapshot()
	manifests, err := snap.Manifests(&warehouseFS{})
	if err != nil {
		t.Fatal(err)
	}
	dir := l.Catalog.dir(store)
	want := []string{next.Path, l.DataDir(store, day0), dir + "/data", dir + "/metadata", snap.ManifestList}
	for _, m := range manifests {
		want = append(want, m.FilePath())
	}
	for _, path := range want {
		if !synced[path] {
			t.Errorf("%q was not forced to disk", path)
		}
	}
}

// Expire that dies between its steps never takes a file that the table needs; what it left is found.
func TestCrashInExpire(t *testing.T) {
	ctx := context.Background()
	for n := int64(0); ; n++ {
		l := newLake(t)
		a := l.file(t, day0, 1)
		l.append(t, a)
		merged := l.file(t, day0, 1)
		if _, err := l.Replace(ctx, store, []string{a.Path}, []DataFile{merged}, nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Millisecond)
		disk, steps := crashAt(n)
		l.Catalog.disk = disk
		_, err := l.Expire(ctx, store, time.Now(), 1, nil)
		finished := steps.Load() <= n
		if finished && err != nil {
			t.Fatal(err)
		}
		l.reopen(t, diskfile.Disk{})
		if got := l.paths(t); !slices.Equal(got, []string{merged.Path}) {
			t.Fatalf("step %d: table has %q", n, got)
		}
		if !l.onDisk(t)[merged.Path] {
			t.Fatalf("step %d: a file of the table is gone", n)
		}
		for _, o := range l.orphans(t) {
			if err := diskfile.Remove(o); err != nil {
				t.Fatal(err)
			}
		}
		if got := l.paths(t); !slices.Equal(got, []string{merged.Path}) {
			t.Fatalf("step %d: without its orphans the table has %q", n, got)
		}
		if finished {
			return
		}
	}
}
