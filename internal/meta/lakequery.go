package meta

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"kiroku/internal/fault"
)

// LakeQuery is a query of the AWS endpoints. Its result lies in a file.
type LakeQuery struct {
	ID        string
	Account   string // who started it
	Region    string
	Stores    []string // ids of the event data stores that it reads
	Statement string
	Status    string
	Message   string // why it failed
	Created   time.Time
	Ended     time.Time // zero: not yet
	Took      time.Duration
	Rows      int64 // of the result
	Matched   int64 // events
	Scanned   int64 // events
	Bytes     int64 // scanned
	Columns   []string
	Delivery  string // where the result is to be put; empty: nowhere
	Delivered string // how that went
}

const lakeQueryColumns = `id, account, region, stores, statement, status, message, created, ended, took, result, matched, scanned, bytes, columns, delivery, delivered`

// InsertLakeQuery adds a query.
func InsertLakeQuery(ctx context.Context, tx *sql.Tx, q LakeQuery) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO queries (`+lakeQueryColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
		q.ID, q.Account, q.Region, list(q.Stores), q.Statement, q.Status, q.Message, micros(q.Created), micros(q.Ended), q.Took.Microseconds(), q.Rows, q.Matched, q.Scanned,
		q.Bytes, list(q.Columns), q.Delivery, q.Delivered)
	if err != nil {
		return fmt.Errorf("insert query %q: %w", q.ID, err)
	}
	return nil
}

// EndLakeQuery notes how a query ended.
func EndLakeQuery(ctx context.Context, tx *sql.Tx, q LakeQuery) error {
	res, err := tx.ExecContext(ctx, `UPDATE queries SET status = $1, message = $2, ended = $3, took = $4, result = $5, matched = $6, scanned = $7, bytes = $8, delivered = $9
		WHERE id = $10`, q.Status, q.Message, micros(q.Ended), q.Took.Microseconds(), q.Rows, q.Matched, q.Scanned, q.Bytes, q.Delivered, q.ID)
	return one(res, err, "note end of query", q.ID)
}

// GetLakeQuery finds a query by its id; fault.NotFound when there is none.
func GetLakeQuery(ctx context.Context, q Queryer, id string) (LakeQuery, error) {
	row, err := scanLakeQuery(q.QueryRowContext(ctx, `SELECT `+lakeQueryColumns+` FROM queries WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return LakeQuery{}, fault.New(fault.NotFound, fmt.Errorf("find query %q: there is none", id), "List the queries.")
	}
	if err != nil {
		return LakeQuery{}, fmt.Errorf("find query %q: %w", id, err)
	}
	return row, nil
}

// LakeQueryStatus is what a list tells of a query.
type LakeQueryStatus struct {
	ID      string
	Status  string
	Created time.Time
}

// ListLakeQueries returns the queries that read an event data store and were created from from to to, the newest first.
func ListLakeQueries(ctx context.Context, q Queryer, store string, from, to time.Time) ([]LakeQueryStatus, error) {
	return collect(ctx, q, func(row scanner) (s LakeQueryStatus, err error) {
		var created int64
		err = row.Scan(&s.ID, &s.Status, &created)
		s.Created = fromMicros(created)
		return s, err
	}, `SELECT id, status, created FROM queries WHERE created >= $1 AND created <= $2 AND stores LIKE '%"' || $3 || '"%' ORDER BY created DESC, id DESC`,
		micros(from), micros(to), store)
}

// EndedLakeQueries returns the ids of queries that ended before a time, or of all that ended.
func EndedLakeQueries(ctx context.Context, q Queryer, before time.Time) ([]string, error) {
	return lakeQueryIDs(ctx, q, `SELECT id FROM queries WHERE ended <> 0 AND ($1 = 0 OR ended < $1)`, micros(before))
}

// OpenLakeQueries returns the ids of queries that have not ended.
func OpenLakeQueries(ctx context.Context, q Queryer) ([]string, error) {
	return lakeQueryIDs(ctx, q, `SELECT id FROM queries WHERE ended = 0`)
}

// UndeliveredLakeQueries returns the ids of queries that have ended and whose result is still to be delivered.
func UndeliveredLakeQueries(ctx context.Context, q Queryer) ([]string, error) {
	return lakeQueryIDs(ctx, q, `SELECT id FROM queries WHERE ended <> 0 AND delivered = 'PENDING'`)
}

func lakeQueryIDs(ctx context.Context, q Queryer, query string, args ...any) ([]string, error) {
	return collect(ctx, q, func(row scanner) (id string, err error) {
		err = row.Scan(&id)
		return id, err
	}, query, args...)
}

// DeleteLakeQuery forgets a query.
func DeleteLakeQuery(ctx context.Context, tx *sql.Tx, id string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM queries WHERE id = $1`, id); err != nil {
		return fmt.Errorf("forget query %q: %w", id, err)
	}
	return nil
}

func scanLakeQuery(row scanner) (LakeQuery, error) {
	var q LakeQuery
	var created, ended, took int64
	var stores, columns string
	err := row.Scan(&q.ID, &q.Account, &q.Region, &stores, &q.Statement, &q.Status, &q.Message, &created, &ended, &took, &q.Rows, &q.Matched, &q.Scanned, &q.Bytes,
		&columns, &q.Delivery, &q.Delivered)
	if err != nil {
		return q, err
	}
	q.Created, q.Ended, q.Took = fromMicros(created), fromMicros(ended), time.Duration(took)*time.Microsecond
	return q, errors.Join(json.Unmarshal([]byte(stores), &q.Stores), json.Unmarshal([]byte(columns), &q.Columns))
}
