package lake

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiroku/internal/lake/table"
)

// Retention is interrupted after each of its steps: what is gone is remembered and counted once, what is not is neither.
func TestCrashWhileDropping(t *testing.T) {
	ctx := context.Background()
	type step func(t *testing.T, l *Lake, p *publication, paths []string)
	intent := func(t *testing.T, l *Lake, p *publication, _ []string) {
		if err := l.db.Write(ctx, func(tx *sql.Tx) error { return insertPublication(ctx, tx, p) }); err != nil {
			t.Fatal(err)
		}
	}
	commit := func(t *testing.T, l *Lake, p *publication, paths []string) {
		if _, err := l.cat.DeleteFiles(ctx, p.Store, paths, map[string]string{SummaryKey: p.ID}); err != nil {
			t.Fatal(err)
		}
	}
	finish := func(t *testing.T, l *Lake, p *publication, _ []string) {
		if err := l.db.Write(ctx, func(tx *sql.Tx) error { return finishPublication(ctx, tx, p) }); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		steps []step
		gone  bool
	}{"intent": {[]step{intent}, false}, "table": {[]step{intent, commit}, true}, "registry": {[]step{intent, commit, finish}, true}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l, done := open(t, dir)
			w := l.NewWriter()
			add(t, w, DefaultStore, 0, 36, time.Hour) // from noon: 12 events of the first day, 24 of the second
			if err := errors.Join(l.Flush(ctx), l.Publish(ctx)); err != nil {
				t.Fatal(err)
			}
			p := publication{ID: token(), Store: DefaultStore}
			var paths []string
			for _, s := range l.stores[DefaultStore].segs {
				if table.DayOfMicros(s.MaxTime) == table.DayOf(noon) {
					p.Remove, paths = append(p.Remove, s.ID), append(paths, s.path)
				}
			}
			for _, f := range c.steps {
				f(t, l, &p, paths)
			}
			done()
			l, done = open(t, dir)
			defer done()
			var want []Dropped
			if c.gone {
				want = []Dropped{{FirstSeq: 1, LastSeq: 12, Rows: 12, MinTime: noon.UnixMicro(), MaxTime: noon.Add(11 * time.Hour).UnixMicro()}}
			}
			got, err := l.Dropped(ctx, DefaultStore, 0, 36)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("remembered, %v (-want +got):\n%s", err, diff)
			}
			first, last, err := l.Head(DefaultStore)
			if wantFirst := int64(1 + 12*len(want)); first != wantFirst || last != 36 || err != nil {
				t.Errorf("head %d, %d, %v; want it from %d", first, last, err, wantFirst)
			}
			if rep, err := l.Fsck(ctx, FsckOptions{}); err != nil || !rep.OK {
				t.Errorf("fsck: %+v, %v", rep, err)
			}
		})
	}
}

// What is dropped of one day at several times is one row, which tells of all of it.
func TestDroppedDaysAreOneRow(t *testing.T) {
	ctx := context.Background()
	l, done := open(t, t.TempDir())
	defer done()
	w := l.NewWriter()
	if err := l.SetRetention(ctx, DefaultStore, 24*time.Hour); err != nil {
		t.Fatal(err)
	}
	for round := range 5 { // late events of the same hour come again and again
		add(t, w, DefaultStore, round, 3, time.Minute)
		if err := errors.Join(l.Flush(ctx), l.Publish(ctx), l.Retain(ctx, noon.Add(72*time.Hour))); err != nil {
			t.Fatal(err)
		}
	}
	want := []Dropped{{FirstSeq: 1, LastSeq: 15, Rows: 15, MinTime: noon.UnixMicro(), MaxTime: noon.Add(6 * time.Minute).UnixMicro()}}
	got, err := l.Dropped(ctx, DefaultStore, 0, 15)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("remembered, %v (-want +got):\n%s", err, diff)
	}
	if got, err := l.Dropped(ctx, DefaultStore, 15, 20); err != nil || len(got) != 0 {
		t.Errorf("behind them: %v, %v", got, err)
	}
	if first, last, err := l.Head(DefaultStore); first != 16 || last != 15 || err != nil {
		t.Errorf("head of a store without events: %d, %d, %v", first, last, err)
	}
	if in := l.Stores()[0]; in.DroppedByAge != 15 || in.NextSeq != 16 {
		t.Errorf("%d dropped, next %d", in.DroppedByAge, in.NextSeq)
	}
}
