package identity

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"

	"kiroku/internal/logkey"
	"kiroku/internal/meta"
)

// AdminUser is the user that the first start creates.
const AdminUser = "admin"

// Identity answers who may do what. It is safe for concurrent use.
type Identity struct {
	db        *meta.DB
	log       *slog.Logger
	passwords *hasher
	attempts  *attempts
	cache     *cache
}

// New uses the users and tokens of db.
func New(db *meta.DB, log *slog.Logger) *Identity {
	return &Identity{db: db, log: log, passwords: newHasher(), attempts: newAttempts(), cache: newCache()}
}

// FirstStart is what the first start creates. Nobody can read it again.
type FirstStart struct {
	User     string
	Password string // one-time: it must be changed at the first login
	Token    string // administrator token
}

// Bootstrap creates an administrator and an administrator token when there is no user yet. announce gets them before they
// are stored: when it fails (or the process dies in it), nothing was created and the next start begins anew, so that there
// is never an administrator whose secrets nobody was told.
func (i *Identity) Bootstrap(ctx context.Context, announce func(FirstStart) error) error {
	n, err := meta.CountUsers(ctx, i.db.Read(), "")
	if err != nil || n > 0 {
		return err
	}
	first := FirstStart{User: AdminUser, Password: oneTimePassword()}
	hash, err := i.passwords.hash(ctx, first.Password)
	if err != nil {
		return fmt.Errorf("create administrator: %w", err)
	}
	now := time.Now()
	row, token := newToken(meta.Token{Name: "first start", Kind: string(API), User: AdminUser, Role: string(Admin), Created: now})
	first.Token = token
	return i.db.Write(ctx, func(tx *sql.Tx) error {
		if n, err := meta.CountUsers(ctx, tx, ""); err != nil || n > 0 {
			return err
		}
		u := meta.User{Name: AdminUser, Role: string(Admin), PasswordHash: hash, MustChange: true, Created: now}
		if err := meta.InsertUser(ctx, tx, u); err != nil {
			return err
		}
		if err := meta.InsertToken(ctx, tx, row); err != nil {
			return err
		}
		return announce(first)
	})
}

const flushEvery = time.Minute

// Run writes down every minute which tokens were used, and deletes expired ones, until ctx ends.
func (i *Identity) Run(ctx context.Context) error {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := i.Flush(ctx); err != nil && ctx.Err() == nil {
				i.log.LogAttrs(ctx, slog.LevelWarn, "use of tokens not noted", slog.Any(logkey.Err, err))
			}
		case <-ctx.Done():
			return i.Flush(context.WithoutCancel(ctx))
		}
	}
}

// Flush writes down which tokens were used since the last time, and deletes expired ones.
func (i *Identity) Flush(ctx context.Context) error {
	used := i.cache.takeUsed()
	now := time.Now()
	expired, err := meta.HasExpiredTokens(ctx, i.db.Read(), now)
	if err != nil || len(used) == 0 && !expired {
		return err
	}
	return i.db.Write(ctx, func(tx *sql.Tx) error {
		for id, at := range used {
			if err := meta.SetLastUsed(ctx, tx, id, at); err != nil {
				return err
			}
		}
		return meta.DeleteExpiredTokens(ctx, tx, now)
	})
}
