package meta

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/fault"
)

// Import is an import of CloudTrail's files from a bucket into an event data store.
type Import struct {
	ID             string
	Account        string
	Region         string
	EventDataStore string // id
	Location       string // s3://…
	BucketRegion   string
	Role           string
	Start, End     time.Time // of events; zero: no bound
	Status         string
	Counts         ImportCounts
	Position       string // keys up to this one are counted, or have failed
	Created        time.Time
	Updated        time.Time
}

// ImportCounts are how far an import has come.
type ImportCounts struct{ PrefixesFound, PrefixesCompleted, Files, Events int64 }

// ImportFailure is a file that could not be imported.
type ImportFailure struct {
	Import    string
	Location  string // s3://…
	Status    string // FAILED, RETRY, SUCCEEDED
	ErrorType string
	Message   string
	Updated   time.Time
}

const importColumns = `id, account, region, event_data_store, location, bucket_region, role, start_time, end_time, status, prefixes_found, prefixes_completed,
	files_completed, events_completed, position, created, updated`

// InsertImport adds an import.
func InsertImport(ctx context.Context, tx *sql.Tx, i Import) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO imports (`+importColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
		i.ID, i.Account, i.Region, i.EventDataStore, i.Location, i.BucketRegion, i.Role, micros(i.Start), micros(i.End), i.Status, i.Counts.PrefixesFound,
		i.Counts.PrefixesCompleted, i.Counts.Files, i.Counts.Events, i.Position, micros(i.Created), micros(i.Updated))
	if err != nil {
		return fmt.Errorf("insert import %q: %w", i.ID, err)
	}
	return nil
}

// GetImport finds an import by its id; fault.NotFound when there is none.
func GetImport(ctx context.Context, q Queryer, id string) (Import, error) {
	i, err := scanImport(q.QueryRowContext(ctx, `SELECT `+importColumns+` FROM imports WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Import{}, fault.New(fault.NotFound, fmt.Errorf("find import %q: there is none", id), "List the imports.")
	}
	if err != nil {
		return Import{}, fmt.Errorf("find import %q: %w", id, err)
	}
	return i, nil
}

// ListImports returns imports, the newest first; "" for account or region means all.
func ListImports(ctx context.Context, q Queryer, account, region string) ([]Import, error) {
	return collect(ctx, q, scanImport, `SELECT `+importColumns+` FROM imports WHERE ($1 = '' OR account = $1) AND ($2 = '' OR region = $2) ORDER BY created DESC, id DESC`, account, region)
}

// SetImportStatus gives an import a status, if it has one of those in from. It says whether it had.
func SetImportStatus(ctx context.Context, tx *sql.Tx, id, status string, at time.Time, from ...string) (bool, error) {
	query, args := `UPDATE imports SET status = $1, updated = $2 WHERE id = $3 AND status IN (`, []any{status, micros(at), id}
	for n, f := range from {
		if n > 0 {
			query += ", "
		}
		args = append(args, f)
		query += fmt.Sprintf("$%d", len(args))
	}
	res, err := tx.ExecContext(ctx, query+")", args...)
	if err != nil {
		return false, fmt.Errorf("set status of import %q: %w", id, err)
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// SetImportProgress notes how far an import has come.
func SetImportProgress(ctx context.Context, tx *sql.Tx, id, position string, c ImportCounts, at time.Time) error {
	res, err := tx.ExecContext(ctx, `UPDATE imports SET position = $1, prefixes_found = $2, prefixes_completed = $3, files_completed = $4, events_completed = $5, updated = $6
		WHERE id = $7`, position, c.PrefixesFound, c.PrefixesCompleted, c.Files, c.Events, micros(at), id)
	return one(res, err, "note progress of import", id)
}

// SetImportFailure notes how a file of an import fares that failed.
func SetImportFailure(ctx context.Context, tx *sql.Tx, f ImportFailure) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO import_failures (import, location, status, error_type, message, updated) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (import, location) DO UPDATE SET status = excluded.status, error_type = excluded.error_type, message = excluded.message, updated = excluded.updated`,
		f.Import, f.Location, f.Status, f.ErrorType, f.Message, micros(f.Updated))
	if err != nil {
		return fmt.Errorf("note failure of import %q: %w", f.Import, err)
	}
	return nil
}

// RetryImportFailures marks the files that failed to be tried again.
func RetryImportFailures(ctx context.Context, tx *sql.Tx, id string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE import_failures SET status = 'RETRY', updated = $1 WHERE import = $2 AND status = 'FAILED'`, micros(at), id)
	if err != nil {
		return fmt.Errorf("retry failures of import %q: %w", id, err)
	}
	return nil
}

// ListImportFailures returns the failures of an import by location; with a status only those that have it.
func ListImportFailures(ctx context.Context, q Queryer, id, status string) ([]ImportFailure, error) {
	return collect(ctx, q, func(row scanner) (f ImportFailure, err error) {
		var updated int64
		err = row.Scan(&f.Import, &f.Location, &f.Status, &f.ErrorType, &f.Message, &updated)
		f.Updated = fromMicros(updated)
		return f, err
	}, `SELECT import, location, status, error_type, message, updated FROM import_failures WHERE import = $1 AND ($2 = '' OR status = $2) ORDER BY location`, id, status)
}

// CountImportFailures counts the failures of an import that have a status.
func CountImportFailures(ctx context.Context, q Queryer, id, status string) (n int64, err error) {
	err = q.QueryRowContext(ctx, `SELECT count(*) FROM import_failures WHERE import = $1 AND status = $2`, id, status).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count failures of import %q: %w", id, err)
	}
	return n, nil
}

// DeleteObject forgets what of an object is stored.
func DeleteObject(ctx context.Context, tx *sql.Tx, folder, day int64, id event.ObjectID) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM bucket_objects WHERE folder = $1 AND day = $2 AND id = $3`, folder, day, id[:]); err != nil {
		return fmt.Errorf("forget object: %w", err)
	}
	return nil
}

// DeleteFolder forgets a folder and all its objects.
func DeleteFolder(ctx context.Context, tx *sql.Tx, id int64) error {
	for _, q := range []string{`DELETE FROM bucket_objects WHERE folder = $1`, `DELETE FROM bucket_folders WHERE id = $1`} {
		if _, err := tx.ExecContext(ctx, q, id); err != nil {
			return fmt.Errorf("forget bucket folder %d: %w", id, err)
		}
	}
	return nil
}

func scanImport(row scanner) (Import, error) {
	var i Import
	var start, end, created, updated int64
	err := row.Scan(&i.ID, &i.Account, &i.Region, &i.EventDataStore, &i.Location, &i.BucketRegion, &i.Role, &start, &end, &i.Status, &i.Counts.PrefixesFound,
		&i.Counts.PrefixesCompleted, &i.Counts.Files, &i.Counts.Events, &i.Position, &created, &updated)
	i.Start, i.End, i.Created, i.Updated = fromMicros(start), fromMicros(end), fromMicros(created), fromMicros(updated)
	return i, err
}
