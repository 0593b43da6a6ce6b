package forward

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/forward/wire"
	"kiroku/internal/meta"
)

// RecoverNote is what people are told when a recovery is made.
const RecoverNote = "All matching records of the period are sent again. Records that the SIEM has already will arrive again, with the same external id."

// missingNote is the same with missing_only.
const missingNote = "Only what the receipt log of the destination does not have is sent: run the agent with --receipts FILE or URL."

// missingHere is the same for the agent that asks: it has the log.
const missingHere = "Only what the receipt log of the destination does not have is sent."

// Recovery says what a recovery agent sends.
type Recovery struct {
	Name         string // "": made of the name of the agent that it is like
	From, To     time.Time
	By           string             // event, ingest; "": event
	Types        []wire.Type        // none: activities
	Missing      bool               // leave out what the receipt log of the destination has
	Destinations []wire.Destination // instead of those of the agent that it is like
	Only         []string           // names of the destinations of the agent that it is like; none: all
	Denied       []string           // columns that who makes it may not read
}

// Recover makes an agent that sends a period again, and then is completed. It changes nothing of the agent that it is like.
func (s *Service) Recover(ctx context.Context, creator, like string, r Recovery) (Made, error) {
	m, err := s.recover(ctx, creator, like, r)
	if err != nil {
		return Made{}, fmt.Errorf("make recovery agent: %w", err)
	}
	m.Note = RecoverNote
	if r.Missing {
		m.Note = missingNote
	}
	if r.By == ByIngest {
		return m, nil
	}
	for _, store := range s.storesByID(m.ID) {
		n, err := s.opt.Events.Lost(ctx, store, r.From, r.To)
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return Made{}, fmt.Errorf("look for what is left of the period: %w", err)
		}
		if n > 0 {
			m.Note += fmt.Sprintf(" Retention has removed up to %s of the period from store %s, which cannot be sent.", wire.Count(n, "event"), store)
		}
	}
	return m, nil
}

// storesByID are the stores of an agent.
func (s *Service) storesByID(id string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.live(id)
	if err != nil { // deleted meanwhile
		return nil
	}
	return s.storesOf(a)
}

func (s *Service) recover(ctx context.Context, creator, like string, r Recovery) (Made, error) {
	s.mu.Lock()
	a, err := s.live(like)
	if err != nil {
		s.mu.Unlock()
		return Made{}, err
	}
	sp, name := a.spec, a.row.Name
	if wire.Kind(a.row.Kind) == wire.Recovery { // like the one that this one is like
		like = a.row.Parent
	}
	s.mu.Unlock()
	if err := r.check(); err != nil {
		return Made{}, err
	}
	sp.Start, sp.From, sp.To, sp.By, sp.Missing = time.Time{}, r.From.UTC(), r.To.UTC(), r.By, r.Missing
	sp.Types = r.Types
	c := Change{Destinations: r.Destinations, Denied: r.Denied}
	sp.apply(&c)
	if len(r.Only) > 0 {
		if sp.Destinations, err = only(sp.Destinations, r.Only); err != nil {
			return Made{}, err
		}
	}
	if r.Name == "" {
		r.Name = fmt.Sprintf("%s recovery %s", short(name, 60), hash(fmt.Sprint(time.Now().UnixNano()))[:6])
	}
	by := event.ColTime
	if r.By == ByIngest {
		by = event.ColIngestTime
	}
	return s.create(ctx, &meta.SIEMAgent{Name: r.Name, Kind: string(wire.Recovery), Parent: like, Creator: creator}, sp, func(store string) (*position, error) {
		after, err := s.opt.Events.Since(ctx, store, by, r.From)
		return &position{seq: after}, err
	})
}

func (r *Recovery) check() error {
	switch r.By {
	case "":
		r.By = ByEvent
	case ByEvent, ByIngest:
	default:
		return invalid("Use event or ingest.", "there is no time %q that a period could mean", r.By)
	}
	if r.From.IsZero() || r.To.IsZero() {
		return invalid("Name the beginning and the end of the period.", "a period without from or to")
	}
	if !r.From.Before(r.To) {
		return invalid("Name a beginning before the end.", "the period from %s to %s is empty", stamp(r.From), stamp(r.To))
	}
	if len(r.Types) == 0 {
		r.Types = []wire.Type{wire.Activities}
	}
	return nil
}

func only(all []wire.Destination, names []string) (some []wire.Destination, err error) {
	for _, name := range names {
		i := slices.IndexFunc(all, func(d wire.Destination) bool { return d.Name == name })
		if i < 0 {
			var have []string
			for _, d := range all {
				have = append(have, d.Name)
			}
			return nil, invalid("Name one of "+strings.Join(have, ", ")+".", "the agent has no destination %q", name)
		}
		some = append(some, all[i])
	}
	return some, nil
}

// RecoverLike makes a recovery agent for an agent that asks with its own token.
func (s *Service) RecoverLike(ctx context.Context, token string, r *wire.Recover) (wire.Recovered, error) {
	s.mu.Lock()
	a, t, err := s.authenticate(token, time.Now())
	if err != nil {
		s.mu.Unlock()
		return wire.Recovered{}, s.after(ctx, err)
	}
	t.Used = time.Now()
	id, creator := a.row.ID, "siem-agent:"+a.row.Name
	s.mu.Unlock()
	m, err := s.Recover(ctx, creator, id, Recovery{From: r.From, To: r.To, Types: r.Types, Missing: r.Missing})
	return wire.Recovered{ID: m.ID, Token: m.Token, Note: strings.Replace(m.Note, missingNote, missingHere, 1)}, err
}

// Complete ends a recovery when everything of its window is confirmed.
func (s *Service) Complete(ctx context.Context, token, session string) (wire.Summary, error) {
	now := time.Now()
	s.mu.Lock()
	a, err := s.enter(token, session, now)
	if err == nil && wire.Kind(a.row.Kind) != wire.Recovery {
		err = wrong("only a recovery can be completed")
	}
	if err != nil {
		s.mu.Unlock()
		return wire.Summary{}, s.after(ctx, err)
	}
	sp, stores, sum := a.spec, s.storesOf(a), a.summary()
	type place struct {
		store string
		after int64
	}
	var places []place
	for _, d := range a.destinations {
		for _, store := range stores {
			places = append(places, place{store, d.at(store).seq})
		}
		if d.replayed > d.at(deadStore).seq {
			err = notYet()
		}
	}
	s.mu.Unlock()
	if err != nil || now.Before(sp.To.Add(settle)) {
		return wire.Summary{}, notYet()
	}
	slices.SortFunc(places, func(x, y place) int { return strings.Compare(x.store, y.store) })
	for _, p := range slices.Compact(places) {
		if err := s.nothingLeft(ctx, &sp, p.store, p.after); err != nil {
			return wire.Summary{}, err
		}
	}
	return sum, s.complete(ctx, a, &sum)
}

// notYet refuses to complete a recovery that has something left.
func notYet() error {
	return wrong("the recovery is not complete: not everything of its window is confirmed")
}

// nothingLeft checks that no record of a recovery stands behind a position.
func (s *Service) nothingLeft(ctx context.Context, sp *Spec, store string, after int64) error {
	f, err := s.opt.Events.Follower(sp.request(store))
	for left, more := false, true; err == nil && more; {
		var progress Progress
		progress, err = f.Next(ctx, after, func(*event.Event) bool { left = true; return false })
		if left {
			return notYet()
		}
		after, more = progress.Next, progress.More && progress.Next > after
	}
	if fault.KindOf(err) == fault.NotFound { // the store was deleted
		return nil
	}
	return err
}

// summary is what a recovery did.
func (a *agent) summary() wire.Summary {
	sum := wire.Summary{From: a.spec.From, To: a.spec.To}
	for d := range destinationsOf(a) {
		g := &d.given
		sum.Records += g.Confirmed
		sum.Skipped += g.Skipped
		sum.Dead += g.Dead
		if g.LastUID != "" && sum.Last.UID == "" {
			sum.First, sum.Last = wire.Receipt{UID: g.FirstUID, Time: g.FirstTime}, wire.Receipt{UID: g.LastUID, Time: g.LastTime}
		}
	}
	return sum
}

func (s *Service) complete(ctx context.Context, a *agent, sum *wire.Summary) error {
	text, err := json.Marshal(sum)
	if err != nil {
		return fmt.Errorf("write receipt: %w", err)
	}
	now := time.Now()
	s.mu.Lock()
	row := a.row
	tokens := make([]meta.SIEMToken, len(a.tokens))
	for i, t := range a.tokens {
		tokens[i] = *t
		tokens[i].Revoked = now
	}
	s.mu.Unlock()
	row.Status, row.Updated, row.Ended, row.Summary = meta.SIEMCompleted, now, now, string(text)
	err = s.opt.DB.Write(ctx, func(tx *sql.Tx) error {
		for i := range tokens {
			if err := meta.PutSIEMToken(ctx, tx, &tokens[i]); err != nil {
				return err
			}
		}
		return meta.UpdateSIEMAgent(ctx, tx, &row)
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	a.row.Status, a.row.Updated, a.row.Ended, a.row.Summary = row.Status, now, now, row.Summary
	for _, t := range a.tokens {
		t.Revoked = now
	}
	for key := range a.notes {
		s.clear(a, key, now)
	}
	a.change()
	s.mu.Unlock()
	_ = s.flush(ctx) // it is complete; Run stores the notifications later
	return nil
}
