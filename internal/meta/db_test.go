package meta_test

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kiroku/internal/fault"
	"kiroku/internal/meta"
	"kiroku/internal/meta/metatest"
)

func open(t testing.TB, path string) *meta.DB {
	t.Helper()
	db, err := meta.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestSQLite(t *testing.T) {
	metatest.Run(t, func(t *testing.T) *meta.DB { return open(t, filepath.Join(t.TempDir(), "meta.db")) })
}

// Names that mean something in a URL must not lead to another file.
func TestOpenAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b?mode=memory&x#%41.db")
	db := open(t, path)
	if err := db.Write(t.Context(), func(tx *sql.Tx) error {
		return meta.InsertUser(t.Context(), tx, meta.User{Name: "a", Role: "admin"})
	}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() == 0 {
		t.Fatalf("%v, %v; want a file of mode 0600", info, err)
	}
	db = open(t, path)
	defer db.Close()
	if n, err := meta.CountUsers(t.Context(), db.Read(), ""); n != 1 || err != nil {
		t.Errorf("%d users after opening again, %v", n, err)
	}
}

// A program must not work with tables of which it does not know what they mean, and changes nothing of them.
func TestNewerVersion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "meta.db")
	db := open(t, path)
	err := db.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`)
		return err
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := meta.Open(t.Context(), path); fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), "a newer Kiroku has written it: it is of version 9999") || fault.NextOf(err) == "" {
		t.Errorf("a newer database is opened: %v", err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("it was changed: %v", err)
	}
}

// Without these settings a committed transaction can be lost in a power cut, or readers wait for writers.
func TestSettings(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "meta.db"))
	defer db.Close()
	if err := db.Write(t.Context(), func(tx *sql.Tx) error {
		for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "10000"} {
			var got string
			if err := tx.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
				t.Errorf("%s is %q, %v; want %q", pragma, got, err, want)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	notDB := filepath.Join(dir, "not.db")
	if err := os.WriteFile(notDB, []byte("this is a text, and long enough not to be taken for an empty file"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{notDB, dir, filepath.Join(dir, "none", "meta.db")} {
		if db, err := meta.Open(t.Context(), path); err == nil {
			db.Close()
			t.Errorf("Open(%q) took something that is no database", path)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	db := open(b, filepath.Join(b.TempDir(), "meta.db"))
	defer db.Close()
	b.ReportAllocs()
	for b.Loop() {
		if err := db.Write(b.Context(), func(tx *sql.Tx) error {
			return meta.DeleteExpiredTokens(b.Context(), tx, time.Unix(1, 0))
		}); err != nil {
			b.Fatal(err)
		}
	}
}
