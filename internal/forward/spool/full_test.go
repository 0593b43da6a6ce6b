package spool

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"kiroku/internal/diskfile"
)

// A batch that had no room at first is not there twice, either.
func TestNotTwiceAfterFull(t *testing.T) {
	on := false
	o, dir := Options{Size: small, Disk: diskfile.Disk{Before: func(op diskfile.Op, path string) error {
		if on && op == diskfile.OpWrite && !strings.HasSuffix(path, markFile) {
			return syscall.ENOSPC
		}
		return nil
	}}}, t.TempDir()
	q := open(t, o, dir, 0)
	put(t, q, 1, 5)
	closed(t, q)
	q = open(t, o, dir, 0)
	h, all := records(1, 10)
	var full *FullError
	on = true
	if err := q.Append(&h, slices.Clone(all), 0); !errors.As(err, &full) {
		t.Fatal(err)
	}
	on = false
	if err := q.Append(&h, all, 0); err != nil {
		t.Fatal(err)
	}
	if got := rest(t, q); !slices.Equal(got, ints(1, 10)) {
		t.Errorf("out come %v", got)
	}
	closed(t, q)
}

// A queue takes no more than its size, and goes on when a part of it is free.
func TestFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, dir := Options{Size: small}, t.TempDir()
		q := open(t, o, dir, 0)
		n := 0
		var full *FullError
		for ; full == nil; n += 50 {
			h, all := records(n+1, 50)
			if err := q.Append(&h, all, 0); err != nil && !errors.As(err, &full) {
				t.Fatal(err)
			}
		}
		n -= 50
		var size int64
		for _, path := range segmentFiles(t, dir) {
			info, _ := os.Stat(path)
			size += info.Size()
		}
		if size > small || size < small*8/10 || full.Waiting.Records != int64(n) {
			t.Errorf("full with %d bytes, %+v", size, full)
		}
		if text := full.Error(); !strings.Contains(text, dir) || !strings.Contains(text, "--spool-size") {
			t.Errorf("it says %q", text)
		}
		room := make(chan error, 1)
		go func() { room <- q.Room(t.Context(), full) }()
		if got := rest(t, q); len(got) != n {
			t.Fatalf("%d come out", len(got))
		}
		confirmed := 0
		for synctest.Wait(); len(room) == 0; synctest.Wait() {
			if confirmed += 25; confirmed > n {
				t.Fatal("everything is confirmed, and there is no room")
			}
			q.Confirm(25, Counted{})
			if err := q.Checkpoint(); err != nil {
				t.Fatal(err)
			}
		}
		if confirmed < n/20 || confirmed > n/4 {
			t.Errorf("there is room when %d of %d are confirmed", confirmed, n)
		}
		put(t, q, n+1, 50)
		closed(t, q)
		q = open(t, o, dir, 0)
		if got := rest(t, q); !slices.Equal(got, ints(confirmed+1, n+50)) {
			t.Errorf("%d come out of it then", len(got))
		}
		closed(t, q)
	})
}

// A disk that is full at any step is no error: the queue takes the batch when there is room, and what it had stays whole.
func TestDiskFull(t *testing.T) {
	for _, op := range []diskfile.Op{diskfile.OpCreate, diskfile.OpWrite, diskfile.OpSync, diskfile.OpSyncDir} {
		for _, anew := range []bool{true, false} { // with a new segment, or in the middle of one
			t.Run(fmt.Sprintf("%s %v", op, anew), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					on := false
					dir := t.TempDir()
					o := Options{Size: small, Disk: diskfile.Disk{Before: func(o diskfile.Op, path string) error {
						if on && o == op && !strings.HasSuffix(path, markFile) {
							return syscall.ENOSPC
						}
						return nil
					}}}
					q := open(t, o, dir, 0)
					from := 1
					if !anew {
						put(t, q, from, 4)
						from += 4
					}
					on = true
					h, all := records(from, 4)
					err := q.Append(&h, all, 0)
					var full *FullError
					if happens := anew || op == diskfile.OpWrite || op == diskfile.OpSync; errors.As(err, &full) != happens {
						t.Fatalf("a full disk at %q: %v", op, err)
					} else if !happens {
						return
					}
					if !strings.Contains(full.Error(), "its disk is full") {
						t.Errorf("it says %q", full)
					}
					on = false
					began := time.Now()
					if err := q.Room(t.Context(), full); err != nil || time.Since(began) != fullWait {
						t.Errorf("it is tried again after %v: %v", time.Since(began), err)
					}
					put(t, q, from, 4)
					if got := rest(t, q); !slices.Equal(got, ints(1, from+3)) {
						t.Errorf("out come %v", got)
					}
					closed(t, q)
					q = open(t, o, dir, 0)
					if got := rest(t, q); !slices.Equal(got, ints(1, from+3)) {
						t.Errorf("opened again: %v", got)
					}
					closed(t, q)
				})
			})
		}
	}
}

// What is confirmed is removed when the disk is full, also the last segment: it may be all that is there.
func TestFullDiskIsFreed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		q := open(t, Options{Size: small, Disk: diskfile.Disk{Before: func(op diskfile.Op, path string) error {
			if files, _ := filepath.Glob(filepath.Join(dir, "*"+suffix)); op == diskfile.OpWrite && strings.HasSuffix(path, suffix) && (len(files) > 1 || len(files) == 1 && files[0] != path) {
				return syscall.ENOSPC // it has room for one
			}
			return nil
		}}}, dir, 1<<20)
		next := 1
		for ; len(q.segments) == 0 || q.segments[0].size < q.segmentSize(); next += 50 {
			put(t, q, next, 50)
		}
		for range 2 { // also of what was written anew
			h, all := records(next, 50)
			var full *FullError
			if err := q.Append(&h, all, 0); !errors.As(err, &full) {
				t.Fatalf("it is full: %v", err)
			}
			began := time.Now()
			if err := q.Room(t.Context(), full); err != nil || time.Since(began) != fullWait {
				t.Errorf("while something waits, it is tried again after %v: %v", time.Since(began), err)
			}
			for q.Waiting().Records > 0 {
				_, got, err := q.Next(t.Context(), nil)
				if err != nil {
					t.Fatal(err)
				}
				q.Confirm(len(got), Counted{Records: int64(len(got))})
			}
			began = time.Now()
			if err := q.Room(t.Context(), full); err != nil || time.Since(began) != 0 {
				t.Errorf("when all is confirmed, there is room after %v: %v", time.Since(began), err)
			}
			for n := 0; n == 0 || q.segments[0].size < q.segmentSize(); n++ {
				put(t, q, next, 50)
				next += 50
			}
		}
		closed(t, q)
		q = open(t, Options{Size: small}, dir, 0)
		if got := rest(t, q); len(got) == 0 || got[len(got)-1] != int64(next-1) {
			t.Errorf("the last of %d that come out is not %d", len(got), next-1)
		}
		closed(t, q)
	})
}

func TestOpenOnFullDisk(t *testing.T) {
	o := Options{Size: small, Disk: diskfile.Disk{Before: func(op diskfile.Op, _ string) error {
		if op == diskfile.OpWrite {
			return syscall.ENOSPC
		}
		return nil
	}}}
	var full *FullError
	if _, err := openQueue(o, t.TempDir(), "siem", 0); !errors.As(err, &full) || !strings.Contains(err.Error(), "its disk is full") {
		t.Errorf("it says %v", err)
	}
}
