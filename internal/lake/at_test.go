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

// At sees fresh and published events of the times asked for, and no others.
func TestAt(t *testing.T) {
	ctx := context.Background()
	l, done := open(t, t.TempDir())
	defer done()
	w := l.NewWriter()
	add(t, w, DefaultStore, 0, 50, time.Hour) // over three days
	if err := errors.Join(l.Flush(ctx), l.Publish(ctx)); err != nil {
		t.Fatal(err)
	}
	add(t, w, DefaultStore, 50, 50, time.Hour)
	if err := l.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	at := func(hour int) int64 { return noon.Add(time.Duration(hour) * time.Hour).UnixMicro() }
	f := func(want string, times ...int64) {
		t.Helper()
		var got []string
		if err := l.At(ctx, DefaultStore, times, []event.Column{event.ColEventUID}, func(e *event.Event) {
			if !slices.Contains(times, e.GetInt(event.ColTime)) {
				t.Errorf("an event of another time: %d", e.GetInt(event.ColTime))
			}
			got = append(got, strings.Clone(e.GetStr(event.ColEventUID)))
		}); err != nil {
			t.Fatal(err)
		}
		slices.Sort(got)
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%v: got %q, want %q", times, s, want)
		}
	}
	f("uid-000003 uid-000040 uid-000077", at(3), at(40), at(40)+1, at(77), at(100))
	f("", at(-1), at(3)+1, at(100))
	f("")
	if err := l.At(ctx, "absent", nil, nil, nil); err == nil {
		t.Error("no error for a store that does not exist")
	}
}
