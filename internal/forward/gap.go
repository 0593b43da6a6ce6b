package forward

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"kiroku/internal/fault"
	"kiroku/internal/forward/wire"
	"kiroku/internal/meta"
)

// missing is what retention has taken out of a store before a destination had it.
type missing struct {
	Gap
	after   int64 // where the destination stood when that was found
	alerted int64 // Count, as the last alert says it
}

// looked is when the gaps of a destination in a store were last looked for.
type looked struct {
	removed int64 // events that retention had removed
	after   int64 // where the destination stood
}

// look is one place where a gap may be.
type look struct {
	a     *agent
	d     *destination
	store string
	at    position
	looked
}

// reviewGaps looks behind the positions of agents, also of those that do not ask, for what retention has removed.
func (s *Service) reviewGaps(ctx context.Context) error {
	var errs []error
	for _, l := range s.looks() {
		_, last, err := s.opt.Events.Head(l.store)
		var g Gap
		if err == nil {
			g, err = s.lost(ctx, l.store, l.after, last, l.at)
		}
		if err != nil {
			if fault.KindOf(err) != fault.NotFound { // else the store was deleted meanwhile
				errs = append(errs, fmt.Errorf("look for a gap in store %q: %w", l.store, err))
			}
			continue
		}
		s.mu.Lock()
		l.d.looked[l.store] = l.looked
		if g.Count > 0 && !l.d.dropped && l.a.row.Status != meta.SIEMDeleted && l.d.begins(l.store) < g.LastSeq {
			s.miss(l.a, l.d, l.store, l.after, g, false, time.Now())
		}
		s.mu.Unlock()
	}
	return errors.Join(errs...)
}

// looks are the places where there may be a gap that was not looked for.
func (s *Service) looks() (all []look) {
	removed := map[string]int64{}
	for _, store := range s.opt.Events.Stores() {
		removed[store] = s.opt.Events.Removed(store)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.agents {
		if a.row.Status != meta.SIEMActive && a.row.Status != meta.SIEMPaused || !a.spec.To.IsZero() {
			continue
		}
		for _, d := range a.destinations {
			for _, store := range s.storesOf(a) {
				at := d.at(store)
				l := looked{removed[store], d.begins(store)}
				if m := d.missing[store]; m != nil && l.after >= m.LastSeq {
					delete(d.missing, store)
				}
				if before, ok := d.looked[store]; l.removed > 0 && (!ok || before.removed != l.removed || l.after < before.after) {
					all = append(all, look{a, d, store, *at, l})
				}
			}
		}
	}
	return all
}

// begins is the position behind which a destination has to look for events.
func (d *destination) begins(store string) int64 {
	at := d.at(store)
	return max(at.seq, at.clear)
}

// lost says which events with numbers in (after, last] a store has no more that a destination was to have. What was gone before
// the destination began is none of them.
func (s *Service) lost(ctx context.Context, store string, after, last int64, at position) (Gap, error) {
	if at.since.IsZero() { // it began with a version that did not remember
		return s.opt.Events.Gap(ctx, store, max(after, at.until), last, time.Time{})
	}
	old, err := s.opt.Events.Gap(ctx, store, after, min(last, at.had), at.since)
	if err != nil || last <= at.had {
		return old, err
	}
	g, err := s.opt.Events.Gap(ctx, store, max(after, at.had), last, time.Time{})
	switch {
	case err != nil || old.Count == 0:
		return g, err
	case g.Count == 0:
		return old, nil
	case old.From.IsZero() || g.From.IsZero():
		g.From, g.To = time.Time{}, time.Time{}
	default:
		if old.From.Before(g.From) {
			g.From = old.From
		}
		if old.To.After(g.To) {
			g.To = old.To
		}
	}
	g.Count, g.FirstSeq = g.Count+old.Count, old.FirstSeq
	return g, nil
}

// dropping says that retention has removed events since gaps were last looked for.
func (p *pull) dropping(store string) bool {
	removed := p.s.opt.Events.Removed(store)
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	l, ok := p.d.looked[store]
	return removed > 0 && (!ok || l.removed != removed)
}

// gap tells of events that retention removed before a destination had them, and which it goes over now.
func (p *pull) gap(ctx context.Context, store string, after, upTo int64) error {
	p.s.mu.Lock()
	if m := p.d.missing[store]; m != nil && m.LastSeq > after { // it is a part of what is known
		after, upTo = min(after, m.after), max(upTo, m.LastSeq)
	}
	at := *p.d.at(store)
	p.s.mu.Unlock()
	g, err := p.s.lost(ctx, store, after, upTo, at)
	if err != nil || g.Count == 0 {
		return err
	}
	p.s.mu.Lock()
	p.s.miss(p.a, p.d, store, after, g, true, time.Now())
	p.s.mu.Unlock()
	return p.s.flush(ctx)
}

// miss tells of a gap: by a notification, which grows with it, and by an alert when it opens, and again when the agent goes over
// it if it is larger by then. The caller holds mu.
func (s *Service) miss(a *agent, d *destination, store string, after int64, g Gap, over bool, now time.Time) {
	m := d.missing[store]
	opens := m == nil || g.FirstSeq > m.LastSeq
	if opens {
		m = &missing{}
		d.missing[store] = m
	}
	m.Gap, m.after = g, after
	var texts []string
	for _, name := range slices.Sorted(maps.Keys(d.missing)) {
		texts = append(texts, d.missing[name].text(a, name))
	}
	text := strings.Join(texts, " ")
	if n := a.notes[noteKey{d.config.Name, wire.RetentionGap}]; n == nil || n.row.Text != short(text, maxText) { // what is looked at again is the same gap
		s.raise(a, noteKey{d.config.Name, wire.RetentionGap}, text, 1, now)
	}
	if !opens && !(over && m.alerted != g.Count) {
		return
	}
	m.alerted = g.Count
	s.alert(a, fmt.Sprintf("gap %s %s %s %d %d", a.row.ID, d.config.Name, store, g.FirstSeq, g.LastSeq), &Alert{
		Alert: AlertGap, Severity: "high", Title: "System alert: SIEM agent did not deliver everything", Status: "retention", Kind: "retention", Destination: d.config.Name, Store: store,
		Message: fmt.Sprintf("SIEM agent %s: %s", a.row.Name, m.text(a, store)), Next: wire.Explain(wire.RetentionGap).Remedy, From: g.From, To: g.To, Count: g.Count, Command: m.command(a)}, now)
}

// text says what is missing.
func (m *missing) text(a *agent, store string) string {
	text := fmt.Sprintf("Retention has removed %s of store %s with sequence numbers from %d to %d that the agent had not ", wire.Count(m.Count, "event"), store, m.FirstSeq, m.LastSeq)
	if a.spec.Filter != "" || len(a.spec.Types) == 1 {
		text += "reached; how many of them match what it sends is not known"
	} else {
		text += "delivered"
	}
	if m.From.IsZero() {
		return text + "."
	}
	return text + fmt.Sprintf(", of the time from %s to %s. When another copy of them was imported, send them with: %s", stamp(m.From), stamp(m.To), m.command(a))
}

// command recovers what is missing; "": nothing is known of its time.
func (m *missing) command(a *agent) string {
	if m.From.IsZero() {
		return ""
	}
	return fmt.Sprintf("kiroku agents recover --like %s --from %s --to %s", a.row.ID, stamp(m.From), stamp(m.To))
}

// misses says that a destination has not gone over everything that is missing.
func (d *destination) misses() bool {
	for store, m := range d.missing {
		if d.begins(store) < m.LastSeq {
			return true
		}
	}
	return false
}
