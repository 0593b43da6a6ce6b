package metatest

import (
	"database/sql"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiroku/internal/fault"
	"kiroku/internal/meta"
)

func insights(t *testing.T, db *meta.DB) {
	ctx := t.Context()
	for _, id := range []string{"a", "b", "c", "d"} {
		write(t, db, func(tx *sql.Tx) error { return meta.InsertEventDataStore(ctx, tx, dataStore(id, "store "+id)) })
	}
	a := meta.InsightSelectors{EventDataStore: "a", Destination: "c", Selectors: "[1]", Position: epoch, Open: "[]"}
	b := meta.InsightSelectors{EventDataStore: "b", Destination: "d", Selectors: "[2]", Position: epoch, Open: "[3]"}
	put := func(s meta.InsightSelectors) {
		t.Helper()
		write(t, db, func(tx *sql.Tx) error { return meta.PutInsightSelectors(ctx, tx, s) })
	}
	is := func(want ...meta.InsightSelectors) {
		t.Helper()
		got, err := meta.ListInsightSelectors(ctx, db.Read())
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v, -want +got:\n%s", err, diff)
		}
	}
	put(b)
	put(a)
	is(a, b)

	// What was changed since it was read stays as it is.
	moved := a
	moved.Position, moved.Open = epoch.Add(time.Hour), "[4]"
	write(t, db, func(tx *sql.Tx) error { return meta.MoveInsights(ctx, tx, a, moved.Position, moved.Open) })
	write(t, db, func(tx *sql.Tx) error { return meta.MoveInsights(ctx, tx, a, epoch.Add(time.Minute), "[5]") })
	is(moved, b)
	changed := moved
	changed.Selectors, changed.Destination = "[]", "d"
	put(changed)
	write(t, db, func(tx *sql.Tx) error { return meta.MoveInsights(ctx, tx, moved, epoch, "[6]") })
	if got, err := meta.GetInsightSelectors(ctx, db.Read(), "a"); err != nil || got != changed {
		t.Errorf("after a change: %v, %+v", err, got)
	}

	// A store ends them on either side, also when its row is removed.
	put(a)
	write(t, db, func(tx *sql.Tx) error { return meta.DeleteInsightSelectors(ctx, tx, "a") })
	is(b)
	write(t, db, func(tx *sql.Tx) error { return meta.DeleteInsightSelectors(ctx, tx, "d") })
	is()
	put(a)
	write(t, db, func(tx *sql.Tx) error { return meta.DeleteEventDataStore(ctx, tx, "c") })
	if _, err := meta.GetInsightSelectors(ctx, db.Read(), "a"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("after the destination is gone: %v", err)
	}
}
