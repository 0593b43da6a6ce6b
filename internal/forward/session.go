package forward

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"

	"kiroku/internal/forward/wire"
	"kiroku/internal/meta"
)

// Hello begins a session, or with the session that counts only tells the configuration.
func (s *Service) Hello(ctx context.Context, token, session string, h *wire.Hello) (wire.Config, error) {
	now := time.Now()
	s.mu.Lock()
	a, t, err := s.authenticate(token, now)
	if err != nil {
		s.mu.Unlock()
		return wire.Config{}, s.after(ctx, err)
	}
	keeps := session != "" && session == a.row.Session
	answer := a.config(t, now)
	if h.Check || keeps {
		if keeps {
			a.told = a.etag
			s.contact(a, t, now)
			s.skew(a, h.Now, now)
		}
		s.mu.Unlock()
		return answer, s.flush(ctx)
	}
	s.mu.Unlock()

	session = hex.EncodeToString(random(16))
	id, host, version := a.row.ID, short(h.Host, 255), short(h.Version, 100)
	if err := s.save.do(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return meta.SetSIEMSession(ctx, tx, id, session, host, version, now)
	}); err != nil {
		return wire.Config{}, err
	}
	s.mu.Lock()
	a.row.Session, a.row.Host, a.row.Version, a.contactSaved = session, host, version, now
	s.contact(a, t, now)
	s.skew(a, h.Now, now)
	s.clear(a, noteKey{"", wire.InternalError}, now)
	s.clear(a, noteKey{"", wire.SpoolLeft}, now) // what is still so, the process tells again
	for name, d := range a.destinations {
		d.pulled, d.metrics = map[string]int64{}, wire.Metrics{}
		s.clear(a, noteKey{name, wire.SpoolFull}, now)
		s.clear(a, noteKey{name, wire.SpoolDamaged}, now)
	}
	a.change()
	a.told = a.etag
	answer = a.config(t, now)
	s.mu.Unlock()
	return answer, s.flush(ctx)
}

func (a *agent) config(t *meta.SIEMToken, now time.Time) wire.Config {
	c := wire.Config{Session: a.row.Session, ETag: a.etag, Now: now.UTC(), Agent: a.about(), Destinations: a.spec.Destinations}
	c.Agent.Expires = t.Expires
	for name, d := range a.destinations {
		if g := &d.given; g.SpoolNext > 0 {
			if c.Spools == nil {
				c.Spools = map[string]wire.Spool{}
			}
			c.Spools[name] = wire.Spool{Records: g.SpoolRecords, Bytes: g.SpoolBytes, Next: g.SpoolNext}
		}
	}
	return c
}

// short keeps what somebody else says from growing without limit.
func short(text string, n int) string {
	if len(text) > n {
		return text[:n]
	}
	return text
}

// enter finds the agent of a request within a session, and notes that it was heard of. The caller holds mu.
func (s *Service) enter(token, session string, now time.Time) (*agent, error) {
	a, t, err := s.authenticate(token, now)
	if err != nil {
		return nil, err
	}
	if session != a.row.Session || session == "" {
		if session != "" {
			s.replaced(a, now)
		}
		return nil, refuse(wire.ReasonReplaced)
	}
	s.contact(a, t, now)
	return a, nil
}

// replaced tells that a process asked whose session another one has replaced.
func (s *Service) replaced(a *agent, now time.Time) {
	s.raise(a, noteKey{"", wire.SessionReplaced}, fmt.Sprintf("A second process runs with the token of this agent; the newest was started on %s.", a.row.Host), 1, now)
}

// contact notes that an agent was heard of: it is connected at once.
func (s *Service) contact(a *agent, t *meta.SIEMToken, now time.Time) {
	a.row.Contact, t.Used = now, now
	s.clear(a, noteKey{"", wire.AgentError}, now)
	s.clear(a, noteKey{"", wire.TokenRefused}, now)
	key := noteKey{"", wire.TokenExpiring}
	if t.Expires.IsZero() {
		s.clear(a, key, now)
		return
	}
	text := fmt.Sprintf("The token that the agent uses stops to work at %s.", t.Expires.UTC().Format(time.RFC3339))
	if n := a.notes[key]; n == nil || n.row.Text != text {
		s.raise(a, key, text, 1, now)
	}
}

// skew compares the clocks.
func (s *Service) skew(a *agent, theirs, now time.Time) {
	if theirs.IsZero() {
		return
	}
	off := theirs.Sub(now)
	if off.Abs() <= wire.MaxClockSkew {
		s.clear(a, noteKey{"", wire.ClockSkew}, now)
		return
	}
	way := "ahead of"
	if off < 0 {
		way = "behind"
	}
	s.raise(a, noteKey{"", wire.ClockSkew}, fmt.Sprintf("The agent's clock is %d seconds %s the server's.", int64(off.Abs().Seconds()), way), 1, now)
}

// Heartbeat takes in how an agent's destinations do.
func (s *Service) Heartbeat(ctx context.Context, token, session string, h *wire.Heartbeat) (wire.AckAnswer, error) {
	now := time.Now()
	s.mu.Lock()
	a, err := s.enter(token, session, now)
	if err != nil {
		s.mu.Unlock()
		return wire.AckAnswer{}, s.after(ctx, err)
	}
	s.skew(a, h.Now, now)
	for name, m := range h.Destinations {
		if d := a.destinations[name]; d != nil {
			m.Error = short(m.Error, maxText)
			maps.DeleteFunc(m.ErrorsBy, func(code wire.Code, _ int64) bool { return !slices.Contains(wire.DeliveryErrors(), code) })
			m.Confirmed, m.Skipped, m.Pulled = max(m.Confirmed, d.metrics.Confirmed), max(m.Skipped, d.metrics.Skipped), max(m.Pulled, d.metrics.Pulled)
			d.metrics = m
			d.spooled(m.Spool, now)
		}
	}
	answer := a.answer(now)
	s.mu.Unlock()
	return answer, s.flush(ctx)
}

func (a *agent) answer(now time.Time) wire.AckAnswer {
	return wire.AckAnswer{ETag: a.etag, Now: now.UTC(), Paused: a.row.Status == meta.SIEMPaused}
}

// after stores what was noted while a request was refused.
func (s *Service) after(ctx context.Context, err error) error {
	if e := s.flush(ctx); e != nil {
		return e
	}
	return err
}
