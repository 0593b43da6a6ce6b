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

// User is a person who logs in.
type User struct {
	Name         string
	Role         string
	Grants       []string // permissions beside those of the role
	PasswordHash string
	MustChange   bool // the password was given by somebody else
	Created      time.Time
	LastLogin    time.Time
}

const userColumns = `name, role, grants, password_hash, must_change, created, last_login`

// InsertUser adds u; fault.Conflict when the name is taken.
func InsertUser(ctx context.Context, tx *sql.Tx, u User) error {
	res, err := tx.ExecContext(ctx, `INSERT INTO users (`+userColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
		u.Name, u.Role, list(u.Grants), u.PasswordHash, u.MustChange, micros(u.Created), micros(u.LastLogin))
	if err != nil {
		return fmt.Errorf("insert user %q: %w", u.Name, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return fault.New(fault.Conflict, fmt.Errorf("insert user %q: the name is taken", u.Name), "Choose another name, or delete the user first.")
}

// GetUser finds a user by name; fault.NotFound when there is none.
func GetUser(ctx context.Context, q Queryer, name string) (User, error) {
	u, err := scanUser(q.QueryRowContext(ctx, `SELECT `+userColumns+` FROM users WHERE name = $1`, name))
	if errors.Is(err, sql.ErrNoRows) {
		return User{}, fault.New(fault.NotFound, fmt.Errorf("find user %q: there is none", name), "List the users and check the spelling.")
	}
	if err != nil {
		return User{}, fmt.Errorf("find user %q: %w", name, err)
	}
	return u, nil
}

// ListUsers returns all users by name.
func ListUsers(ctx context.Context, q Queryer) ([]User, error) {
	return collect(ctx, q, scanUser, `SELECT `+userColumns+` FROM users ORDER BY name`)
}

// CountUsers counts the users with a role; "" counts all.
func CountUsers(ctx context.Context, q Queryer, role string) (int, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT count(*) FROM users WHERE $1 = '' OR role = $1`, role).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count users: %w", err)
	}
	return n, nil
}

// SetPassword replaces a user's password hash.
func SetPassword(ctx context.Context, tx *sql.Tx, name, hash string, mustChange bool) error {
	res, err := tx.ExecContext(ctx, `UPDATE users SET password_hash = $1, must_change = $2 WHERE name = $3`, hash, mustChange, name)
	return one(res, err, "change password of user", name)
}

// SetLastLogin notes that a user logged in.
func SetLastLogin(ctx context.Context, tx *sql.Tx, name string, at time.Time) error {
	res, err := tx.ExecContext(ctx, `UPDATE users SET last_login = $1 WHERE name = $2`, micros(at), name)
	return one(res, err, "note login of user", name)
}

// DeleteUser deletes a user with all their tokens.
func DeleteUser(ctx context.Context, tx *sql.Tx, name string) error {
	res, err := tx.ExecContext(ctx, `DELETE FROM users WHERE name = $1`, name)
	return one(res, err, "delete user", name)
}

func scanUser(row scanner) (User, error) {
	var u User
	var grants string
	var created, login int64
	if err := row.Scan(&u.Name, &u.Role, &grants, &u.PasswordHash, &u.MustChange, &created, &login); err != nil {
		return User{}, err
	}
	u.Created, u.LastLogin = fromMicros(created), fromMicros(login)
	return u, json.Unmarshal([]byte(grants), &u.Grants)
}
