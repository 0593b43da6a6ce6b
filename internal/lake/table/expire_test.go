package table

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kiroku/internal/diskfile"
)

// onDisk lists all files below the store's folder.
func (l *lake) onDisk(t testing.TB) map[string]bool {
	t.Helper()
	files := map[string]bool{}
	err := filepath.WalkDir(l.Catalog.dir(store), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files[path] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestExpireRemovesWhatNothingReferences(t *testing.T) {
	l := newLake(t)
	ctx := context.Background()
	a, b := l.file(t, day0, 10), l.file(t, day0, 10)
	l.append(t, a)
	l.append(t, b)
	merged := l.file(t, day0, 20)
	if _, err := l.Replace(ctx, store, []string{a.Path, b.Path}, []DataFile{merged}, nil); err != nil {
		t.Fatal(err)
	}
	c := l.file(t, day0+1, 1)
	l.append(t, c)

	// Young snapshots stay, and with them the files that were replaced.
	done, err := l.Expire(ctx, store, time.Now().Add(-time.Hour), 1, nil)
	if err != nil || done.Snapshots != 0 || len(done.Removed) != 0 {
		t.Fatalf("Expire of young snapshots: %+v, %v", done, err)
	}
	busy := func(path string) bool { return path == b.Path }
	time.Sleep(5 * time.Millisecond) // snapshots are told apart by the millisecond
	done, err = l.Expire(ctx, store, time.Now(), 1, busy)
	if err != nil {
		t.Fatal(err)
	}
	if done.Snapshots != 3 {
		t.Errorf("%d snapshots expired, want 3", done.Snapshots)
	}
	if want := []string{b.Path, b.Path + ".tokens"}; !slices.Equal(done.Kept, want) {
		t.Errorf("kept %q, want %q", done.Kept, want)
	}
	disk := l.onDisk(t)
	for path, want := range map[string]bool{
		a.Path: false, a.Path + ".tokens": false, b.Path: true, b.Path + ".tokens": true,
		merged.Path: true, merged.Path + ".tokens": true, c.Path: true,
	} {
		if disk[path] != want {
			t.Errorf("%q on disk: %v, want %v", path, disk[path], want)
		}
	}
	for _, path := range done.Removed {
		if disk[path] {
			t.Errorf("%q is said to be removed", path)
		}
	}
	if got, want := l.paths(t), pathsOf([]DataFile{merged, c}); !slices.Equal(got, want) {
		t.Errorf("table has %q, want %q", got, want)
	}
	if got, want := l.orphans(t), done.Kept; !slices.Equal(got, want) {
		t.Errorf("orphans are %q, want those that were kept %q", got, want)
	}
	if snapshots, err := l.Snapshots(ctx, store); err != nil || len(snapshots) != 1 {
		t.Errorf("snapshots: %v, %v", snapshots, err)
	}
}

func TestExpireOfAnEmptyTable(t *testing.T) {
	l := newLake(t)
	done, err := l.Expire(context.Background(), store, time.Now(), 1, nil)
	if err != nil || done.Snapshots != 0 || len(done.Removed)+len(done.Kept) != 0 {
		t.Errorf("%+v, %v", done, err)
	}
}

// After many commits there are few manifests and few metadata files, and nothing unreferenced lies about.
func TestManyCommitsStaySmall(t *testing.T) {
	l := newLake(t)
	const commits = 60
	for range commits {
		l.append(t, l.file(t, day0, 1))
	}
	if o := l.orphans(t); len(o) != 0 {
		t.Errorf("orphans: %q", o)
	}
	st, err := l.load(context.Background(), store)
	if err != nil {
		t.Fatal(err)
	}
	manifests, err := st.meta.CurrentSnapshot().Manifests(&warehouseFS{})
	if err != nil || len(manifests) > 20 {
		t.Errorf("%d manifests, %v", len(manifests), err)
	}
	var metadata int
	for path := range l.onDisk(t) {
		if strings.HasSuffix(path, ".metadata.json") {
			metadata++
		}
	}
	if metadata > 11 {
		t.Errorf("%d metadata files", metadata)
	}
	if got := l.paths(t); len(got) != commits {
		t.Errorf("table has %d files, want %d", len(got), commits)
	}
	time.Sleep(5 * time.Millisecond)
	if _, err := l.Expire(context.Background(), store, time.Now(), 1, nil); err != nil {
		t.Fatal(err)
	}
	if got := l.paths(t); len(got) != commits {
		t.Errorf("after Expire the table has %d files, want %d", len(got), commits)
	}
	if o := l.orphans(t); len(o) != 0 {
		t.Errorf("orphans after Expire: %q", o)
	}
}

func TestOrphans(t *testing.T) {
	l := newLake(t)
	used, stray := l.file(t, day0, 1), l.file(t, day0, 1)
	l.append(t, used)
	temp := filepath.Join(l.Catalog.dir(store), "metadata", ".x.tmp-1")
	if err := os.WriteFile(temp, nil, 0o640); err != nil {
		t.Fatal(err)
	}
	if got, want := l.orphans(t), []string{stray.Path, stray.Path + ".tokens", temp}; !slices.Equal(got, want) {
		t.Errorf("orphans are %q, want %q", got, want)
	}
}

// A second process that writes the same table is noticed, and no commit is lost.
func TestTwoWriters(t *testing.T) {
	a := newLake(t)
	b := &lake{dir: a.dir, db: a.db, seq: 1 << 20}
	b.reopen(t, diskfile.Disk{})
	var want []string
	for i := range 6 {
		l := []*lake{a, b}[i%2]
		f := l.file(t, day0, 1)
		l.append(t, f)
		want = append(want, f.Path)
	}
	errs := make(chan error)
	for _, l := range []*lake{a, b} {
		f := l.file(t, day0, 1)
		want = append(want, f.Path)
		go func() {
			_, err := l.Append(context.Background(), store, []DataFile{f}, nil)
			errs <- err
		}()
	}
	for range 2 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	got := a.paths(t)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("table has %q, want %q", got, want)
	}
	if o := a.orphans(t); len(o) != 0 {
		t.Errorf("orphans: %q", o)
	}
}

// Commits of many goroutines to one catalog are done one after the other.
func TestConcurrentCommits(t *testing.T) {
	l := newLake(t)
	const writers = 8
	errs := make(chan error)
	for i := range writers {
		f := l.file(t, day0, 1)
		go func() {
			_, err := l.Append(context.Background(), store, []DataFile{f}, map[string]string{"n": fmt.Sprint(i)})
			if err == nil {
				_, err = l.Files(context.Background(), store)
			}
			errs <- err
		}()
	}
	for range writers {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if got := l.paths(t); len(got) != writers {
		t.Errorf("table has %q", got)
	}
}
