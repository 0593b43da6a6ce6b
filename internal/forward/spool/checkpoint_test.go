package spool

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"kiroku/internal/forward/wire"
)

// When the newer place of the checkpoint is damaged together with a frame, the older one knows nothing of the last batches. What
// is whole behind the frame stays: the server has been told of it and does not give it again. Only what cannot be read is named.
func TestDamageWithOlderCheckpoint(t *testing.T) {
	const batch, size = 300, 100 // of a frame
	const n = 2 * batch
	o, dir := Options{Size: DefaultSize}, t.TempDir()
	q := open(t, o, dir, 0)
	var word wire.Spool
	for i := range 2 {
		put(t, q, i*batch+1, batch)
		a, upTo := due(t, q)
		word = *a.Spool
		q.Told(upTo)
	}
	left := killed(t, dir)
	closed(t, q)
	path := segmentFiles(t, left)[0]
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	mark, err := os.ReadFile(filepath.Join(left, markFile))
	if err != nil {
		t.Fatal(err)
	}
	frames, _ := scan(good)
	if len(frames) != n/size {
		t.Fatalf("%d frames", len(frames))
	}
	for i, f := range frames {
		for slot := range 2 {
			for name, word := range map[string]*wire.Spool{"asked": &word, "away": nil} {
				t.Run(fmt.Sprintf("frame %d place %d server %s", i, slot, name), func(t *testing.T) {
					dir, o := killed(t, left), o
					b, m := slices.Clone(good), slices.Clone(mark)
					b[f.at+frameHead+5] ^= 1
					m[slot*slotSize+40] ^= 1
					if err := errors.Join(os.WriteFile(filepath.Join(dir, filepath.Base(path)), b, 0o600), os.WriteFile(filepath.Join(dir, markFile), m, 0o600)); err != nil {
						t.Fatal(err)
					}
					o.word = word
					var damage *DamageError
					q, err := openQueue(o, dir, "siem", 0)
					if err == nil { // the last frame, of which only the server knows
						if err = q.Expect(*wordOf(word, n)); (i+1)*size < n {
							t.Errorf("only the server knows of frame %d", i)
						}
						closed(t, q)
					}
					if !errors.As(err, &damage) || len(damage.Gaps) != 1 || damage.Gaps[0].Records != size {
						t.Fatalf("opening says %v", err)
					}
					o.SkipDamaged = true
					q = open(t, o, dir, 0)
					if err := q.Expect(*wordOf(word, n)); err != nil || !errors.As(q.Damage(), &damage) || len(damage.Gaps) != 1 || damage.Gaps[0].Records != size {
						t.Errorf("gone over was %v, %v", q.Damage(), err)
					}
					if got := rest(t, q); !slices.Equal(got, slices.Concat(ints(1, i*size), ints((i+1)*size+1, n))) {
						t.Errorf("out come %d records", len(got))
					}
					closed(t, q)
					q = open(t, o, dir, 0) // and they stay
					if got := rest(t, q); !slices.Equal(got, slices.Concat(ints(1, i*size), ints((i+1)*size+1, n))) {
						t.Errorf("opened again, out come %d records", len(got))
					}
					closed(t, q)
				})
			}
		}
	}
}

// wordOf is what the server says later when it could not be asked before.
func wordOf(word *wire.Spool, n int64) *wire.Spool {
	if word != nil {
		return word
	}
	return &wire.Spool{Records: n, Next: n}
}

// A power cut while a checkpoint and a batch are written leaves the same picture. When the server was not told of the batch, it
// gives it again, and nothing is damaged.
func TestTornCheckpointAndBatch(t *testing.T) {
	o, dir := Options{Size: small}, t.TempDir()
	q := open(t, o, dir, 0)
	put(t, q, 1, 50)
	a, upTo := due(t, q)
	q.Told(upTo)
	put(t, q, 51, 300)
	left := killed(t, dir)
	closed(t, q)
	path := segmentFiles(t, left)[0]
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	mark, err := os.ReadFile(filepath.Join(left, markFile))
	if err != nil {
		t.Fatal(err)
	}
	frames, _ := scan(b)
	clear(b[frames[1].at : frames[1].at+frames[1].size])
	mark[slotSize] = 1 // the place that was being written
	if err := errors.Join(os.WriteFile(path, b, 0o600), os.WriteFile(filepath.Join(left, markFile), mark, 0o600)); err != nil {
		t.Fatal(err)
	}
	var damage *DamageError
	if _, err := openQueue(o, left, "siem", 0); !errors.As(err, &damage) {
		t.Errorf("the server cannot be asked, and opening says %v", err)
	}
	o.word = a.Spool
	q = open(t, o, left, 0)
	if got := rest(t, q); !slices.Equal(got, ints(1, 50)) || q.Damage() != nil {
		t.Errorf("out come %v; %v", got, q.Damage())
	}
	put(t, q, 51, 300)
	if got := rest(t, q); !slices.Equal(got, ints(51, 350)) {
		t.Errorf("given again, out come %v", got)
	}
	closed(t, q)
}
