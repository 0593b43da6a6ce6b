package forward

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base32"
	"encoding/hex"
	"regexp"
	"strings"
	"time"

	"kiroku/internal/forward/wire"
	"kiroku/internal/meta"
)

// Overlap is how long an old token works beside the one that took its place, where nothing else is said.
const Overlap = 24 * time.Hour

const (
	tokenBytes = 40 // 64 characters
	idBytes    = 12
	// maxTokens is how many tokens an agent has, those that are void counted while they are told so.
	maxTokens = 1000
	// refusedEvery is how often a void token that is tried is told of, at most.
	refusedEvery = time.Minute
)

// tokenForm is that of the original's tokens.
var tokenForm = regexp.MustCompile(`^[0-9a-zA-Z=]{64,192}$`)

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the process instead
	return b
}

func newID() string { return hex.EncodeToString(random(idBytes)) }

// newToken makes a token of an agent.
func newToken(agent string, now time.Time) (meta.SIEMToken, string) {
	secret := strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(random(tokenBytes)))
	return meta.SIEMToken{Hash: hash(secret), Agent: agent, Created: now}, secret
}

func hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// authenticate finds the agent of a token. The caller holds mu, and stores with after what was noted of one that is void.
func (s *Service) authenticate(token string, now time.Time) (*agent, *meta.SIEMToken, error) {
	if !tokenForm.MatchString(token) {
		return nil, nil, refuse(wire.ReasonMalformed)
	}
	t := s.byHash[hash(token)]
	if t == nil {
		return nil, nil, refuse(wire.ReasonUnknown)
	}
	a := s.agents[t.Agent]
	switch {
	case a == nil:
		return nil, nil, refuse(wire.ReasonUnknown)
	case a.row.Status == meta.SIEMDeleted:
		return nil, nil, refuse(wire.ReasonDeleted)
	case a.row.Status == meta.SIEMCompleted:
		return nil, nil, refuse(wire.ReasonCompleted)
	case !t.Revoked.IsZero():
		s.tokenRefused(a, "was revoked at "+t.Revoked.UTC().Format(time.RFC3339), now)
		return nil, nil, refuse(wire.ReasonRevoked)
	case !t.Expires.IsZero() && !now.Before(t.Expires):
		s.tokenRefused(a, "was rotated and expired at "+t.Expires.UTC().Format(time.RFC3339), now)
		return nil, nil, refuse(wire.ReasonExpired)
	}
	return a, t, nil
}

// tokenRefused tells of a void token, at most once a minute however often somebody tries it.
func (s *Service) tokenRefused(a *agent, why string, now time.Time) {
	if why == a.refusedWhy && now.Sub(a.refused) < refusedEvery {
		return
	}
	a.refused, a.refusedWhy = now, why
	s.raise(a, noteKey{"", wire.TokenRefused}, "A request was refused: its token "+why+".", 1, now)
}

// Rotate gives an agent a new token, which is shown this once. Those that it has work on for overlap.
func (s *Service) Rotate(ctx context.Context, id string, overlap time.Duration) (string, error) {
	now := time.Now()
	if err := checkOverlap(overlap); err != nil {
		return "", err
	}
	s.mu.Lock()
	a, err := s.live(id)
	if err != nil {
		s.mu.Unlock()
		return "", err
	}
	if len(a.tokens) >= maxTokens {
		s.mu.Unlock()
		return "", manyTokensAlready()
	}
	made, secret := newToken(id, now)
	tokens := []meta.SIEMToken{made}
	for _, t := range a.tokens {
		if end := now.Add(overlap); t.Revoked.IsZero() && (t.Expires.IsZero() || t.Expires.After(end)) {
			old := *t
			old.Expires = end
			tokens = append(tokens, old)
		}
	}
	s.mu.Unlock()
	return secret, s.putTokens(ctx, id, tokens)
}

// Revoke makes all tokens of an agent void at once.
func (s *Service) Revoke(ctx context.Context, id string) error {
	now := time.Now()
	s.mu.Lock()
	a, err := s.live(id)
	if err != nil {
		s.mu.Unlock()
		return err
	}
	var tokens []meta.SIEMToken
	for _, t := range a.tokens {
		if t.Revoked.IsZero() {
			old := *t
			old.Revoked = now
			tokens = append(tokens, old)
		}
	}
	s.mu.Unlock()
	return s.putTokens(ctx, id, tokens)
}

// putTokens stores tokens, and has everybody who waits with one of the agent's show it again.
func (s *Service) putTokens(ctx context.Context, id string, tokens []meta.SIEMToken) error {
	if err := s.opt.DB.Write(ctx, func(tx *sql.Tx) error {
		for i := range tokens {
			if err := meta.PutSIEMToken(ctx, tx, &tokens[i]); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.agents[id]
	for i := range tokens {
		t := &tokens[i]
		if have := s.byHash[t.Hash]; have != nil {
			have.Expires, have.Revoked = t.Expires, t.Revoked
			continue
		}
		s.byHash[t.Hash] = t
		a.tokens = append(a.tokens, t)
	}
	a.change()
	return nil
}
