package spool

import (
	"context"
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
	"kiroku/internal/fault"
	"kiroku/internal/forward/wire"
)

const small = 256 << 10 // size of a queue: segments of 4 KiB

var over = func() <-chan struct{} { c := make(chan struct{}); close(c); return c }()

func records(from, n int) (h wire.BatchHeader, all []wire.Record) {
	for i := from; i < from+n; i++ {
		all = append(all, wire.Record{Seq: int64(i), Time: 1738633915000000 + int64(i), UID: fmt.Sprintf("id-%d", i), Line: fmt.Appendf(nil, "line %06d", i)})
	}
	return wire.BatchHeader{Store: "default", Next: int64(from + n - 1)}, all
}

func open(t *testing.T, o Options, dir string, keep int) *Queue {
	t.Helper()
	q, err := openQueue(o, dir, "siem", int64(keep))
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func put(t *testing.T, q *Queue, from, n int) {
	t.Helper()
	h, all := records(from, n)
	if err := q.Append(&h, all, 0); err != nil {
		t.Fatal(err)
	}
}

// due is what the server is to be told, and upTo for Told.
func due(t testing.TB, q *Queue) (a *wire.Ack, upTo int64) {
	t.Helper()
	a, upTo, err := q.Due()
	if err != nil {
		t.Fatal(err)
	}
	return a, upTo
}

// killed is what a process that is killed now leaves.
func killed(t *testing.T, dir string) string {
	t.Helper()
	left := t.TempDir()
	if err := os.CopyFS(left, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return left
}

// rest reads everything that is left.
func rest(t *testing.T, q *Queue) (seqs []int64) {
	t.Helper()
	for {
		_, all, err := q.Next(t.Context(), over)
		if errors.Is(err, ErrEnd) {
			return seqs
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range all {
			if want := fmt.Sprintf("line %06d", r.Seq); string(r.Line) != want || r.UID != fmt.Sprintf("id-%d", r.Seq) || r.Time != 1738633915000000+r.Seq {
				t.Fatalf("record %d is %+v", r.Seq, r)
			}
			seqs = append(seqs, r.Seq)
		}
	}
}

func ints(from, to int) (all []int64) {
	for i := from; i <= to; i++ {
		all = append(all, int64(i))
	}
	return all
}

func closed(t *testing.T, q *Queue) {
	t.Helper()
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
}

func segmentFiles(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"+suffix))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func counted(n int) Counted { return Counted{Records: int64(n), Last: wire.Receipt{UID: "last"}} }

// What was put in comes out, in order, also after the queue was closed in between; what is confirmed does not come again.
func TestRoundTrip(t *testing.T) {
	o, dir := Options{Size: small}, t.TempDir()
	q := open(t, o, dir, 0)
	if !q.Fresh() {
		t.Error("a new queue is not fresh")
	}
	for i := range 40 {
		put(t, q, i*25+1, 25)
	}
	if got := q.Waiting(); got.Records != 1000 || got.Bytes == 0 || got.Oldest.IsZero() {
		t.Errorf("it says that %+v waits", got)
	}
	if got := rest(t, q); !slices.Equal(got, ints(1, 1000)) {
		t.Fatalf("%d records come out: %.100v", len(got), got)
	}
	q.Confirm(333, counted(333)) // in the middle of a frame
	a, upTo := due(t, q)
	if a == nil || a.Records != 333 || a.Positions["default"] != 1000 || a.Spool.Records != 667 {
		t.Errorf("the server is to be told %+v", a)
	}
	q.Told(upTo)
	if a, _ := due(t, q); a != nil {
		t.Errorf("it is to be told again: %+v", a)
	}
	closed(t, q)
	q = open(t, o, dir, 0)
	if got := q.Waiting(); got.Records != 667 {
		t.Errorf("opened again, it says that %+v waits", got)
	}
	put(t, q, 1001, 5)
	if got := rest(t, q); !slices.Equal(got, ints(334, 1005)) {
		t.Fatalf("%d records come out", len(got))
	}
	q.Confirm(672, counted(672))
	if got := q.Waiting(); got != (Waiting{}) {
		t.Errorf("everything is confirmed, and %+v waits", got)
	}
	if err := q.Checkpoint(); err != nil {
		t.Fatal(err)
	}
	if got := segmentFiles(t, dir); len(got) != 1 {
		t.Errorf("everything is confirmed, and there are still %q", got)
	}
	closed(t, q)
	q = open(t, o, dir, 0)
	if a, _ := due(t, q); a == nil || a.Records != 672 || a.Last.UID != "last" {
		t.Errorf("what the server was not told of is forgotten: %+v", a)
	}
	closed(t, q)
}

// Whatever the last write left behind, everything before it is there, and what comes next follows it.
func TestTornTail(t *testing.T) {
	o, dir := Options{Size: small}, t.TempDir()
	q := open(t, o, dir, 0)
	put(t, q, 1, 3)
	_, upTo := due(t, q)
	q.Told(upTo)
	closed(t, q)
	path := segmentFiles(t, dir)[0]
	before, _ := os.ReadFile(path)
	h, all := records(4, 2)
	frame, _, err := appendFrame(nil, 3, time.Now(), &h, all)
	if err != nil {
		t.Fatal(err)
	}
	mark, _ := os.ReadFile(filepath.Join(dir, markFile))
	for n := range frame {
		for _, garbage := range []string{"", "\x00\x00\x00\x00", "KrkF"}[n%3:][:1] {
			dir := t.TempDir()
			torn := slices.Concat(before, frame[:n], []byte(garbage))
			if err := errors.Join(os.WriteFile(filepath.Join(dir, filepath.Base(path)), torn, 0o600), os.WriteFile(filepath.Join(dir, markFile), mark, 0o600)); err != nil {
				t.Fatal(err)
			}
			q := open(t, o, dir, 0)
			if got := rest(t, q); !slices.Equal(got, ints(1, 3)) {
				t.Fatalf("torn at byte %d of the frame: %v", n, got)
			}
			if n%8 != 0 {
				closed(t, q)
				continue
			}
			put(t, q, 4, 2)
			closed(t, q)
			q = open(t, o, dir, 0)
			if got := rest(t, q); !slices.Equal(got, ints(1, 5)) {
				t.Fatalf("torn at byte %d of the frame, and opened again: %v", n, got)
			}
			closed(t, q)
		}
	}
}

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

// What a receiver that was restarted may have lost stays, and no more.
func TestSeeds(t *testing.T) {
	const keep = 3000 // of lines of 11 bytes: 273 records
	o, dir := Options{Size: small}, t.TempDir()
	q := open(t, o, dir, keep)
	for i := range 40 {
		put(t, q, i*25+1, 25)
		rest(t, q)
		q.Confirm(25, Counted{})
		if err := q.Checkpoint(); err != nil {
			t.Fatal(err)
		}
	}
	put(t, q, 1001, 25)
	for range 2 {
		seeds, err := q.Seeds()
		if err != nil {
			t.Fatal(err)
		}
		if len(seeds) != (keep+10)/11 || seeds[len(seeds)-1].Seq != 1000 || string(seeds[0].Line) != fmt.Sprintf("line %06d", seeds[0].Seq) {
			t.Errorf("%d seeds, the last is %d", len(seeds), seeds[len(seeds)-1].Seq)
		}
		closed(t, q)
		q = open(t, o, dir, keep)
	}
	if n := len(segmentFiles(t, dir)); n > 8 {
		t.Errorf("%d segments are kept", n)
	}
	closed(t, q)
}

// What the server was not told of may come from it again: it is there once.
func TestNotTwice(t *testing.T) {
	o, dir := Options{Size: small}, t.TempDir()
	q := open(t, o, dir, 0)
	put(t, q, 1, 5)
	_, upTo := due(t, q)
	q.Told(upTo)
	put(t, q, 6, 5)
	closed(t, q)
	q = open(t, o, dir, 0)
	put(t, q, 6, 10)
	put(t, q, 3, 1) // an older one, which the server sends on purpose
	if got := rest(t, q); !slices.Equal(got, append(ints(1, 15), 3)) {
		t.Errorf("out come %v", got)
	}
	closed(t, q)
}

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	mine := &wire.Config{Agent: wire.Agent{ID: "a1", Name: "soc"}, Destinations: []wire.Destination{{Name: "siem", To: "tcp://192.0.2.1:514"}}}
	f, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(dir); info.Mode().Perm() != 0o700 {
		t.Errorf("its mode is %v", info.Mode())
	}
	if _, err := Open(Options{Dir: dir}); fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), "another process uses it") {
		t.Errorf("a second process: %v", err)
	}
	if f.Config() != nil || f.Keep(mine) != nil {
		t.Error("a new folder does not become an agent's")
	}
	q, err := f.Queue("siem", 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	put(t, q, 1, 3)
	if _, err := f.Queue("siem", 0, nil); !errors.Is(err, ErrBusy) {
		t.Errorf("the same queue a second time: %v", err)
	}
	closed(t, q)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if f, err = Open(Options{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	if got := f.Config(); got == nil || got.Agent.ID != "a1" || got.Destinations[0].To != "tcp://192.0.2.1:514" {
		t.Errorf("it remembers %+v", got)
	}
	err = f.Keep(&wire.Config{Agent: wire.Agent{ID: "a2", Name: "other"}})
	if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), `belongs to the agent "soc" (a1)`) {
		t.Errorf("another agent: %v", err)
	}
	for _, name := range []string{"siem", "SIEM"} {
		rests, err := f.Rests([]wire.Destination{{Name: name}})
		if want := 1 - strings.Count(name, "siem"); err != nil || len(rests) != want {
			t.Fatalf("with the destination %q left are %+v, %v", name, rests, err)
		}
		if len(rests) > 0 && (rests[0].Destination != "siem" || rests[0].Waiting.Records != 3) {
			t.Errorf("left is %+v", rests)
		}
	}
	if q, err = f.Queue("siem", 0, nil); err != nil {
		t.Fatal(err)
	}
	rest(t, q)
	q.Confirm(3, Counted{})
	closed(t, q)
	if rests, err := f.Rests(nil); err != nil || len(rests) != 0 || exists(filepath.Join(dir, nameOf("siem"))) {
		t.Errorf("what is confirmed is left: %+v, %v", rests, err)
	}
	if err := errors.Join(f.Clear(), f.Close()); err != nil {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 { // the lock
		t.Errorf("after Clear there are %v", entries)
	}
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

func TestRefusedFolders(t *testing.T) {
	foreign, newer := t.TempDir(), t.TempDir()
	if err := errors.Join(os.WriteFile(filepath.Join(foreign, "report.txt"), nil, 0o600), os.WriteFile(filepath.Join(newer, ownerFile), []byte(`{"version": 2}`), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		o    Options
		want string
	}{
		{Options{Dir: foreign}, `it is no spool, and not empty: it has "report.txt"`},
		{Options{Dir: newer}, "it is of version 2"},
		{Options{Dir: filepath.Join(foreign, "report.txt")}, "not a directory"},
		{Options{Dir: t.TempDir(), Size: 1000}, "--spool-size is 1000 bytes"},
	} {
		if _, err := Open(tt.o); err == nil || !strings.Contains(err.Error(), tt.want) || fault.NextOf(err) == "" {
			t.Errorf("open %q: %v, next %q", tt.o.Dir, err, fault.NextOf(err))
		}
	}
}

// Names of destinations are names of folders on every file system, and no two are the same.
func TestNames(t *testing.T) {
	seen := map[string]string{}
	for _, name := range []string{"siem", "SIEM", "a/b", "..", "a b", "a%20b", "日本", strings.Repeat("x", 300), strings.Repeat("x", 301), "con"} {
		got := nameOf(name)
		if other, ok := seen[strings.ToLower(got)]; ok || len(got) > 110 || strings.ContainsAny(got, `/\:. `) {
			t.Errorf("%q is %q; %q is too", name, got, other)
		}
		seen[strings.ToLower(got)] = name
	}
}

// The samples of all versions can be read.
func TestFormats(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("testdata", "v1"+suffix))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "00000000000000000000"+suffix), b, 0o600); err != nil {
		t.Fatal(err)
	}
	q := open(t, Options{Size: small}, dir, 0)
	if got := rest(t, q); !slices.Equal(got, ints(1, 5)) {
		t.Errorf("out come %v", got)
	}
	closed(t, q)
	if err := os.WriteFile(filepath.Join(dir, "00000000000000000000"+suffix), []byte("KIROKU SPOOL 2\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openQueue(Options{Size: small}, dir, "siem", 0); err == nil || !strings.Contains(err.Error(), "of another version") {
		t.Errorf("a newer version: %v", err)
	}
}

func TestNextWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := open(t, Options{Size: small}, t.TempDir(), 0)
		ctx, cancel := context.WithCancel(t.Context())
		got := make(chan error, 1)
		go func() { _, _, err := q.Next(ctx, nil); got <- err }()
		synctest.Wait()
		put(t, q, 1, 1)
		if err := <-got; err != nil {
			t.Error(err)
		}
		go func() { _, _, err := q.Next(ctx, nil); got <- err }()
		synctest.Wait()
		cancel()
		if err := <-got; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		closed(t, q)
	})
}
