package meta

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"time"

	_ "github.com/mattn/go-sqlite3" // the driver "sqlite3"

	"kiroku/internal/fault"
)

// busyTimeout is how long a statement waits for another process that holds the file, for example fsck or a backup.
const busyTimeout = 10 * time.Second

const readers = 8

// DB is an open metadata database. It is safe for concurrent use.
type DB struct {
	writer *sql.DB // exactly one connection: that is what makes writers wait for each other
	reader *sql.DB
}

// Open opens the database in the file path, creates it when it is not there, and brings its tables up to date. The folder
// must exist. The file can be read by its owner only, because it holds the hashes of passwords and tokens.
func Open(ctx context.Context, path string) (*DB, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open metadata database: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("open metadata database %q: %w", path, err)
	}
	db := &DB{}
	if db.writer, err = sql.Open("sqlite3", dsn(path, url.Values{
		"_journal_mode": {"WAL"}, "_synchronous": {"FULL"}, "_txlock": {"immediate"}, "_foreign_keys": {"on"},
	})); err != nil {
		return nil, fmt.Errorf("open metadata database %q: %w", path, err)
	}
	db.writer.SetMaxOpenConns(1)
	if err := migrate(ctx, db.writer); err != nil {
		return nil, errors.Join(fmt.Errorf("open metadata database %q: %w", path, err), db.writer.Close())
	}
	if db.reader, err = sql.Open("sqlite3", dsn(path, url.Values{"mode": {"ro"}, "_query_only": {"on"}})); err != nil {
		return nil, errors.Join(fmt.Errorf("open metadata database %q: %w", path, err), db.writer.Close())
	}
	db.reader.SetMaxOpenConns(readers)
	db.reader.SetMaxIdleConns(readers)
	return db, nil
}

func dsn(path string, options url.Values) string {
	options.Set("_busy_timeout", strconv.FormatInt(busyTimeout.Milliseconds(), 10))
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + options.Encode()
}

// Close waits for running transactions and closes the database.
func (d *DB) Close() error {
	return errors.Join(d.reader.Close(), d.writer.Close())
}

// Read is the pool for queries. Its connections cannot write. A query sees every Write that returned before it began.
func (d *DB) Read() *sql.DB { return d.reader }

// Write runs f in one transaction. Writers wait for each other in the order of their calls. When f returns nil the
// transaction is committed and synced to disk before Write returns nil; otherwise nothing of it remains. f must not call
// Write, and must use only tx: a query on Read would not see what f has changed. An error of f is returned as it is.
func (d *DB) Write(ctx context.Context, f func(tx *sql.Tx) error) error {
	tx, err := d.writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin metadata transaction: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing; it also ends the transaction when f panics
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit metadata transaction: %w", err)
	}
	return nil
}

// micros is how a time stands in a column.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// one checks that a statement changed a row, and is a NotFound otherwise.
func one(res sql.Result, err error, what, name string) error {
	if err != nil {
		return fmt.Errorf("%s %q: %w", what, name, err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return fmt.Errorf("%s %q: %w", what, name, err)
	}
	if n == 0 {
		return fault.New(fault.NotFound, fmt.Errorf("%s %q: there is none", what, name), "List what there is and check the spelling.")
	}
	return nil
}
