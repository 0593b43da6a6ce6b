package meta

import (
	"database/sql"
	"fmt"
	"net/url"
)

// OpenCatalog opens the SQLite file of the Iceberg SQL catalog, and creates it when it is not there. It is a file of its
// own, so that other readers of the tables need no access to the metadata database. Its schema is the catalog's own.
func OpenCatalog(path string) (*sql.DB, error) {
	db, err := sql.Open("sqlite3", dsn(path, url.Values{"_journal_mode": {"WAL"}, "_synchronous": {"FULL"}, "_txlock": {"immediate"}}))
	if err != nil {
		return nil, fmt.Errorf("open catalog database %q: %w", path, err)
	}
	db.SetMaxOpenConns(1)
	return db, nil
}
