package forward

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"kiroku/internal/forward/wire"
	"kiroku/internal/meta"
)

const (
	// maxText is the longest text of a notification.
	maxText = 2000
	// keepNotes is how many cleared notifications of an agent are kept.
	keepNotes = 500
)

// noteKey tells the open notifications of an agent apart.
type noteKey struct {
	destination string
	code        wire.Code
}

// note is a notification. fresh: nobody needs to wait until it is stored.
type note struct {
	row  meta.SIEMNotification
	lazy bool // only count and last have changed
}

// raise opens a notification, or counts it again. The caller holds mu; flush stores it.
func (s *Service) raise(a *agent, key noteKey, text string, count int64, now time.Time) *note {
	text = short(text, maxText)
	n := a.notes[key]
	if n == nil {
		n = &note{row: meta.SIEMNotification{Agent: a.row.ID, Destination: key.destination, Code: string(key.code), First: now}}
		a.notes[key] = n
	} else if n.row.Text == text && !s.unsaved[n] {
		n.lazy = true
	}
	if n.row.Text != text {
		n.lazy = false
	}
	n.row.Text, n.row.Last, n.row.Count = text, now, n.row.Count+max(1, count)
	s.unsaved[n] = true
	return n
}

// clear closes a notification, if it is open.
func (s *Service) clear(a *agent, key noteKey, now time.Time) {
	n := a.notes[key]
	if n == nil {
		return
	}
	delete(a.notes, key)
	n.row.Cleared, n.lazy = now, false
	s.unsaved[n] = true
}

// clearAll closes all notifications of a destination.
func (s *Service) clearAll(a *agent, destination string, now time.Time) {
	for key := range maps.Clone(a.notes) {
		if key.destination == destination {
			s.clear(a, key, now)
		}
	}
}

// delivered closes what the first confirmed delivery after a fault ends.
func (s *Service) delivered(a *agent, destination string, now time.Time) {
	for _, code := range wire.DeliveryErrors() {
		s.clear(a, noteKey{destination, code}, now)
	}
	s.clear(a, noteKey{destination, wire.ConfigRejected}, now)
	s.clearNotificationError(a, now)
	if d := a.destinations[destination]; d != nil { // the next heartbeat may be a minute away
		d.metrics.Blocked, d.metrics.Error = false, ""
	}
}

// clearNotificationError closes siem_agent_notification_error when nothing is left that it speaks of.
func (s *Service) clearNotificationError(a *agent, now time.Time) {
	for key := range a.notes {
		if slices.Contains(wire.DeliveryErrors(), key.code) {
			return
		}
	}
	s.clear(a, noteKey{"", wire.NotificationError}, now)
}

// unconfirmed keeps the notifications about destinations that do not confirm as the configuration is.
func (s *Service) unconfirmed(a *agent, now time.Time) {
	for name, d := range a.destinations {
		key := noteKey{name, wire.UnconfirmedTransport}
		switch open := a.notes[key] != nil; {
		case d.config.Confirm != wire.ConfirmNone:
			s.clear(a, key, now)
		case !open:
			s.raise(a, key, fmt.Sprintf("%s does not confirm what it receives.", d.config.To), 1, now)
		}
	}
}

// Notify takes in a notification of an agent.
func (s *Service) Notify(ctx context.Context, token, session string, in *wire.Notify) error {
	now := time.Now()
	s.mu.Lock()
	a, err := s.enter(token, session, now)
	if err == nil {
		err = s.notify(a, in, now)
	}
	s.mu.Unlock()
	return s.after(ctx, err)
}

func (s *Service) notify(a *agent, in *wire.Notify, now time.Time) error {
	if in.Code == "" || len(in.Code) > 64 {
		return wrong("a notification without code")
	}
	if in.Destination != "" && a.destinations[in.Destination] == nil {
		return wrong("there is no destination %q", short(in.Destination, maxName))
	}
	if in.Code == wire.RecordDeadLetter { // it was told, and counted, with the record
		return nil
	}
	key := noteKey{in.Destination, in.Code}
	if in.Cleared {
		s.clear(a, key, now)
		s.clearNotificationError(a, now)
		return nil
	}
	if a.notes[key] == nil && len(a.notes) >= 1000 { // codes are the agent's
		return nil
	}
	n := s.raise(a, key, in.Text, min(in.Count, 1<<40), now)
	if at := alerting(in.Code); at && n.row.Count == max(1, in.Count) {
		s.alertNote(a, n, now)
	}
	return nil
}

// alerting says which notifications of an agent are alerts at once.
func alerting(code wire.Code) bool {
	return code == wire.InternalError || code == wire.ConfigRejected
}

// flush stores notifications and alerts. What only counts on waits for the next round of Run.
func (s *Service) flush(ctx context.Context) error { return s.flushNotes(ctx, false) }

func (s *Service) flushNotes(ctx context.Context, all bool) error {
	s.mu.Lock()
	nothing := len(s.alerts) == 0 && !s.due(all)
	s.mu.Unlock()
	if nothing {
		return nil
	}
	s.saving.Lock()
	defer s.saving.Unlock()
	s.mu.Lock()
	var notes []*note
	var rows []meta.SIEMNotification
	for n := range s.unsaved {
		if all || !n.lazy {
			notes, rows = append(notes, n), append(rows, n.row)
			delete(s.unsaved, n)
		}
	}
	alerts := s.alerts
	s.alerts = nil
	s.mu.Unlock()
	if len(rows)+len(alerts) == 0 {
		return nil
	}
	err := s.save.do(ctx, func(ctx context.Context, tx *sql.Tx) error { return putNotes(ctx, tx, rows, alerts) })
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, n := range notes {
		if err != nil {
			s.unsaved[n] = true
			continue
		}
		n.row.ID = rows[i].ID
	}
	if err != nil {
		s.alerts = append(alerts, s.alerts...)
		return fmt.Errorf("store notifications of SIEM agents: %w", err)
	}
	if len(alerts) > 0 {
		s.poke()
	}
	return nil
}

// due says whether there is a notification to store.
func (s *Service) due(all bool) bool {
	for n := range s.unsaved {
		if all || !n.lazy {
			return true
		}
	}
	return false
}

// putNotes stores the cleared ones first: the next of their kind may be open already.
func putNotes(ctx context.Context, tx *sql.Tx, rows []meta.SIEMNotification, alerts []meta.SIEMAlert) (err error) {
	for _, cleared := range []bool{true, false} {
		for i := range rows {
			if rows[i].Cleared.IsZero() == cleared {
				continue
			}
			if rows[i].ID, err = meta.PutSIEMNotification(ctx, tx, &rows[i]); err != nil {
				return err
			}
			if cleared {
				if err := meta.TrimSIEMNotifications(ctx, tx, rows[i].Agent, keepNotes); err != nil {
					return err
				}
			}
		}
	}
	for i := range alerts {
		if err := meta.AddSIEMAlert(ctx, tx, &alerts[i]); err != nil {
			return err
		}
	}
	return nil
}

// Notifications returns the newest notifications of an agent, newest first; with history also the cleared ones.
func (s *Service) Notifications(ctx context.Context, id string, history bool, limit int) ([]wire.Notification, error) {
	s.mu.Lock()
	a, err := s.live(id)
	if err != nil {
		s.mu.Unlock()
		return nil, err
	}
	open := a.open()
	s.mu.Unlock()
	if !history {
		return open[:min(len(open), limit)], nil
	}
	if err := s.flushNotes(ctx, true); err != nil {
		return nil, err
	}
	rows, err := meta.ListSIEMNotifications(ctx, s.opt.DB.Read(), id, limit)
	all := make([]wire.Notification, len(rows))
	for i := range rows {
		all[i] = shown(&rows[i])
	}
	return all, err
}

// open are the open notifications, newest first.
func (a *agent) open() []wire.Notification {
	all := make([]wire.Notification, 0, len(a.notes))
	for _, n := range a.notes {
		all = append(all, shown(&n.row))
	}
	slices.SortFunc(all, func(x, y wire.Notification) int {
		if c := y.First.Compare(x.First); c != 0 {
			return c
		}
		return strings.Compare(x.Destination+"\x00"+string(x.Code), y.Destination+"\x00"+string(y.Code))
	})
	return all
}

func shown(n *meta.SIEMNotification) wire.Notification {
	e := wire.Explain(wire.Code(n.Code))
	return wire.Notification{ID: n.ID, Destination: n.Destination, Code: e.Code, Title: e.Title, Text: n.Text, Cause: e.Cause, Remedy: e.Remedy, Count: n.Count,
		First: n.First.UTC(), Last: n.Last.UTC(), Cleared: n.Cleared}
}
