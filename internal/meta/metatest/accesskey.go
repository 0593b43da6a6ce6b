package metatest

import (
	"database/sql"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiroku/internal/fault"
	"kiroku/internal/meta"
)

func accessKeys(t *testing.T, db *meta.DB) {
	ctx := t.Context()
	key := func(id string, created time.Time) meta.AccessKey {
		return meta.AccessKey{ID: id, Account: "111122223333", Principal: "arn:aws:iam::111122223333:user/a", Secret: "s" + id, Created: created}
	}
	first, second := key("AKIA1", epoch), key("AKIA2", epoch.Add(time.Second))
	for _, k := range []meta.AccessKey{first, second} {
		write(t, db, func(tx *sql.Tx) error { return meta.InsertAccessKey(ctx, tx, k) })
	}
	if err := db.Write(ctx, func(tx *sql.Tx) error { return meta.InsertAccessKey(ctx, tx, first) }); err == nil {
		t.Error("the same id was stored twice")
	}
	write(t, db, func(tx *sql.Tx) error { return meta.SetAccessKeyUsed(ctx, tx, "AKIA1", epoch.Add(time.Hour)) })
	write(t, db, func(tx *sql.Tx) error { return meta.RevokeAccessKey(ctx, tx, "AKIA2", epoch.Add(time.Minute)) })
	write(t, db, func(tx *sql.Tx) error { return meta.RevokeAccessKey(ctx, tx, "AKIA2", epoch.Add(time.Hour)) })
	first.LastUsed, second.Revoked = epoch.Add(time.Hour), epoch.Add(time.Minute)
	all, err := meta.ListAccessKeys(ctx, db.Read())
	if diff := cmp.Diff([]meta.AccessKey{second, first}, all); diff != "" || err != nil {
		t.Errorf("ListAccessKeys: %v, -want +got:\n%s", err, diff)
	}
	got, err := meta.GetAccessKey(ctx, db.Read(), "AKIA2")
	if diff := cmp.Diff(second, got); diff != "" || err != nil {
		t.Errorf("GetAccessKey: %v, -want +got:\n%s", err, diff)
	}
	if _, err := meta.GetAccessKey(ctx, db.Read(), "none"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a key that is not there: %v", err)
	}
	if err := db.Write(ctx, func(tx *sql.Tx) error { return meta.RevokeAccessKey(ctx, tx, "none", epoch) }); fault.KindOf(err) != fault.NotFound {
		t.Errorf("revoke a key that is not there: %v", err)
	}
}
