package metatest

import (
	"database/sql"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiroku/internal/fault"
	"kiroku/internal/meta"
)

func lakeQueries(t *testing.T, db *meta.DB) {
	ctx := t.Context()
	query := func(id string, created time.Time, stores ...string) meta.LakeQuery {
		return meta.LakeQuery{ID: id, Account: "111122223333", Region: "us-east-1", Stores: stores, Statement: "SELECT 1", Status: "QUEUED", Created: created,
			Columns: []string{"a", `"b"`}, Delivery: "s3://bucket", Delivered: "PENDING"}
	}
	first, second := query("q1", epoch, "s1", "s2"), query("q2", epoch.Add(time.Second), "s2")
	for _, q := range []meta.LakeQuery{first, second} {
		write(t, db, func(tx *sql.Tx) error { return meta.InsertLakeQuery(ctx, tx, q) })
	}
	if err := db.Write(ctx, func(tx *sql.Tx) error { return meta.InsertLakeQuery(ctx, tx, first) }); err == nil {
		t.Error("the same id was stored twice")
	}
	first.Status, first.Message, first.Ended, first.Took = "FAILED", "why", epoch.Add(time.Hour), 1500*time.Microsecond
	first.Rows, first.Matched, first.Scanned, first.Bytes, first.Delivered = 1, 2, 3, 4, "CANCELLED"
	write(t, db, func(tx *sql.Tx) error { return meta.EndLakeQuery(ctx, tx, first) })
	got, err := meta.GetLakeQuery(ctx, db.Read(), "q1")
	if diff := cmp.Diff(first, got); diff != "" || err != nil {
		t.Errorf("GetLakeQuery: %v, -want +got:\n%s", err, diff)
	}
	for store, want := range map[string][]string{"s1": {"q1"}, "s2": {"q2", "q1"}, "s": nil} {
		list, err := meta.ListLakeQueries(ctx, db.Read(), store, epoch, epoch.Add(time.Minute))
		var ids []string
		for _, l := range list {
			ids = append(ids, l.ID)
		}
		if err != nil || !slices.Equal(ids, want) {
			t.Errorf("queries of %s: %q, %v; want %q", store, ids, err, want)
		}
	}
	if list, err := meta.ListLakeQueries(ctx, db.Read(), "s2", epoch.Add(time.Millisecond), epoch.Add(time.Minute)); err != nil || len(list) != 1 || list[0] != (meta.LakeQueryStatus{ID: "q2", Status: "QUEUED", Created: second.Created}) {
		t.Errorf("later queries: %+v, %v", list, err)
	}
	open, err := meta.OpenLakeQueries(ctx, db.Read())
	if err != nil || !slices.Equal(open, []string{"q2"}) {
		t.Errorf("open: %q, %v", open, err)
	}
	for before, want := range map[time.Time]int{{}: 1, first.Ended: 0, first.Ended.Add(time.Second): 1} {
		if ended, err := meta.EndedLakeQueries(ctx, db.Read(), before); err != nil || len(ended) != want {
			t.Errorf("ended before %v: %q, %v", before, ended, err)
		}
	}
	first.Delivered = "PENDING"
	write(t, db, func(tx *sql.Tx) error { return meta.EndLakeQuery(ctx, tx, first) })
	if pending, err := meta.UndeliveredLakeQueries(ctx, db.Read()); err != nil || !slices.Equal(pending, []string{"q1"}) {
		t.Errorf("undelivered: %q, %v", pending, err)
	}
	write(t, db, func(tx *sql.Tx) error { return meta.DeleteLakeQuery(ctx, tx, "q1") })
	if _, err := meta.GetLakeQuery(ctx, db.Read(), "q1"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a query that was forgotten: %v", err)
	}
}
