package lake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cespare/xxhash/v2"

	"kiroku/internal/event"
	"kiroku/internal/lake/segment"
	"kiroku/internal/lake/table"
	"kiroku/internal/meta"
)

func words(s string, dst []uint64) []uint64 {
	for _, w := range strings.Fields(strings.ToLower(s)) {
		dst = append(dst, xxhash.Sum64String(w))
	}
	return dst
}

// open opens a lake in dir. Its loops do not run: tests flush, publish and compact by hand.
func open(t *testing.T, dir string) (*Lake, func()) {
	t.Helper()
	ctx := context.Background()
	db, err := meta.Open(ctx, filepath.Join(dir, "meta.db"))
	if err != nil {
		t.Fatal(err)
	}
	catDB, err := meta.OpenCatalog(ctx, filepath.Join(dir, "catalog.db"))
	if err != nil {
		t.Fatal(err)
	}
	cat, err := table.Open(ctx, table.Options{Warehouse: filepath.Join(dir, "warehouse"), DB: catDB})
	if err != nil {
		t.Fatal(err)
	}
	o := Defaults()
	o.Dir, o.DB, o.Tables, o.Hasher, o.Log, o.MinFree = dir, db, cat, words, slog.New(slog.DiscardHandler), 0
	l, err := Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	return l, func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if err := errors.Join(db.Close(), catDB.Close()); err != nil {
			t.Error(err)
		}
	}
}

var noon = time.Date(2026, 6, 30, 12, 0, 0, 0, time.UTC)

func add(t *testing.T, w *Writer, store string, first, n int, step time.Duration) {
	t.Helper()
	if err := w.Begin(context.Background()); err != nil {
		t.Fatal(err)
	}
	var e event.Event
	for i := first; i < first+n; i++ {
		e.Reset()
		e.Class(event.ClassBaseEvent, 0)
		e.Time(event.ColTime, "", noon.Add(time.Duration(i)*step))
		e.Time(event.ColIngestTime, "", noon)
		e.Str(event.ColEventUID, "", fmt.Sprintf("uid-%06d", i))
		e.Str(event.ColSource, "", "generic")
		e.Str(event.ColRawData, "", fmt.Sprintf("record %d", i))
		w.Append(store, &e)
	}
	w.End(&event.Checkpoint{Key: "file:x", Position: int64(first + n)}, nil)
}

// contents are the event_uids of a store in the order of seq; it fails when a number is missing or twice.
func contents(t *testing.T, l *Lake, store string) []string {
	t.Helper()
	v, err := l.View([]string{store})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	bySeq := map[int64]string{}
	r := segment.NewReader(nil)
	for _, s := range v.Segments {
		f, err := s.File()
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range f.Groups {
			if err := eachRow(r, g, func(e *event.Event) {
				seq := e.GetInt(event.ColSeq)
				if bySeq[seq] != "" {
					t.Errorf("seq %d is there twice", seq)
				}
				bySeq[seq] = strings.Clone(e.GetStr(event.ColEventUID))
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	var out []string
	for i := range len(bySeq) {
		uid, ok := bySeq[int64(i+1)]
		if !ok {
			t.Fatalf("seq %d is missing", i+1)
		}
		out = append(out, uid)
	}
	return out
}

func TestLifeOfEvents(t *testing.T) {
	dir := t.TempDir()
	ctx := context.Background()
	l, done := open(t, dir)
	w := l.NewWriter()
	var want []string
	total := 0
	step := 7 * time.Minute // over several days
	check := func(what string) {
		t.Helper()
		if got := contents(t, l, DefaultStore); !slices.Equal(got, want) {
			t.Fatalf("after %s: %d events, want %d", what, len(got), len(want))
		}
	}
	for round := range 30 {
		n := 1 + 37*round
		add(t, w, DefaultStore, total, n, step)
		for i := total; i < total+n; i++ {
			want = append(want, fmt.Sprintf("uid-%06d", i))
		}
		total += n
		if err := l.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		switch round % 7 {
		case 3:
			if err := l.merge(ctx, l.stores[DefaultStore]); err != nil {
				t.Fatal(err)
			}
			check("merge")
		case 6:
			if err := l.Publish(ctx); err != nil {
				t.Fatal(err)
			}
			check("publish")
		}
	}
	check("writing")
	if err := l.Compact(ctx); err != nil {
		t.Fatal(err)
	}
	check("compaction")
	done()
	l, done = open(t, dir)
	defer done()
	check("start")
	if pos, err := l.Checkpoint(ctx, "file:x"); err != nil || pos != int64(total) {
		t.Errorf("checkpoint is %d, %v, want %d", pos, err, total)
	}
	rep, err := l.Fsck(ctx, FsckOptions{})
	if err != nil || !rep.OK {
		t.Errorf("fsck: %+v, %v", rep, err)
	}
}

// A sender that waits is answered long before flush_interval is over.
func TestPromptCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			events int
			want   time.Duration
		}{{1, promptGather}, {promptEvents, promptGather}, {promptEvents + 1, 2 * promptGather}} {
			l := &Lake{opt: Options{FlushInterval: 500 * time.Millisecond}, awaited: make(chan struct{}, 1), full: make(chan struct{}, 1)}
			l.pendingEvents.Store(int64(c.events))
			signal(l.awaited)
			began := time.Now()
			if err := l.awaitDue(t.Context(), time.After(l.opt.FlushInterval)); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took != c.want {
				t.Errorf("%d events: due after %s, want %s", c.events, took, c.want)
			}
			l.lastCommit.Store(time.Now().UnixMicro())
			signal(l.awaited)
			began = time.Now()
			_ = l.awaitDue(t.Context(), time.After(l.opt.FlushInterval))
			if took := time.Since(began); took < promptPause {
				t.Errorf("%d events: due %s after the commit before", c.events, took)
			}
		}
	})
}

// One that waits in a fast stream does not cut it up.
func TestPromptCommitOfAStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &Lake{opt: Options{FlushInterval: 500 * time.Millisecond}, awaited: make(chan struct{}, 1), full: make(chan struct{}, 1)}
		stop := make(chan struct{})
		go func() {
			tick := time.NewTicker(10 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-stop:
					return
				case <-tick.C:
					l.pendingEvents.Add(2000)
					signal(l.awaited)
				}
			}
		}()
		began := time.Now()
		if err := l.awaitDue(t.Context(), time.After(l.opt.FlushInterval)); err != nil {
			t.Fatal(err)
		}
		close(stop)
		if took := time.Since(began); took != l.opt.FlushInterval {
			t.Errorf("due after %s, want %s", took, l.opt.FlushInterval)
		}
	})
}

// A large burst is there soon after its last event; what trickles in waits for flush_interval.
func TestCommitOfABurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			every  int64 // events each 10 ms
			during time.Duration
			least  time.Duration
			most   time.Duration
		}{
			{2000, 100 * time.Millisecond, 140 * time.Millisecond, 180 * time.Millisecond},
			{2000, time.Second, 500 * time.Millisecond, 500 * time.Millisecond},
			{100, 100 * time.Millisecond, 500 * time.Millisecond, 500 * time.Millisecond},
		} {
			l := &Lake{opt: Options{FlushInterval: 500 * time.Millisecond}, awaited: make(chan struct{}, 1), full: make(chan struct{}, 1)}
			began := time.Now()
			go func() {
				for time.Since(began) < c.during {
					l.pendingEvents.Add(c.every)
					time.Sleep(10 * time.Millisecond)
				}
			}()
			if err := l.awaitDue(t.Context(), time.After(l.opt.FlushInterval)); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took < c.least || took > c.most {
				t.Errorf("%d events each 10 ms for %s: due after %s, want %s to %s", c.every, c.during, took, c.least, c.most)
			}
			time.Sleep(2 * time.Second) // the sender ends
		}
	})
}
