package spool

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kiroku/internal/fault"
)

// A byte that is another is found wherever it is. Nothing is passed over unless that was asked for, and then everything that
// can be read comes out, and what does not is named.
func TestFlippedByte(t *testing.T) {
	o, dir := Options{Size: small}, t.TempDir()
	q := open(t, o, dir, 0)
	for i := range 4 {
		put(t, q, i*3+1, 3)
	}
	_, upTo := due(t, q)
	q.Told(upTo)
	closed(t, q)
	path := segmentFiles(t, dir)[0]
	good, _ := os.ReadFile(path)
	frames, _ := scan(good)
	for at := 0; at < len(good); at += 7 { // FuzzScan looks at every byte
		b := slices.Clone(good)
		b[at] ^= 0x20
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		want, lost := ints(1, 12), 0
		for i, f := range frames {
			if int64(at) >= f.at && int64(at) < f.at+f.size {
				want, lost = slices.Delete(want, i*3, i*3+3), 3
			}
		}
		q, err := openQueue(o, dir, "siem", 0)
		var damage *DamageError
		switch {
		case lost == 0: // the head of the segment
			if err == nil {
				closed(t, q)
			}
			continue
		case !errors.As(err, &damage):
			t.Fatalf("byte %d is another, and opening says %v", at, err)
		case !strings.Contains(err.Error(), path) || !strings.Contains(fault.NextOf(err), "--spool-skip-damaged"):
			t.Errorf("the error says %q, next %q", err, fault.NextOf(err))
		}
		skip := o
		skip.SkipDamaged = true
		q = open(t, skip, dir, 0)
		if !errors.As(q.Damage(), &damage) || len(damage.Gaps) != 1 || damage.Gaps[0].Records != 3 {
			t.Fatalf("byte %d is another; gone over was %v", at, q.Damage())
		}
		put(t, q, 13, 1)
		want = append(want, 13)
		if got := rest(t, q); !slices.Equal(got, want) {
			t.Fatalf("byte %d is another; out come %v, want %v", at, got, want)
		}
		q.Confirm(len(want), Counted{})
		if q.mark.Confirmed != 13 {
			t.Fatalf("byte %d is another; confirmed up to %d, want 13", at, q.mark.Confirmed)
		}
		q.dirty = false // the next one begins where this one did
		closed(t, q)
		for _, name := range segmentFiles(t, dir)[1:] {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// damages are what can happen to the newest records on the disk.
var damages = []struct {
	name string
	do   func(path string, b []byte) error
}{
	{"a bit of the last frame", func(path string, b []byte) error {
		frames, _ := scan(b)
		b[frames[len(frames)-1].at+frameHead+60] ^= 1
		return os.WriteFile(path, b, 0o600)
	}},
	{"the head of the last frame", func(path string, b []byte) error {
		frames, _ := scan(b)
		b[frames[len(frames)-1].at+8] ^= 1 // it says to be longer than the file
		return os.WriteFile(path, b, 0o600)
	}},
	{"cut", func(path string, b []byte) error { return os.WriteFile(path, b[:len(b)-100], 0o600) }},
	{"cut off before the last frame", func(path string, b []byte) error {
		frames, _ := scan(b)
		return os.WriteFile(path, b[:frames[len(frames)-1].at], 0o600)
	}},
	{"zeros", func(path string, b []byte) error { return os.WriteFile(path, make([]byte, len(b)), 0o600) }},
	{"removed", func(path string, _ []byte) error { return os.Remove(path) }},
}

// Of the newest records, the server may have been told as soon as Due has returned. When they cannot be read after a kill, that
// is said, and each record is there or named as missing. What it was never told of may be cut off: it gives that again.
func TestDamagedEnd(t *testing.T) {
	for _, batches := range []int{1, 2} {
		for _, heard := range []string{"not told", "being told", "told"} {
			for _, damage := range damages {
				t.Run(fmt.Sprintf("%d %s %s", batches, heard, damage.name), func(t *testing.T) {
					o, dir, n := Options{Size: small}, t.TempDir(), batches*50
					q := open(t, o, dir, 0)
					for i := range batches {
						put(t, q, i*50+1, 50)
					}
					if heard != "not told" {
						_, upTo := due(t, q)
						if heard == "told" {
							q.Told(upTo)
						}
					}
					left := killed(t, dir)
					closed(t, q)
					files := segmentFiles(t, left)
					b, err := os.ReadFile(files[len(files)-1])
					if err == nil {
						err = damage.do(files[len(files)-1], b)
					}
					if err != nil {
						t.Fatal(err)
					}
					var damaged *DamageError
					q, err = openQueue(o, left, "siem", 0)
					if heard == "not told" {
						if err != nil {
							t.Fatal(err)
						}
					} else {
						if !errors.As(err, &damaged) || len(damaged.Gaps) != 1 || !strings.Contains(err.Error(), left) {
							t.Fatalf("opening says %v", err)
						}
						o.SkipDamaged = true
						q = open(t, o, left, 0)
						got := rest(t, q)
						if int64(len(got))+damaged.Gaps[0].Records != int64(n) {
							t.Errorf("%d of %d come out, %d are named as missing", len(got), n, damaged.Gaps[0].Records)
						}
						closed(t, q)
						q = open(t, o, left, 0)
					}
					put(t, q, 1, n+1) // the server gives everything again
					if got := rest(t, q); !slices.Equal(got, ints(1, n+1)) {
						t.Errorf("given again, out come %v", got)
					}
					closed(t, q)
				})
			}
		}
	}
}

// A power cut while a batch is being written may leave any of its pages. The server was not told of it: nothing is damaged, what
// is whole from its beginning on stays, and the others are taken when the server gives them again.
func TestTornBatch(t *testing.T) {
	o, dir := Options{Size: small}, t.TempDir()
	q := open(t, o, dir, 0)
	put(t, q, 1, 50)
	_, upTo := due(t, q)
	q.Told(upTo)
	closed(t, q)
	q = open(t, o, dir, 0)
	put(t, q, 51, 350)
	left := killed(t, dir)
	closed(t, q)
	files := segmentFiles(t, left)
	path := files[len(files)-1]
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	frames, _ := scan(good)
	if len(frames) != 4 {
		t.Fatalf("350 records are in %d frames", len(frames))
	}
	for i := range frames {
		dir := killed(t, left)
		b := slices.Clone(good)
		clear(b[frames[i].at : frames[i].at+frames[i].size])
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(path)), b, 0o600); err != nil {
			t.Fatal(err)
		}
		q := open(t, o, dir, 0)
		if got := rest(t, q); !slices.Equal(got, ints(1, 50+i*100)) {
			t.Errorf("without frame %d out come %d records", i, len(got))
		}
		put(t, q, 51, 350)
		if got := rest(t, q); !slices.Equal(got, ints(51+i*100, 400)) {
			t.Errorf("without frame %d, and given again, out come %d records more", i, len(got))
		}
		closed(t, q)
	}
}

// What is missing in the middle, and the server was not told of, is taken when the server gives it again; what is behind it, too.
func TestMissingUntold(t *testing.T) {
	o, dir := Options{Size: small, SkipDamaged: true}, t.TempDir()
	q := open(t, o, dir, 0)
	for i := range 3 {
		put(t, q, i*10+1, 10)
	}
	due(t, q)
	left := killed(t, dir)
	closed(t, q)
	path := segmentFiles(t, left)[0]
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	frames, _ := scan(b)
	b[frames[1].at+frameHead] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	q = open(t, o, left, 0)
	put(t, q, 1, 30)
	if got := rest(t, q); !slices.Equal(got, slices.Concat(ints(1, 10), ints(21, 30), ints(11, 30))) {
		t.Errorf("out come %v", got)
	}
	closed(t, q)
}

// A wrong byte costs the records of its frame, and a frame is small, however many records came at once and however long they are.
func TestSkipsLittle(t *testing.T) {
	for _, tt := range []struct{ n, length, lost int }{{5000, 11, 100}, {5000, 400, 100}, {200, 9_000, 7}, {5, 70_000, 1}} {
		o, dir := Options{Size: DefaultSize}, t.TempDir()
		q := open(t, o, dir, 0)
		h, all := records(1, tt.n)
		for i := range all {
			all[i].Line = slices.Concat(all[i].Line, make([]byte, tt.length-len(all[i].Line)))
		}
		if err := q.Append(&h, all, 0); err != nil {
			t.Fatal(err)
		}
		due(t, q)
		closed(t, q)
		path := segmentFiles(t, dir)[0]
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		b[len(b)/2] ^= 1
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		o.SkipDamaged = true
		q = open(t, o, dir, 0)
		var damage *DamageError
		if !errors.As(q.Damage(), &damage) || len(damage.Gaps) != 1 || damage.Gaps[0].Records != int64(tt.lost) || q.Waiting().Records != int64(tt.n-tt.lost) {
			t.Errorf("of %d records of %d bytes, %d wait, and the damage is %v", tt.n, tt.length, q.Waiting().Records, q.Damage())
		}
		closed(t, q)
	}
}

// A file that is gone is damage, too.
func TestMissingFile(t *testing.T) {
	for i, name := range []string{"the first", "one between", "the last", "all"} {
		t.Run(name, func(t *testing.T) {
			o, dir := Options{Size: small}, t.TempDir()
			q := open(t, o, dir, 0)
			for i := range 40 {
				put(t, q, i*25+1, 25)
			}
			_, upTo := due(t, q)
			q.Told(upTo)
			closed(t, q)
			files := segmentFiles(t, dir)
			if len(files) < 4 {
				t.Fatalf("only %d segments", len(files))
			}
			gone := [][]string{files[:1], files[2:3], files[len(files)-1:], files}[i]
			for _, path := range gone {
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			}
			var damage *DamageError
			if _, err := openQueue(o, dir, "siem", 0); !errors.As(err, &damage) {
				t.Fatalf("opening says %v", err)
			}
			o.SkipDamaged = true
			q = open(t, o, dir, 0)
			var missing int64
			for _, g := range damage.Gaps {
				missing += g.Records
			}
			if got := rest(t, q); int64(len(got))+missing != 1000 || q.Waiting().Records != int64(len(got)) {
				t.Errorf("%d come out, %d are named as missing, %d wait", len(got), missing, q.Waiting().Records)
			}
			closed(t, q)
		})
	}
}
