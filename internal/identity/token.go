package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"kiroku/internal/fault"
	"kiroku/internal/meta"
)

// What tokens look like: kiro_<16 characters>_<52 characters>, in lower-case base32, so that a double click selects all.
const (
	tokenPrefix = "kiro_"
	idBytes     = 10
	secretBytes = 32
)

// Token describes a token without its secret.
type Token struct {
	ID       string
	Name     string
	Kind     Kind
	User     string // the user of a session; for an API token the one who created it
	Role     Role
	Grants   []Permission
	Stores   []string
	Created  time.Time
	Expires  time.Time // zero: never
	LastUsed time.Time // exact to a minute
}

// Prefix is what the token starts with, so that people can tell which one they hold.
func (t *Token) Prefix() string { return tokenPrefix + t.ID }

// TokenRequest asks for an API token.
type TokenRequest struct {
	Name    string
	Role    Role
	Grants  []Permission
	Stores  []string
	Expires time.Time
}

// CreateToken makes an API token in the name of its creator and returns it with the secret, which cannot be read again.
func (i *Identity) CreateToken(ctx context.Context, creator *Principal, req TokenRequest) (Token, string, error) {
	if err := checkRole(req.Role, req.Grants); err != nil {
		return Token{}, "", fmt.Errorf("create token: %w", err)
	}
	now := time.Now()
	if strings.TrimSpace(req.Name) == "" || len(req.Name) > 100 {
		return Token{}, "", fault.New(fault.Invalid, errors.New("create token: the name is empty or longer than 100 bytes"), "Name what the token is for.")
	}
	if !req.Expires.IsZero() && !req.Expires.After(now) {
		return Token{}, "", fault.New(fault.Invalid, fmt.Errorf("create token: it would have expired at %s", req.Expires.Format(time.RFC3339)), "Give a time in the future, or none.")
	}
	row, secret := newToken(meta.Token{Name: req.Name, Kind: string(API), User: creator.User, Role: string(req.Role),
		Grants: words(req.Grants), Stores: req.Stores, Created: now, Expires: req.Expires})
	err := i.db.Write(ctx, func(tx *sql.Tx) error { return meta.InsertToken(ctx, tx, row) })
	if err != nil {
		return Token{}, "", fmt.Errorf("create token: %w", err)
	}
	return tokenOf(row), secret, nil
}

// Tokens lists the valid tokens, newest first.
func (i *Identity) Tokens(ctx context.Context) ([]Token, error) {
	rows, err := meta.ListTokens(ctx, i.db.Read(), time.Now())
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	tokens := make([]Token, len(rows))
	for n, r := range rows {
		tokens[n] = tokenOf(r)
		if at, ok := i.cache.lastUsed(r.ID); ok {
			tokens[n].LastUsed = at
		}
	}
	return tokens, nil
}

// Revoke makes a token or session void from the next request on.
func (i *Identity) Revoke(ctx context.Context, id string) error {
	defer i.cache.forget()
	err := i.db.Write(ctx, func(tx *sql.Tx) error { return meta.DeleteToken(ctx, tx, id) })
	if err != nil {
		return fmt.Errorf("revoke token: %w", err)
	}
	return nil
}

// Verify finds the caller that a token stands for. A token that is malformed, unknown, revoked or expired is
// fault.NoToken; the error does not say which.
func (i *Identity) Verify(ctx context.Context, token string) (*Principal, error) {
	now := time.Now()
	id, secret, ok := splitToken(token)
	if !ok {
		return nil, errToken()
	}
	e, generation := i.cache.get(id, now)
	if e == nil {
		var err error
		if e, err = i.load(ctx, id, now); err != nil {
			return nil, err
		}
		i.cache.put(id, e, generation)
	}
	if subtle.ConstantTimeCompare([]byte(hashSecret(secret)), []byte(e.secretHash)) != 1 {
		return nil, errToken()
	}
	if !e.principal.Expires.IsZero() && !now.Before(e.principal.Expires) {
		return nil, errToken()
	}
	i.cache.use(id, now)
	return e.principal, nil
}

func (i *Identity) load(ctx context.Context, id string, now time.Time) (*entry, error) {
	t, err := meta.GetToken(ctx, i.db.Read(), id)
	if fault.KindOf(err) == fault.NotFound {
		return nil, errToken()
	}
	if err != nil {
		return nil, fmt.Errorf("verify token: %w", err)
	}
	p := &Principal{User: t.User, Token: t.ID, TokenName: t.Name, Kind: Kind(t.Kind), Role: Role(t.Role),
		Grants: permissions(t.Grants), Stores: t.Stores, Expires: t.Expires}
	if p.Kind == Session { // what the user may do now, not what they could when they logged in
		u, err := meta.GetUser(ctx, i.db.Read(), t.User)
		if fault.KindOf(err) == fault.NotFound {
			return nil, errToken()
		}
		if err != nil {
			return nil, fmt.Errorf("verify token: %w", err)
		}
		p.Role, p.Grants, p.MustChange = Role(u.Role), permissions(u.Grants), u.MustChange
	}
	p.permissions = permissionsOf(p.Role, p.Grants)
	return &entry{secretHash: t.SecretHash, principal: p, loaded: now}, nil
}

func errToken() error {
	return fault.New(fault.NoToken, errors.New("verify token: it is not valid"),
		"Use a valid token: the first start wrote one to DIR/admin.token, an administrator can create others, and POST /api/v1/login gives one for a password.")
}

// newToken gives t an id and a secret.
func newToken(t meta.Token) (meta.Token, string) {
	t.ID = randomText(idBytes)
	secret := randomText(secretBytes)
	t.SecretHash = hashSecret(secret)
	return t, tokenPrefix + t.ID + "_" + secret
}

func splitToken(token string) (id, secret string, ok bool) {
	rest, ok := strings.CutPrefix(token, tokenPrefix)
	if !ok {
		return "", "", false
	}
	id, secret, ok = strings.Cut(rest, "_")
	return id, secret, ok && len(id) == base32Len(idBytes) && len(secret) == base32Len(secretBytes)
}

func hashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// base32Len is the length of n bytes in base32 without padding.
func base32Len(n int) int { return (n*8 + 4) / 5 }

func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the process instead
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
}

func tokenOf(t meta.Token) Token {
	return Token{ID: t.ID, Name: t.Name, Kind: Kind(t.Kind), User: t.User, Role: Role(t.Role), Grants: permissions(t.Grants),
		Stores: t.Stores, Created: t.Created, Expires: t.Expires, LastUsed: t.LastUsed}
}

func permissions(words []string) []Permission {
	ps := make([]Permission, len(words))
	for i, w := range words {
		ps[i] = Permission(w)
	}
	return ps
}

func words(ps []Permission) []string {
	ws := make([]string, len(ps))
	for i, p := range ps {
		ws[i] = string(p)
	}
	return ws
}
