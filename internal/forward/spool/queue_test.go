package spool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

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
