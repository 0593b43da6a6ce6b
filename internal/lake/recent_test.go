package lake

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"kiroku/internal/event"
)

// Recent sees fresh and published events of the time asked for, the latest first, and stops when told.
func TestRecent(t *testing.T) {
	ctx := context.Background()
	l, done := open(t, t.TempDir())
	defer done()
	w := l.NewWriter()
	add(t, w, DefaultStore, 0, 50, time.Minute)
	if err := errors.Join(l.Flush(ctx), l.Publish(ctx)); err != nil {
		t.Fatal(err)
	}
	add(t, w, DefaultStore, 50, 50, time.Minute)
	if err := l.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	ask := func(since time.Time, most int) (got []string) {
		t.Helper()
		err := l.Recent(ctx, since, []event.Column{event.ColEventUID, event.ColSource}, func(store string, e *event.Event) bool {
			if store != DefaultStore || e.GetStr(event.ColSource) != "generic" {
				t.Errorf("store %q, source %q", store, e.GetStr(event.ColSource))
			}
			got = append(got, strings.Clone(e.GetStr(event.ColEventUID)))
			return len(got) < most
		})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := ask(noon, 1000); len(got) != 100 || len(slices.Compact(slices.Sorted(slices.Values(got)))) != 100 || got[0] != "uid-000099" {
		t.Errorf("%d events, the first %q", len(got), got[0])
	}
	if got := ask(noon, 7); len(got) != 7 {
		t.Errorf("%d events, want 7", len(got))
	}
	if got := ask(noon.Add(time.Second), 1000); len(got) != 0 { // all came in at noon
		t.Errorf("%d events of a later time", len(got))
	}
}
