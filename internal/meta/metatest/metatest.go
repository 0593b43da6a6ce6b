package metatest

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiroku/internal/fault"
	"kiroku/internal/meta"
)

// Run checks the contract. open returns a new, empty database; Run closes it.
func Run(t *testing.T, open func(t *testing.T) *meta.DB) {
	for _, c := range []struct {
		name string
		f    func(*testing.T, *meta.DB)
	}{
		{"WriteCommits", writeCommits},
		{"WriteRollsBack", writeRollsBack},
		{"WriteIsSerial", writeIsSerial},
		{"ReadCannotWrite", readCannotWrite},
		{"WriteHonoursContext", writeHonoursContext},
		{"Users", users},
		{"Tokens", tokens},
		{"AccessKeys", accessKeys},
		{"EventDataStores", eventDataStores},
		{"Channels", channels},
		{"Resources", resources},
		{"Rejected", rejected},
		{"AuditUIDs", auditUIDs},
		{"BucketFolders", bucketFolders},
		{"BucketObjects", bucketObjects},
		{"Imports", imports},
		{"ForgottenObjects", forgetting},
		{"Dashboards", dashboards},
		{"Insights", insights},
		{"LakeQueries", lakeQueries},
		{"Priorities", priorities},
		{"Digests", digests},
		{"SIEMAgents", siemAgents},
		{"SIEMPositions", siemPositions},
		{"SIEMNotifications", siemNotifications},
		{"SIEMDeadLetters", siemDeadLetters},
	} {
		t.Run(c.name, func(t *testing.T) {
			db := open(t)
			t.Cleanup(func() {
				if err := db.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			})
			c.f(t, db)
		})
	}
}

var epoch = time.Date(2026, 11, 1, 9, 0, 0, 123456000, time.UTC)

func user(name string) meta.User {
	return meta.User{Name: name, Role: "analyst", Grants: []string{"raw"}, PasswordHash: "h", MustChange: true, Created: epoch}
}

func insert(ctx context.Context, db *meta.DB, names ...string) error {
	return db.Write(ctx, func(tx *sql.Tx) error {
		for _, n := range names {
			if err := meta.InsertUser(ctx, tx, user(n)); err != nil {
				return err
			}
		}
		return nil
	})
}

func count(t *testing.T, db *meta.DB) int {
	t.Helper()
	n, err := meta.CountUsers(t.Context(), db.Read(), "")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func writeCommits(t *testing.T, db *meta.DB) {
	if err := insert(t.Context(), db, "a", "b"); err != nil {
		t.Fatal(err)
	}
	if n := count(t, db); n != 2 {
		t.Errorf("%d users are seen after the transaction, want 2", n)
	}
}

func writeRollsBack(t *testing.T, db *meta.DB) {
	boom := errors.New("boom")
	err := db.Write(t.Context(), func(tx *sql.Tx) error {
		if err := meta.InsertUser(t.Context(), tx, user("a")); err != nil {
			return err
		}
		return boom
	})
	if err != boom {
		t.Errorf("Write = %v, want the error of f itself", err)
	}
	func() {
		defer func() { _ = recover() }()
		_ = db.Write(t.Context(), func(tx *sql.Tx) error {
			_ = meta.InsertUser(t.Context(), tx, user("b"))
			panic("f panics")
		})
	}()
	if n := count(t, db); n != 0 {
		t.Errorf("%d users remain of transactions that failed", n)
	}
	if err := insert(t.Context(), db, "c"); err != nil {
		t.Errorf("after failed transactions: %v", err)
	}
}

func writeIsSerial(t *testing.T, db *meta.DB) {
	if err := insert(t.Context(), db, "counter"); err != nil {
		t.Fatal(err)
	}
	const writers, rounds = 8, 10
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range rounds {
				err := db.Write(t.Context(), func(tx *sql.Tx) error { // read, add one, write back: lost when two overlap
					u, err := meta.GetUser(t.Context(), tx, "counter")
					if err != nil {
						return err
					}
					return meta.SetPassword(t.Context(), tx, "counter", u.PasswordHash+".", false)
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	u, err := meta.GetUser(t.Context(), db.Read(), "counter")
	if err != nil || len(u.PasswordHash) != 1+writers*rounds {
		t.Errorf("%d of %d additions are there, %v", len(u.PasswordHash)-1, writers*rounds, err)
	}
}

func readCannotWrite(t *testing.T, db *meta.DB) {
	if _, err := db.Read().ExecContext(t.Context(), `DELETE FROM users`); err == nil {
		t.Error("the pool for reading deleted rows")
	}
}

func writeHonoursContext(t *testing.T, db *meta.DB) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := insert(ctx, db, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("Write with a cancelled context = %v", err)
	}
}

func users(t *testing.T, db *meta.DB) {
	ctx := t.Context()
	if err := insert(ctx, db, "bob", "alice"); err != nil {
		t.Fatal(err)
	}
	if err := insert(ctx, db, "bob"); fault.KindOf(err) != fault.Conflict {
		t.Errorf("the same name again: %v", err)
	}
	write(t, db, func(tx *sql.Tx) error { return meta.SetPassword(ctx, tx, "bob", "h2", false) })
	write(t, db, func(tx *sql.Tx) error { return meta.SetLastLogin(ctx, tx, "bob", epoch) })
	bob := user("bob")
	bob.PasswordHash, bob.MustChange, bob.LastLogin = "h2", false, epoch
	all, err := meta.ListUsers(ctx, db.Read())
	if diff := cmp.Diff([]meta.User{user("alice"), bob}, all); diff != "" || err != nil {
		t.Errorf("ListUsers: %v, -want +got:\n%s", err, diff)
	}
	if n, err := meta.CountUsers(ctx, db.Read(), "admin"); n != 0 || err != nil {
		t.Errorf("CountUsers of another role = %d, %v", n, err)
	}
	write(t, db, func(tx *sql.Tx) error { return meta.DeleteUser(ctx, tx, "bob") })
	_, err = meta.GetUser(ctx, db.Read(), "bob")
	missing := []error{err}
	for _, f := range []func(*sql.Tx) error{
		func(tx *sql.Tx) error { return meta.DeleteUser(ctx, tx, "bob") },
		func(tx *sql.Tx) error { return meta.SetPassword(ctx, tx, "bob", "", false) },
		func(tx *sql.Tx) error { return meta.SetLastLogin(ctx, tx, "bob", epoch) },
	} {
		missing = append(missing, db.Write(ctx, f))
	}
	for i, err := range missing {
		if fault.KindOf(err) != fault.NotFound {
			t.Errorf("%d: a user that is gone: %v", i, err)
		}
	}
}

func tokens(t *testing.T, db *meta.DB) {
	ctx := t.Context()
	if err := insert(ctx, db, "bob", "eve"); err != nil {
		t.Fatal(err)
	}
	token := func(id, kind, user string, expires time.Time) meta.Token {
		return meta.Token{ID: id, Name: "n" + id, Kind: kind, SecretHash: "s", User: user, Role: "ingest",
			Grants: []string{}, Stores: []string{"default"}, Created: epoch, Expires: expires}
	}
	live, dead := epoch.Add(time.Hour), epoch.Add(-time.Hour)
	rows := []meta.Token{
		token("1", "api", "bob", time.Time{}), token("2", "session", "bob", live), token("3", "session", "bob", live),
		token("4", "session", "bob", dead), token("5", "api", "eve", live), token("6", "session", "eve", live),
	}
	write(t, db, func(tx *sql.Tx) error {
		for _, r := range rows {
			if err := meta.InsertToken(ctx, tx, r); err != nil {
				return err
			}
		}
		return nil
	})
	if err := db.Write(ctx, func(tx *sql.Tx) error { return meta.InsertToken(ctx, tx, token("7", "api", "nobody", live)) }); err == nil {
		t.Error("a token of a user who does not exist was stored")
	}
	ids := func() (s string) {
		t.Helper()
		all, err := meta.ListTokens(ctx, db.Read(), epoch)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range all {
			s += r.ID
		}
		return s
	}
	got, err := meta.GetToken(ctx, db.Read(), "2")
	if diff := cmp.Diff(rows[1], got); diff != "" || err != nil {
		t.Errorf("GetToken: %v, -want +got:\n%s", err, diff)
	}
	if s := ids(); s != "12356" {
		t.Errorf("valid tokens %q, want those that have not expired", s)
	}
	write(t, db, func(tx *sql.Tx) error { return meta.DeleteSessions(ctx, tx, "bob", "3") })
	if s := ids(); s != "1356" {
		t.Errorf("after DeleteSessions of bob but 3: %q", s)
	}
	write(t, db, func(tx *sql.Tx) error { return meta.SetLastUsed(ctx, tx, "1", epoch) })
	if got, err := meta.GetToken(ctx, db.Read(), "1"); err != nil || !got.LastUsed.Equal(epoch) || !got.Expires.IsZero() {
		t.Errorf("after SetLastUsed: %+v, %v", got, err)
	}
	write(t, db, func(tx *sql.Tx) error { return meta.DeleteExpiredTokens(ctx, tx, live.Add(time.Second)) })
	if s := ids(); s != "1" {
		t.Errorf("after DeleteExpiredTokens: %q, want the one that never expires", s)
	}
	write(t, db, func(tx *sql.Tx) error { return meta.DeleteUser(ctx, tx, "bob") })
	_, err = meta.GetToken(ctx, db.Read(), "1")
	if fault.KindOf(err) != fault.NotFound {
		t.Errorf("a token of a deleted user: %v", err)
	}
	if err := db.Write(ctx, func(tx *sql.Tx) error { return meta.DeleteToken(ctx, tx, "1") }); fault.KindOf(err) != fault.NotFound {
		t.Errorf("DeleteToken of one that is gone: %v", err)
	}
}

func write(t *testing.T, db *meta.DB, f func(tx *sql.Tx) error) {
	t.Helper()
	if err := db.Write(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}
