package identity

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"kiroku/internal/fault"
	"kiroku/internal/meta"
)

// AccessKey lets a program sign requests to the AWS endpoints as a principal of an account.
type AccessKey struct {
	ID        string // AKIA…
	Account   string // 12 digits
	Principal string // ARN
	Created   time.Time
	LastUsed  time.Time // exact to a minute
	Revoked   time.Time // zero: valid
}

// AccessKeys are the keys of the AWS endpoints. It is safe for concurrent use.
type AccessKeys struct {
	db   *meta.DB
	ring *keyring

	mu         sync.Mutex
	known      map[string]signer // valid keys with their secrets
	used       map[string]time.Time
	generation int
}

// signer is a valid key as it was read.
type signer struct {
	key    AccessKey
	secret string
	loaded time.Time
}

// NewAccessKeys uses the access keys of db. Their secrets are encrypted with the key in the file path, which is made when
// the first access key is.
func NewAccessKeys(db *meta.DB, path string) *AccessKeys {
	return &AccessKeys{db: db, ring: &keyring{path: path}, known: map[string]signer{}, used: map[string]time.Time{}}
}

var (
	accountID     = regexp.MustCompile(`^[0-9]{12}$`)
	principalName = regexp.MustCompile(`^[A-Za-z0-9+=,.@_/-]{1,512}$`)
	principalARN  = regexp.MustCompile(`^arn:(aws|aws-cn|aws-us-gov):(iam|sts)::([0-9]{12}):(root|(user|role|assumed-role|federated-user)/[\x21-\x7e]{1,512})$`)
)

// principalOf is the ARN that a name stands for: a user of the account, or the ARN itself.
func principalOf(account, name string) (string, error) {
	if m := principalARN.FindStringSubmatch(name); m != nil {
		if m[3] != account {
			return "", fmt.Errorf("principal %q is of account %s", name, m[3])
		}
		return name, nil
	}
	if strings.HasPrefix(name, "arn:") || !principalName.MatchString(name) {
		return "", fmt.Errorf("%q is not the name of a user, nor an ARN of one", name)
	}
	return "arn:aws:iam::" + account + ":user/" + name, nil
}

// Create makes an access key and returns it with the secret, which cannot be read again. principal is the name of a user of
// the account, or the ARN of a user, a role, a role's session or the root.
func (a *AccessKeys) Create(ctx context.Context, account, principal string) (AccessKey, string, error) {
	if !accountID.MatchString(account) {
		return AccessKey{}, "", fault.New(fault.Invalid, fmt.Errorf("create access key: account %q is not 12 digits", account), "Give the id of an AWS account, for example 111122223333.")
	}
	arn, err := principalOf(account, principal)
	if err != nil {
		return AccessKey{}, "", fault.New(fault.Invalid, fmt.Errorf("create access key: %w", err), "Give a name such as okta-forwarder, or an ARN such as arn:aws:iam::"+account+":role/forwarder.")
	}
	random := make([]byte, 10+30)
	_, _ = rand.Read(random) // never fails: crypto/rand ends the process instead
	row := meta.AccessKey{ID: "AKIA" + base32.StdEncoding.EncodeToString(random[:10]), Account: account, Principal: arn, Created: time.Now()}
	secret := base64.StdEncoding.EncodeToString(random[10:])
	if row.Secret, err = a.ring.seal(row.ID, secret); err != nil {
		return AccessKey{}, "", fmt.Errorf("create access key: %w", err)
	}
	if err := a.db.Write(ctx, func(tx *sql.Tx) error { return meta.InsertAccessKey(ctx, tx, row) }); err != nil {
		return AccessKey{}, "", fmt.Errorf("create access key: %w", err)
	}
	return accessKeyOf(row), secret, nil
}

// List returns all access keys, revoked ones too, newest first.
func (a *AccessKeys) List(ctx context.Context) ([]AccessKey, error) {
	rows, err := meta.ListAccessKeys(ctx, a.db.Read())
	if err != nil {
		return nil, fmt.Errorf("list access keys: %w", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	keys := make([]AccessKey, len(rows))
	for i, r := range rows {
		keys[i] = accessKeyOf(r)
		if at, ok := a.used[r.ID]; ok {
			keys[i].LastUsed = at
		}
	}
	return keys, nil
}

// Revoke makes an access key void from the next request on.
func (a *AccessKeys) Revoke(ctx context.Context, id string) error {
	defer a.forget()
	if err := a.db.Write(ctx, func(tx *sql.Tx) error { return meta.RevokeAccessKey(ctx, tx, id, time.Now()) }); err != nil {
		return fmt.Errorf("revoke access key: %w", err)
	}
	return nil
}

// Find returns a valid access key and its secret; fault.NoToken when there is none or it was revoked, not saying which.
func (a *AccessKeys) Find(ctx context.Context, id string) (AccessKey, string, error) {
	now := time.Now()
	a.mu.Lock()
	s, ok := a.known[id]
	generation := a.generation
	a.mu.Unlock()
	if ok && now.Sub(s.loaded) < cacheFor {
		return s.key, s.secret, nil
	}
	row, err := meta.GetAccessKey(ctx, a.db.Read(), id)
	if fault.KindOf(err) == fault.NotFound || err == nil && !row.Revoked.IsZero() {
		return AccessKey{}, "", fault.New(fault.NoToken, errors.New("find access key: it is not valid"), `Make one with "kiroku keys create".`)
	}
	if err != nil {
		return AccessKey{}, "", err
	}
	secret, err := a.ring.open(row.ID, row.Secret)
	if err != nil {
		return AccessKey{}, "", fmt.Errorf("find access key %q: %w", id, err)
	}
	s = signer{accessKeyOf(row), secret, now}
	a.mu.Lock()
	defer a.mu.Unlock()
	if generation == a.generation { // else it may have been revoked meanwhile
		if len(a.known) >= cacheSize {
			clear(a.known)
		}
		a.known[id] = s
	}
	return s.key, s.secret, nil
}

// Used notes that a request with a right signature came.
func (a *AccessKeys) Used(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.used[id] = time.Now()
}

func (a *AccessKeys) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.known)
	a.generation++
}

// Flush writes down which access keys were used since the last time.
func (a *AccessKeys) Flush(ctx context.Context) error {
	a.mu.Lock()
	used := a.used
	a.used = map[string]time.Time{}
	a.mu.Unlock()
	if len(used) == 0 {
		return nil
	}
	return a.db.Write(ctx, func(tx *sql.Tx) error {
		for id, at := range used {
			if err := meta.SetAccessKeyUsed(ctx, tx, id, at); err != nil {
				return err
			}
		}
		return nil
	})
}

func accessKeyOf(r meta.AccessKey) AccessKey {
	return AccessKey{ID: r.ID, Account: r.Account, Principal: r.Principal, Created: r.Created, LastUsed: r.LastUsed, Revoked: r.Revoked}
}
