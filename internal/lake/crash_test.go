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

	"kiroku/internal/event"
	"kiroku/internal/lake/segment"
	"kiroku/internal/lake/table"
)

// filled opens a lake with three fresh segments.
func filled(t *testing.T, dir string) (l *Lake, done func(), want []string) {
	t.Helper()
	l, done = open(t, dir)
	w := l.NewWriter()
	for round := range 3 {
		add(t, w, DefaultStore, 100*round, 100, time.Minute)
		if err := l.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	return l, done, contents(t, l, DefaultStore)
}

// check opens the lake again, as a start after a crash does, and expects every event once and nothing lying around.
func check(t *testing.T, dir string, want []string) {
	t.Helper()
	l, done := open(t, dir)
	defer done()
	if got := contents(t, l, DefaultStore); !slices.Equal(got, want) {
		t.Errorf("%d events after the start, want %d", len(got), len(want))
	}
	rep, err := l.Fsck(context.Background(), FsckOptions{})
	if err != nil || !rep.OK {
		t.Errorf("fsck: %+v, %v", rep, err)
	}
	if pubs, err := readPublications(context.Background(), l.db.Read()); err != nil || len(pubs) != 0 {
		t.Errorf("publications are left: %v, %v", pubs, err)
	}
}

// A publication is interrupted after each of its steps.
func TestCrashWhilePublishing(t *testing.T) {
	ctx := context.Background()
	type step func(t *testing.T, l *Lake, st *store, p *publication, files []table.DataFile)
	intent := func(t *testing.T, l *Lake, _ *store, p *publication, _ []table.DataFile) {
		if err := l.db.Write(ctx, func(tx *sql.Tx) error { return insertPublication(ctx, tx, p) }); err != nil {
			t.Fatal(err)
		}
	}
	commit := func(t *testing.T, l *Lake, st *store, p *publication, files []table.DataFile) {
		if _, err := l.cat.Append(ctx, st.name, files, map[string]string{SummaryKey: p.ID}); err != nil {
			t.Fatal(err)
		}
	}
	finish := func(t *testing.T, l *Lake, _ *store, p *publication, _ []table.DataFile) {
		if err := l.db.Write(ctx, func(tx *sql.Tx) error { return finishPublication(ctx, tx, p) }); err != nil {
			t.Fatal(err)
		}
	}
	for name, steps := range map[string][]step{"data files written": {}, "intent": {intent}, "table": {intent, commit}, "registry": {intent, commit, finish}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l, done, want := filled(t, dir)
			st := l.stores[DefaultStore]
			old := st.fresh()
			days, err := l.byDay(old)
			if err != nil {
				t.Fatal(err)
			}
			fresh, err := l.writeDays(st, days)
			if err != nil {
				t.Fatal(err)
			}
			p := publication{ID: token(), Store: st.name}
			var files []table.DataFile
			for _, s := range fresh {
				p.Add = append(p.Add, s.Info)
				files = append(files, s.dataFile())
			}
			for _, s := range old {
				p.Remove = append(p.Remove, s.ID)
			}
			for _, f := range steps {
				f(t, l, st, &p, files)
			}
			done()
			check(t, dir, want)
		})
	}
}

// age makes files old enough for fsck to take them for garbage.
func age(t *testing.T, segs []*Segment) {
	t.Helper()
	past := time.Now().Add(-time.Hour)
	for _, s := range segs {
		if err := os.Chtimes(s.path, past, past); err != nil {
			t.Fatal(err)
		}
	}
}

// A segment is written and the process ends before it is registered: nobody was told, so nothing of it may remain.
func TestCrashBeforeRegistration(t *testing.T) {
	dir := t.TempDir()
	l, done, want := filled(t, dir)
	w := l.NewWriter()
	add(t, w, DefaultStore, 300, 50, time.Minute)
	p := inflight{groups: map[*store][]*segment.Group{}}
	w.take(&p)
	for st, groups := range p.groups {
		if _, err := l.writeFresh(st, groups); err != nil {
			t.Fatal(err)
		}
	}
	done()
	check(t, dir, want)
}

// What fsck promises to find.
func TestFsckFinds(t *testing.T) {
	ctx := context.Background()
	f := func(code string, harm func(t *testing.T, l *Lake, path string)) {
		t.Run(code, func(t *testing.T) {
			dir := t.TempDir()
			l, done, _ := filled(t, dir)
			if err := l.Publish(ctx); err != nil {
				t.Fatal(err)
			}
			harm(t, l, l.stores[DefaultStore].segs[0].path)
			done()
			l, done = open(t, dir)
			defer done()
			rep, err := l.Fsck(ctx, FsckOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if rep.OK || !slices.ContainsFunc(rep.Findings, func(f Finding) bool { return f.Code == code && f.Next != "" }) {
				t.Errorf("no %s in %+v", code, rep.Findings)
			}
		})
	}
	f("segment_missing", func(t *testing.T, _ *Lake, path string) {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	})
	f("segment_damaged", func(t *testing.T, _ *Lake, path string) {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		b[len(b)/3] ^= 1
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	})
	f("seq_missing", func(t *testing.T, l *Lake, _ string) {
		if err := l.db.Write(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `DELETE FROM segments WHERE id = (SELECT max(id) FROM segments)`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
	f("orphan", func(t *testing.T, _ *Lake, path string) {
		other := filepath.Join(filepath.Dir(path), "other.parquet")
		past := time.Now().Add(-time.Hour)
		if err := errors.Join(os.WriteFile(other, []byte("x"), 0o600), os.Chtimes(other, past, past)); err != nil {
			t.Fatal(err)
		}
	})
}

func TestRetentionDropsWholeDays(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	l, done := open(t, dir)
	w := l.NewWriter()
	add(t, w, DefaultStore, 0, 100, 2*time.Hour) // a bit over eight days
	if err := errors.Join(l.Flush(ctx), l.Publish(ctx), l.SetRetention(ctx, DefaultStore, 3*24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	now := noon.Add(100 * 2 * time.Hour)
	st := l.stores[DefaultStore]
	if err := l.retain(ctx, st, now); err != nil {
		t.Fatal(err)
	}
	limit := table.DayOf(now.Add(-3 * 24 * time.Hour))
	for _, s := range st.segs {
		if table.DayOfMicros(s.MaxTime) < limit {
			t.Errorf("segment of %v is still there", table.DayOfMicros(s.MaxTime))
		}
	}
	left := st.info()
	if left.Events == 0 || left.Events == 100 || left.Events+left.DroppedByAge != 100 {
		t.Errorf("%d events are left, %d dropped", left.Events, left.DroppedByAge)
	}
	done()
	l, done = open(t, dir)
	defer done()
	if rep, err := l.Fsck(ctx, FsckOptions{}); err != nil || !rep.OK {
		t.Errorf("fsck after retention: %+v, %v", rep, err)
	}
	if got := l.Stores()[0]; got.Events != left.Events {
		t.Errorf("%d events after the start, %d before", got.Events, left.Events)
	}
}

// A full disk stops writers, loses nothing, and goes away by itself.
func TestFullDisk(t *testing.T) {
	l, done := open(t, t.TempDir())
	defer done()
	w := l.NewWriter()
	acked := make(chan error, 1)
	if err := w.Begin(context.Background()); err != nil {
		t.Fatal(err)
	}
	var e event.Event
	e.Class(0, 0)
	e.Time(event.ColTime, "", noon)
	e.Str(event.ColRawData, "", "x")
	w.Append(DefaultStore, &e)
	w.End(nil, func(err error) { acked <- err })
	l.opt.MinFree = 1 << 62
	if l.Stats().Blocked == "" {
		t.Error("status does not say, before anything is tried, that the disk is full")
	}
	if err := l.Flush(context.Background()); err == nil {
		t.Fatal("a commit on a full disk succeeded")
	}
	if l.Stats().Blocked == "" {
		t.Error("status does not say that the lake is blocked")
	}
	short, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := w.Begin(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a writer may go on: %v", err)
	}
	select {
	case err := <-acked:
		t.Errorf("acknowledged with %v", err)
	default:
	}
	l.opt.MinFree = 0
	if err := l.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := <-acked; err != nil {
		t.Error(err)
	}
	if n := l.Stores()[0].Events; n != 1 {
		t.Errorf("%d events", n)
	}
	if err := w.Begin(context.Background()); err != nil {
		t.Error(err)
	}
	w.End(nil, nil)
}

func TestStoresAreSeparate(t *testing.T) {
	ctx := context.Background()
	l, done := open(t, t.TempDir())
	defer done()
	if err := l.CreateStore(ctx, "vpn", 0); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"", "Upper", "events", "1st", "a b"} {
		if err := l.CreateStore(ctx, bad, 0); err == nil {
			t.Errorf("store %q was made", bad)
		}
	}
	w := l.NewWriter()
	add(t, w, "vpn", 0, 10, time.Second)
	add(t, w, DefaultStore, 10, 20, time.Second)
	add(t, w, "no such store", 30, 5, time.Second)
	if err := l.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if a, b := len(contents(t, l, "vpn")), len(contents(t, l, DefaultStore)); a != 10 || b != 25 {
		t.Errorf("vpn has %d, default %d", a, b)
	}
	if err := l.DeleteStore(ctx, DefaultStore); err == nil {
		t.Error("the default store was deleted")
	}
	if err := l.DeleteStore(ctx, "vpn"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.View([]string{"vpn"}); err == nil {
		t.Error("the deleted store is still there")
	}
	add(t, w, "vpn", 35, 5, time.Second)
	if err := l.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if n := len(contents(t, l, DefaultStore)); n != 30 {
		t.Errorf("events for a deleted store: default has %d, want 30", n)
	}
}
