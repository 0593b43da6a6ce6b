package identity

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"time"

	"kiroku/internal/fault"
	"kiroku/internal/meta"
)

// sessionFor is how long a session lasts: a working day.
const sessionFor = 12 * time.Hour

// User is a person who can log in.
type User struct {
	Name       string
	Role       Role
	Grants     []Permission
	Created    time.Time
	LastLogin  time.Time // zero: never
	MustChange bool      // the password must be changed before anything else
}

// SessionStart is what a login gives.
type SessionStart struct {
	Token   string
	User    User
	Expires time.Time
}

// Login exchanges a password for a session token. addr is the caller's address, by which attempts are slowed down.
// Errors: fault.NoToken when the user or the password is wrong, not saying which; *Throttled.
func (i *Identity) Login(ctx context.Context, name, password string, addr netip.Addr) (SessionStart, error) {
	now := time.Now()
	u, err := i.checkUser(ctx, name, password, addr)
	if err != nil {
		return SessionStart{}, fmt.Errorf("log in: %w", err)
	}
	row, token := newToken(meta.Token{Name: "session", Kind: string(Session), User: u.Name, Role: u.Role, Created: now, Expires: now.Add(sessionFor)})
	err = i.db.Write(ctx, func(tx *sql.Tx) error {
		if err := meta.SetLastLogin(ctx, tx, u.Name, now); err != nil {
			return err
		}
		return meta.InsertToken(ctx, tx, row)
	})
	if err != nil {
		return SessionStart{}, fmt.Errorf("log in: %w", err)
	}
	return SessionStart{Token: token, User: userOf(u), Expires: row.Expires}, nil
}

// checkUser finds a user by name and password.
func (i *Identity) checkUser(ctx context.Context, name, password string, addr netip.Addr) (meta.User, error) {
	if err := i.attempts.begin(name, addr, time.Now()); err != nil {
		return meta.User{}, err
	}
	u, err := meta.GetUser(ctx, i.db.Read(), name)
	found := err == nil
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return meta.User{}, err
	}
	hash := u.PasswordHash
	if !found {
		hash = i.passwords.nobody
	}
	same, err := i.passwords.matches(ctx, password, hash)
	if err != nil {
		return meta.User{}, err
	}
	if !same || !found {
		return meta.User{}, fault.New(fault.NoToken, errors.New("the user or the password is wrong"),
			"Check both; an administrator can delete and create the user again.")
	}
	i.attempts.succeeded(name, addr)
	return u, nil
}

// ChangePassword replaces the caller's own password and ends their other sessions. Only a session can do it: a token is
// not a person.
func (i *Identity) ChangePassword(ctx context.Context, p *Principal, old, password string, addr netip.Addr) error {
	if p.Kind != Session {
		return fault.New(fault.Denied, errors.New("change password: the caller is a token, not a user"), "Log in with POST /api/v1/login first.")
	}
	if err := checkPassword(p.User, password, old); err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	if _, err := i.checkUser(ctx, p.User, old, addr); err != nil {
		if fault.KindOf(err) == fault.NoToken { // the session itself is valid
			err = fault.New(fault.Denied, errors.New("the old password is wrong"), "Check the old password.")
		}
		return fmt.Errorf("change password: %w", err)
	}
	hash, err := i.passwords.hash(ctx, password)
	if err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	defer i.cache.forget()
	return i.db.Write(ctx, func(tx *sql.Tx) error {
		if err := meta.SetPassword(ctx, tx, p.User, hash, false); err != nil {
			return err
		}
		return meta.DeleteSessions(ctx, tx, p.User, p.Token)
	})
}

// CreateUser makes a user with a one-time password, which is returned and cannot be read again.
func (i *Identity) CreateUser(ctx context.Context, name string, role Role, grants []Permission) (User, string, error) {
	if err := checkRole(role, grants); err != nil {
		return User{}, "", fmt.Errorf("create user: %w", err)
	}
	if !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@-]{0,99}$`).MatchString(name) {
		return User{}, "", fault.New(fault.Invalid, fmt.Errorf("create user: %q cannot be a name", name),
			"Use up to 100 letters, digits and . _ @ -, and begin with a letter or digit.")
	}
	password := oneTimePassword()
	hash, err := i.passwords.hash(ctx, password)
	if err != nil {
		return User{}, "", fmt.Errorf("create user: %w", err)
	}
	u := meta.User{Name: name, Role: string(role), Grants: words(grants), PasswordHash: hash, MustChange: true, Created: time.Now()}
	if err := i.db.Write(ctx, func(tx *sql.Tx) error { return meta.InsertUser(ctx, tx, u) }); err != nil {
		return User{}, "", fmt.Errorf("create user: %w", err)
	}
	return userOf(u), password, nil
}

// Users lists all users by name.
func (i *Identity) Users(ctx context.Context) ([]User, error) {
	rows, err := meta.ListUsers(ctx, i.db.Read())
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	users := make([]User, len(rows))
	for n, r := range rows {
		users[n] = userOf(r)
	}
	return users, nil
}

// DeleteUser deletes a user with all their tokens and sessions. The last administrator stays: fault.Conflict.
func (i *Identity) DeleteUser(ctx context.Context, name string) error {
	defer i.cache.forget()
	return i.db.Write(ctx, func(tx *sql.Tx) error {
		u, err := meta.GetUser(ctx, tx, name)
		if err != nil {
			return fmt.Errorf("delete user: %w", err)
		}
		admins, err := meta.CountUsers(ctx, tx, string(Admin))
		if err != nil {
			return fmt.Errorf("delete user: %w", err)
		}
		if Role(u.Role) == Admin && admins == 1 {
			return fault.New(fault.Conflict, fmt.Errorf("delete user %q: it is the last administrator", name), "Create another administrator first.")
		}
		return meta.DeleteUser(ctx, tx, name)
	})
}

func userOf(u meta.User) User {
	return User{Name: u.Name, Role: Role(u.Role), Grants: permissions(u.Grants), Created: u.Created, LastLogin: u.LastLogin, MustChange: u.MustChange}
}
