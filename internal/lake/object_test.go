package lake

import (
	"context"
	"testing"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/meta"
)

// What of an object in a bucket is stored becomes known with the events, and not before.
func TestObjectPartsWithTheirEvents(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	l, done := open(t, dir)
	w := l.NewWriter()
	id := event.ObjectID{7}
	part := func(from, to int64, last bool) {
		t.Helper()
		if err := w.Begin(ctx); err != nil {
			t.Fatal(err)
		}
		var e event.Event
		e.Class(event.ClassBaseEvent, 0)
		e.Time(event.ColTime, "", noon)
		e.Time(event.ColIngestTime, "", noon)
		e.Str(event.ColEventUID, "", time.Now().String())
		e.Str(event.ColSource, "", "generic")
		e.Str(event.ColRawData, "", "x")
		for range to - from {
			w.Append(DefaultStore, &e)
		}
		w.End(&event.Checkpoint{Object: &event.ObjectPart{Folder: 1, Day: 2, ID: id, From: from, To: to, Last: last}}, nil)
	}
	stored := func(l *Lake) (n int64, whole bool) {
		t.Helper()
		ranges, whole, err := meta.GetObject(ctx, l.db.Read(), 1, 2, id)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range ranges {
			n += r[1] - r[0]
		}
		return n, whole
	}
	part(0, 3, false)
	if n, _ := stored(l); n != 0 {
		t.Errorf("%d records are known before the commit", n)
	}
	if err := l.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if n, whole := stored(l); n != 3 || whole {
		t.Errorf("%d records are known, whole: %v; want 3 and false", n, whole)
	}
	part(3, 5, false) // never committed: the process ends
	done()
	l, done = open(t, dir)
	defer done()
	if n, _ := stored(l); n != 3 || l.Stores()[0].Events != 3 {
		t.Errorf("after a crash %d records are known and %d stored, want 3", n, l.Stores()[0].Events)
	}
	w = l.NewWriter()
	part(3, 5, false)
	part(5, 6, true)
	if err := l.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if _, whole := stored(l); !whole || l.Stores()[0].Events != 6 {
		t.Errorf("whole: %v with %d events, want true with 6", whole, l.Stores()[0].Events)
	}
}
