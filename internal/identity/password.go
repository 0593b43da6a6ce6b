package identity

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/alexedwards/argon2id"

	"kiroku/internal/fault"
)

// Lengths of passwords in bytes. The upper one keeps a request from hashing megabytes.
const (
	minPassword = 12
	maxPassword = 1024
)

// hashers is how many passwords are hashed at once: each takes 19 MiB and a core.
const hashers = 2

// hasher hashes and compares passwords.
type hasher struct {
	params *argon2id.Params
	slots  chan struct{}
	// nobody is the hash of a password that nobody knows. Comparing with it makes a login of a user who does not exist
	// take as long as any other.
	nobody string
}

func newHasher() *hasher {
	h := &hasher{
		// OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, two iterations, one thread.
		params: &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32},
		slots:  make(chan struct{}, hashers),
	}
	h.nobody = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	return h
}

func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer h.leave()
	s, err := argon2id.CreateHash(password, h.params)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return s, nil
}

func (h *hasher) matches(ctx context.Context, password, hash string) (bool, error) {
	if err := h.enter(ctx); err != nil {
		return false, err
	}
	defer h.leave()
	ok, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, fmt.Errorf("compare password: %w", err)
	}
	return ok, nil
}

func (h *hasher) enter(ctx context.Context) error {
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (h *hasher) leave() { <-h.slots }

func checkPassword(user, password, old string) error {
	const next = "Choose a password of at least 12 bytes, for example four random words."
	switch {
	case len(password) < minPassword:
		return fault.New(fault.Invalid, fmt.Errorf("the new password has %d bytes, fewer than %d", len(password), minPassword), next)
	case len(password) > maxPassword:
		return fault.New(fault.Invalid, fmt.Errorf("the new password has %d bytes, more than %d", len(password), maxPassword), next)
	case password == old:
		return fault.New(fault.Invalid, errors.New("the new password is the old one"), next)
	case strings.Contains(strings.ToLower(password), strings.ToLower(user)) && len(password)-len(user) < minPassword/2:
		return fault.New(fault.Invalid, errors.New("the new password is little more than the user's name"), next)
	}
	return nil
}

// oneTimePassword has 100 random bits, in groups that can be read aloud.
func oneTimePassword() string {
	s := randomText(13)[:20]
	return strings.Join([]string{s[:5], s[5:10], s[10:15], s[15:]}, "-")
}
