package meta

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"kiroku/internal/fault"
)

// AccessKey is what a caller of the AWS endpoints signs with.
type AccessKey struct {
	ID        string
	Account   string
	Principal string // ARN
	Secret    string // encrypted
	Created   time.Time
	LastUsed  time.Time
	Revoked   time.Time // zero: valid
}

const accessKeyColumns = `id, account, principal, secret, created, last_used, revoked`

// InsertAccessKey adds k.
func InsertAccessKey(ctx context.Context, tx *sql.Tx, k AccessKey) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO access_keys (`+accessKeyColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		k.ID, k.Account, k.Principal, k.Secret, micros(k.Created), micros(k.LastUsed), micros(k.Revoked))
	if err != nil {
		return fmt.Errorf("insert access key %q: %w", k.ID, err)
	}
	return nil
}

// GetAccessKey finds an access key, also a revoked one; fault.NotFound when there is none.
func GetAccessKey(ctx context.Context, q Queryer, id string) (AccessKey, error) {
	k, err := scanAccessKey(q.QueryRowContext(ctx, `SELECT `+accessKeyColumns+` FROM access_keys WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return AccessKey{}, fault.New(fault.NotFound, fmt.Errorf("find access key %q: there is none", id), `List them with "kiroku keys list".`)
	}
	if err != nil {
		return AccessKey{}, fmt.Errorf("find access key %q: %w", id, err)
	}
	return k, nil
}

// ListAccessKeys returns all access keys, revoked ones too, newest first.
func ListAccessKeys(ctx context.Context, q Queryer) ([]AccessKey, error) {
	return collect(ctx, q, scanAccessKey, `SELECT `+accessKeyColumns+` FROM access_keys ORDER BY created DESC, id`)
}

// RevokeAccessKey makes an access key void. One that is void already keeps its time.
func RevokeAccessKey(ctx context.Context, tx *sql.Tx, id string, at time.Time) error {
	res, err := tx.ExecContext(ctx, `UPDATE access_keys SET revoked = CASE WHEN revoked = 0 THEN $1 ELSE revoked END WHERE id = $2`, micros(at), id)
	return one(res, err, "revoke access key", id)
}

// SetAccessKeyUsed notes when an access key was used. One that is gone is left alone.
func SetAccessKeyUsed(ctx context.Context, tx *sql.Tx, id string, at time.Time) error {
	if _, err := tx.ExecContext(ctx, `UPDATE access_keys SET last_used = $1 WHERE id = $2`, micros(at), id); err != nil {
		return fmt.Errorf("note use of access key %q: %w", id, err)
	}
	return nil
}

func scanAccessKey(row scanner) (AccessKey, error) {
	var k AccessKey
	var created, used, revoked int64
	err := row.Scan(&k.ID, &k.Account, &k.Principal, &k.Secret, &created, &used, &revoked)
	k.Created, k.LastUsed, k.Revoked = fromMicros(created), fromMicros(used), fromMicros(revoked)
	return k, err
}
