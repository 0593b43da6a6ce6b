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

// Token is what a caller shows to prove who it is. The secret itself is not stored.
type Token struct {
	ID         string
	Name       string
	Kind       string // api, session
	SecretHash string // hex of SHA-256
	User       string // the user of a session; for an API token the one who created it
	Role       string
	Grants     []string
	Stores     []string // empty: all
	Created    time.Time
	Expires    time.Time // zero: never
	LastUsed   time.Time
}

const tokenColumns = `id, name, kind, secret_hash, user_name, role, grants, stores, created, expires, last_used`

// InsertToken adds t. Its user must exist.
func InsertToken(ctx context.Context, tx *sql.Tx, t Token) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO tokens (`+tokenColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		t.ID, t.Name, t.Kind, t.SecretHash, t.User, t.Role, list(t.Grants), list(t.Stores), micros(t.Created), micros(t.Expires), micros(t.LastUsed))
	if err != nil {
		return fmt.Errorf("insert token %q: %w", t.Name, err)
	}
	return nil
}

// GetToken finds a token by its id; fault.NotFound when there is none.
func GetToken(ctx context.Context, q Queryer, id string) (Token, error) {
	t, err := scanToken(q.QueryRowContext(ctx, `SELECT `+tokenColumns+` FROM tokens WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Token{}, fault.New(fault.NotFound, fmt.Errorf("find token %q: there is none", id), "List the tokens and check the id.")
	}
	if err != nil {
		return Token{}, fmt.Errorf("find token %q: %w", id, err)
	}
	return t, nil
}

// ListTokens returns the tokens that are valid at the time at, newest first.
func ListTokens(ctx context.Context, q Queryer, at time.Time) ([]Token, error) {
	return collect(ctx, q, scanToken, `SELECT `+tokenColumns+` FROM tokens WHERE expires = 0 OR expires > $1 ORDER BY created DESC, id`, micros(at))
}

// DeleteToken deletes a token.
func DeleteToken(ctx context.Context, tx *sql.Tx, id string) error {
	res, err := tx.ExecContext(ctx, `DELETE FROM tokens WHERE id = $1`, id)
	return one(res, err, "delete token", id)
}

// DeleteSessions deletes all sessions of a user but the one with the id keep.
func DeleteSessions(ctx context.Context, tx *sql.Tx, user, keep string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM tokens WHERE kind = 'session' AND user_name = $1 AND id <> $2`, user, keep)
	if err != nil {
		return fmt.Errorf("delete sessions of user %q: %w", user, err)
	}
	return nil
}

// DeleteExpiredTokens deletes what expired before at.
func DeleteExpiredTokens(ctx context.Context, tx *sql.Tx, at time.Time) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM tokens WHERE expires <> 0 AND expires < $1`, micros(at)); err != nil {
		return fmt.Errorf("delete expired tokens: %w", err)
	}
	return nil
}

// HasExpiredTokens says whether there is something for DeleteExpiredTokens.
func HasExpiredTokens(ctx context.Context, q Queryer, at time.Time) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT count(*) FROM tokens WHERE expires <> 0 AND expires < $1`, micros(at)).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("count expired tokens: %w", err)
	}
	return n > 0, nil
}

// SetLastUsed notes when a token was used. A token that is gone is left alone.
func SetLastUsed(ctx context.Context, tx *sql.Tx, id string, at time.Time) error {
	if _, err := tx.ExecContext(ctx, `UPDATE tokens SET last_used = $1 WHERE id = $2`, micros(at), id); err != nil {
		return fmt.Errorf("note use of token %q: %w", id, err)
	}
	return nil
}

func scanToken(row scanner) (Token, error) {
	var t Token
	var grants, stores string
	var created, expires, used int64
	err := row.Scan(&t.ID, &t.Name, &t.Kind, &t.SecretHash, &t.User, &t.Role, &grants, &stores, &created, &expires, &used)
	if err != nil {
		return Token{}, err
	}
	t.Created, t.Expires, t.LastUsed = fromMicros(created), fromMicros(expires), fromMicros(used)
	return t, errors.Join(json.Unmarshal([]byte(grants), &t.Grants), json.Unmarshal([]byte(stores), &t.Stores))
}
