package meta

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"

	"github.com/mattn/go-sqlite3"

	"kiroku/internal/fault"
)

// OpenCatalog opens the SQLite file of the Iceberg SQL catalog, and creates it when it is not there. It is a file of its
// own, so that other readers of the tables need no access to the metadata database. Its schema is the catalog's own.
func OpenCatalog(ctx context.Context, path string) (*sql.DB, error) {
	db, err := sql.Open("sqlite3", dsn(path, url.Values{"_journal_mode": {"WAL"}, "_synchronous": {"FULL"}, "_txlock": {"immediate"}}))
	if err != nil {
		return nil, fmt.Errorf("open catalog database %q: %w", path, err)
	}
	db.SetMaxOpenConns(1)
	var objects int
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master").Scan(&objects); err != nil {
		err = errors.Join(fmt.Errorf("open catalog database %q: %w", path, err), db.Close())
		if Damaged(err) {
			return nil, fault.New(fault.Conflict, err, `It is damaged. Put it back from a backup; without one, move it away and run "kiroku fsck --repair", which makes it anew.`)
		}
		return nil, err
	}
	return db, nil
}

// Damaged says whether an error is that a file of SQLite is no database, or that pages of it are wrong.
func Damaged(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e) && (e.Code == sqlite3.ErrNotADB || e.Code == sqlite3.ErrCorrupt)
}
