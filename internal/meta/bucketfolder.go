package meta

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// BucketFolder is a folder of CloudTrail's files, and how far it was read.
type BucketFolder struct {
	ID       int64
	Bucket   string // with what makes it unique in front: the partition or the endpoint
	Prefix   string
	Listed   time.Time // what was there then was read, in the days that were looked at; zero: never
	Relisted time.Time // the same for the last look at the whole month
	History  int64     // day since 1970 from which on every day was read once; 0: not begun
}

const folderColumns = `id, bucket, prefix, listed, relisted, history`

// AddFolder returns the folder, and makes its row when there is none.
func AddFolder(ctx context.Context, tx *sql.Tx, bucket, prefix string) (BucketFolder, error) {
	if _, err := tx.ExecContext(ctx, `INSERT INTO bucket_folders (bucket, prefix) VALUES ($1, $2) ON CONFLICT DO NOTHING`, bucket, prefix); err != nil {
		return BucketFolder{}, fmt.Errorf("insert bucket folder %q: %w", prefix, err)
	}
	return FindFolder(ctx, tx, bucket, prefix)
}

// FindFolder returns a folder; one without ID when it has no row.
func FindFolder(ctx context.Context, q Queryer, bucket, prefix string) (BucketFolder, error) {
	f, err := scanFolder(q.QueryRowContext(ctx, `SELECT `+folderColumns+` FROM bucket_folders WHERE bucket = $1 AND prefix = $2`, bucket, prefix))
	if errors.Is(err, sql.ErrNoRows) {
		return BucketFolder{}, nil
	}
	if err != nil {
		return BucketFolder{}, fmt.Errorf("find bucket folder %q: %w", prefix, err)
	}
	return f, nil
}

// ListFolders returns all folders in the order of their making.
func ListFolders(ctx context.Context, q Queryer) ([]BucketFolder, error) {
	return collect(ctx, q, scanFolder, `SELECT `+folderColumns+` FROM bucket_folders ORDER BY id`)
}

// SetFolderListed notes a look at the days around now; relisted also one at the month, unless it is zero.
func SetFolderListed(ctx context.Context, tx *sql.Tx, id int64, listed, relisted time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE bucket_folders SET listed = $1, relisted = CASE WHEN $2 > 0 THEN $2 ELSE relisted END WHERE id = $3`, micros(listed), micros(relisted), id)
	if err != nil {
		return fmt.Errorf("note listing of bucket folder %d: %w", id, err)
	}
	return nil
}

// SetFolderHistory notes that every day from day on was read.
func SetFolderHistory(ctx context.Context, tx *sql.Tx, id, day int64) error {
	if _, err := tx.ExecContext(ctx, `UPDATE bucket_folders SET history = $1 WHERE id = $2`, day, id); err != nil {
		return fmt.Errorf("note history of bucket folder %d: %w", id, err)
	}
	return nil
}

func scanFolder(row scanner) (BucketFolder, error) {
	var f BucketFolder
	var listed, relisted int64
	err := row.Scan(&f.ID, &f.Bucket, &f.Prefix, &listed, &relisted, &f.History)
	f.Listed, f.Relisted = fromMicros(listed), fromMicros(relisted)
	return f, err
}
