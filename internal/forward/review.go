package forward

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"kiroku/internal/forward/wire"
	"kiroku/internal/meta"
)

const (
	// reviewEvery is how often Run looks at least; it stores contacts as often.
	reviewEvery = 30 * time.Second
	// factsKept is how long a notification about something that has happened stays open.
	factsKept = 24 * time.Hour
	// tombstones is how long an agent that was deleted is told so.
	tombstones = 90 * 24 * time.Hour
	// grace is how long agents have to come back after the server was started.
	grace = 2 * time.Minute
	// tick is what "more than" means at least.
	tick = time.Millisecond
)

// state is how an agent does, by its last contact.
func (a *agent) state(now time.Time, after *wire.Thresholds) wire.State {
	gap := now.Sub(a.row.Contact)
	switch {
	case a.row.Status == meta.SIEMCompleted:
		return wire.StateCompleted
	case a.row.Contact.IsZero():
		return wire.Created
	case gap > after.Disconnected:
		return wire.Disconnected
	case gap > after.ConnectionError:
		return wire.ConnectionLost
	}
	return wire.Connected
}

// review raises and clears what time raises and clears, and returns when to look again.
func (s *Service) review(now time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := now.Add(reviewEvery)
	at := func(t time.Time) {
		if t.After(now) && t.Before(next) {
			next = t
		}
	}
	for _, a := range s.agents {
		if a.row.Status == meta.SIEMActive {
			s.reviewContact(a, now, at)
		}
		s.reviewNotes(a, now, at)
		for _, t := range a.tokens {
			if !t.Expires.IsZero() && !now.Before(t.Expires) {
				s.clear(a, noteKey{"", wire.TokenExpiring}, now)
			} else if !t.Expires.IsZero() {
				at(t.Expires)
			}
		}
	}
	return next
}

// reviewContact tells when an agent was not heard of for longer than it may be, with the hours, and when it counts as gone.
func (s *Service) reviewContact(a *agent, now time.Time, at func(time.Time)) {
	if a.row.Contact.IsZero() {
		return
	}
	gap, after := now.Sub(a.row.Contact), &s.opt.After
	if up := s.started.Add(grace); a.row.Contact.Before(s.started) && now.Before(up) { // it may be we who were away
		at(up)
		return
	}
	if gap <= after.ConnectionError {
		at(a.row.Contact.Add(after.ConnectionError + tick))
		return
	}
	full := (gap - 1).Truncate(time.Hour) // hours that it was longer than
	at(a.row.Contact.Add(full + time.Hour + tick))
	key := noteKey{"", wire.AgentError}
	text := "The SIEM agent has been disconnected for more than " + wire.Span(max(full, min(after.ConnectionError, time.Hour)))
	if n := a.notes[key]; n == nil || n.row.Text != text {
		s.raise(a, key, text, 1, now)
	}
	if gap <= after.Disconnected {
		at(a.row.Contact.Add(after.Disconnected + tick))
	} else if !a.gone.Equal(a.row.Contact) {
		a.gone = a.row.Contact
		s.alertDisconnected(a, now)
	}
}

// reviewNotes raises siem_agent_notification_error, and closes what was told long enough.
func (s *Service) reviewNotes(a *agent, now time.Time, at func(time.Time)) {
	facts := []wire.Code{wire.RecordOversize, wire.RetentionGap, wire.SessionReplaced}
	for key, n := range a.notes {
		switch {
		case slices.Contains(facts, key.code):
			if d := a.destinations[key.destination]; key.code == wire.RetentionGap && d != nil && d.misses() {
				continue // it may grow
			}
			if now.Sub(n.row.Last) > factsKept {
				s.clear(a, key, now)
			}
		case slices.Contains(wire.DeliveryErrors(), key.code) && a.row.Status == meta.SIEMActive:
			if long := s.opt.After.NotificationError; now.Sub(n.row.First) <= long {
				at(n.row.First.Add(long + tick))
			} else if own := (noteKey{"", wire.NotificationError}); a.notes[own] == nil {
				opened := s.raise(a, own, fmt.Sprintf("Destination %s has had errors for more than %s: %s", key.destination, wire.Span(long), n.row.Text), 1, now)
				s.alertNote(a, opened, now)
			}
		}
	}
}

// round stores what is not urgent: when agents were heard of, and how often notifications came again.
func (s *Service) round(ctx context.Context) error {
	now := time.Now()
	type heard struct {
		id string
		at time.Time
	}
	var contacts []heard
	var tokens []meta.SIEMToken
	var old []*agent
	s.mu.Lock()
	for _, a := range s.agents {
		if a.row.Contact.After(a.contactSaved) {
			contacts = append(contacts, heard{a.row.ID, a.row.Contact})
			a.contactSaved = a.row.Contact
			for _, t := range a.tokens {
				tokens = append(tokens, *t)
			}
		}
		if a.row.Status == meta.SIEMDeleted && now.Sub(a.row.Ended) > tombstones {
			old = append(old, a)
		}
	}
	forget := s.forgetTokens(now)
	for _, a := range old {
		delete(s.agents, a.row.ID)
		for _, t := range a.tokens {
			delete(s.byHash, t.Hash)
		}
	}
	s.mu.Unlock()
	if len(contacts)+len(old) > 0 || forget {
		err := s.save.do(ctx, func(ctx context.Context, tx *sql.Tx) error {
			for _, c := range contacts {
				if err := meta.SetSIEMContact(ctx, tx, c.id, c.at); err != nil {
					return err
				}
			}
			for i := range tokens {
				if err := meta.PutSIEMToken(ctx, tx, &tokens[i]); err != nil {
					return err
				}
			}
			if err := meta.ForgetSIEMTokens(ctx, tx, now.Add(-tombstones)); err != nil {
				return err
			}
			return meta.ForgetSIEMAgents(ctx, tx, now.Add(-tombstones))
		})
		if err != nil {
			return err
		}
	}
	return s.flushNotes(ctx, true)
}

// forgetTokens drops tokens that were told long enough to be void. The caller holds mu.
func (s *Service) forgetTokens(now time.Time) (some bool) {
	for _, a := range s.agents {
		n := len(a.tokens)
		a.tokens = slices.DeleteFunc(a.tokens, func(t *meta.SIEMToken) bool {
			void := voidSince(t, now)
			if !void.IsZero() && now.Sub(void) > tombstones {
				delete(s.byHash, t.Hash)
				return true
			}
			return false
		})
		some = some || len(a.tokens) < n
	}
	return some
}

// voidSince is when a token became void; zero: it is not.
func voidSince(t *meta.SIEMToken, now time.Time) time.Time {
	switch {
	case !t.Revoked.IsZero():
		return t.Revoked
	case !t.Expires.IsZero() && !now.Before(t.Expires):
		return t.Expires
	}
	return time.Time{}
}

// loadNotes reads the notifications that are open.
func (s *Service) loadNotes(ctx context.Context) error {
	rows, err := meta.ListOpenSIEMNotifications(ctx, s.opt.DB.Read())
	for _, row := range rows {
		if a := s.agents[row.Agent]; a != nil {
			a.notes[noteKey{row.Destination, wire.Code(row.Code)}] = &note{row: row}
		}
	}
	return err
}
