package metatest

import (
	"database/sql"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiroku/internal/event"
	"kiroku/internal/meta"
)

func bucketFolders(t *testing.T, db *meta.DB) {
	ctx := t.Context()
	add := func(bucket, prefix string) (f meta.BucketFolder) {
		t.Helper()
		write(t, db, func(tx *sql.Tx) (err error) { f, err = meta.AddFolder(ctx, tx, bucket, prefix); return err })
		return f
	}
	a, b, again := add("aws/x", "p/"), add("aws/y", "p/"), add("aws/x", "p/")
	if a.ID == b.ID || a != again || !a.Listed.IsZero() {
		t.Errorf("folders %+v, %+v, and the first again %+v", a, b, again)
	}
	write(t, db, func(tx *sql.Tx) error { return meta.SetFolderListed(ctx, tx, a.ID, epoch, epoch) })
	write(t, db, func(tx *sql.Tx) error { return meta.SetFolderListed(ctx, tx, a.ID, epoch.Add(time.Hour), time.Time{}) })
	write(t, db, func(tx *sql.Tx) error { return meta.SetFolderHistory(ctx, tx, a.ID, 20000) })
	a.Listed, a.Relisted, a.History = epoch.Add(time.Hour), epoch, 20000
	all, err := meta.ListFolders(ctx, db.Read())
	if diff := cmp.Diff([]meta.BucketFolder{a, b}, all); diff != "" || err != nil {
		t.Errorf("ListFolders: %v, -want +got:\n%s", err, diff)
	}
}

func bucketObjects(t *testing.T, db *meta.DB) {
	ctx := t.Context()
	part := func(id byte, day, modified, from, to int64, last bool) {
		t.Helper()
		p := &event.ObjectPart{Folder: 1, Day: day, ID: event.ObjectID{id}, Modified: modified, From: from, To: to, Last: last}
		write(t, db, func(tx *sql.Tx) error { return meta.StoreObjectPart(ctx, tx, p) })
	}
	check := func(id byte, day int64, want meta.Ranges, wantDone bool) {
		t.Helper()
		got, done, err := meta.GetObject(ctx, db.Read(), 1, day, event.ObjectID{id})
		if diff := cmp.Diff(want, got); diff != "" || done != wantDone || err != nil {
			t.Errorf("object %d: done %v, %v, -want +got:\n%s", id, done, err, diff)
		}
	}
	check(1, 100, nil, false)
	part(1, 100, 100, 200, 300, false)
	part(1, 100, 100, 0, 100, false)
	check(1, 100, meta.Ranges{{0, 100}, {200, 300}}, false)
	part(1, 100, 100, 100, 200, false)
	check(1, 100, meta.Ranges{{0, 300}}, false)
	part(1, 100, 100, 300, 310, true)
	check(1, 100, nil, true)
	check(1, 101, nil, false)
	part(2, 100, 200, 0, 5, true)
	part(3, 100, 100, 0, 5, false)
	done, err := meta.DoneObjects(ctx, db.Read(), 1, 100)
	if diff := cmp.Diff(map[event.ObjectID]bool{{1}: true, {2}: true}, done); diff != "" || err != nil {
		t.Errorf("DoneObjects: %v, -want +got:\n%s", err, diff)
	}
	r := meta.Ranges{{2, 4}, {6, 7}}
	for n, want := range []bool{false, false, true, true, false, false, true, false} {
		if r.Has(int64(n)) != want {
			t.Errorf("%v has %d: %v", r, n, !want)
		}
	}
	// Object 2 has an old name but is young; the others go.
	write(t, db, func(tx *sql.Tx) error {
		n, err := meta.ForgetObjects(ctx, tx, 1, 150, 1)
		more, err2 := meta.ForgetObjects(ctx, tx, 1, 150, 10)
		if n != 1 || more != 1 || err2 != nil {
			t.Errorf("ForgetObjects deleted %d, then %d (%v)", n, more, err2)
		}
		return err
	})
	if n, err := meta.CountObjects(ctx, db.Read()); n != 1 || err != nil {
		t.Errorf("%d objects are left, %v; want the young one", n, err)
	}
	check(2, 100, nil, true)
}
