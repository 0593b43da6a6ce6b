package forward

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/forward/wire"
	"kiroku/internal/meta"
)

// Start says what an agent begins with. The zero value is everything that there is.
type Start struct {
	Now   bool      // only what comes from now on
	Since time.Time // what happened from this time on
}

// Made is a new agent. The token is shown this once.
type Made struct {
	ID    string
	Token string
	Note  string
}

// Create makes an agent. sp.Stores and sp.Denied are already what its creator may read.
func (s *Service) Create(ctx context.Context, creator, name string, sp Spec, start Start) (Made, error) {
	sp.Start = start.Since
	sp.Destinations = slices.Clone(sp.Destinations)
	m, err := s.create(ctx, &meta.SIEMAgent{Name: name, Kind: string(wire.Main), Creator: creator}, sp, func(store string) (*position, error) {
		return s.begin(ctx, store, start)
	})
	if fault.KindOf(err) == fault.Conflict { // which says what was tried
		return Made{}, err
	}
	if err != nil {
		return Made{}, fmt.Errorf("create SIEM agent: %w", err)
	}
	return m, nil
}

// begin is the position that an agent begins with in a store.
func (s *Service) begin(ctx context.Context, store string, start Start) (*position, error) {
	first, last, err := s.opt.Events.Head(store)
	switch {
	case err != nil:
		return nil, err
	case start.Now:
		return &position{seq: last}, nil
	case start.Since.IsZero():
		return &position{seq: max(0, first-1), had: last, since: s.opt.Events.Oldest(store)}, nil
	}
	after, err := s.opt.Events.Since(ctx, store, event.ColTime, start.Since)
	if err != nil {
		return nil, err
	}
	p := &position{seq: after, until: max(last, after), had: last, since: s.opt.Events.Oldest(store)}
	if p.since.Before(start.Since) {
		p.since = start.Since
	}
	return p, nil
}

func (s *Service) create(ctx context.Context, row *meta.SIEMAgent, sp Spec, begin func(store string) (*position, error)) (Made, error) {
	now := time.Now()
	if err := errors.Join(checkName("agent", row.Name), sp.normal()); err != nil {
		return Made{}, err
	}
	if err := s.try(&sp); err != nil {
		return Made{}, err
	}
	row.ID, row.Status, row.Created, row.Updated, row.Spec = newID(), meta.SIEMActive, now, now, sp.text()
	a, err := newAgent(row)
	if err != nil {
		return Made{}, err
	}
	if err := s.beginAll(a, slices.Collect(destinationsOf(a)), begin); err != nil {
		return Made{}, err
	}
	t, secret := newToken(row.ID, now)
	err = s.opt.DB.Write(ctx, func(tx *sql.Tx) error {
		if err := meta.InsertSIEMAgent(ctx, tx, row); err != nil {
			return err
		}
		if err := meta.PutSIEMToken(ctx, tx, &t); err != nil {
			return err
		}
		return putPositions(ctx, tx, a, slices.Collect(destinationsOf(a)))
	})
	if err != nil {
		return Made{}, err
	}
	s.mu.Lock()
	s.agents[row.ID], s.byHash[t.Hash], a.tokens = a, &t, []*meta.SIEMToken{&t}
	a.change()
	s.unconfirmed(a, now)
	s.mu.Unlock()
	_ = s.flush(ctx) // the token is not lost for a notification, which Run stores later
	return Made{ID: row.ID, Token: secret}, nil
}

func destinationsOf(a *agent) func(yield func(*destination) bool) {
	return func(yield func(*destination) bool) {
		for i := range a.spec.Destinations {
			if !yield(a.destinations[a.spec.Destinations[i].Name]) {
				return
			}
		}
	}
}

// try refuses a specification that names stores that are not there, or whose filter does not work.
func (s *Service) try(sp *Spec) error {
	have := s.opt.Events.Stores()
	for _, name := range sp.Stores {
		if !slices.Contains(have, name) {
			return noStore(name)
		}
	}
	for _, name := range have {
		if len(sp.Stores) > 0 && !slices.Contains(sp.Stores, name) {
			continue
		}
		if _, err := s.opt.Events.Follower(sp.request(name)); err != nil {
			return err
		}
	}
	return nil
}

// beginAll puts destinations where they begin, in all stores that are there.
func (s *Service) beginAll(a *agent, ds []*destination, begin func(store string) (*position, error)) error {
	for _, store := range s.storesOf(a) {
		p, err := begin(store)
		if fault.KindOf(err) == fault.NotFound { // deleted just now
			continue
		}
		if err != nil {
			return err
		}
		for _, d := range ds {
			d.pos[store] = &position{seq: p.seq, until: p.until, had: p.had, since: p.since}
		}
	}
	return nil
}

// beginNew puts destinations that stay where they begin in the stores that the agent did not read.
func (s *Service) beginNew(a, next *agent, ds []*destination, begin func(store string) (*position, error)) error {
	s.mu.Lock()
	before := a.spec.Stores
	s.mu.Unlock()
	if len(before) == 0 {
		return nil
	}
	for _, store := range s.storesOf(next) {
		if slices.Contains(before, store) {
			continue
		}
		p, err := begin(store)
		if fault.KindOf(err) == fault.NotFound { // deleted just now
			continue
		}
		if err != nil {
			return err
		}
		s.mu.Lock()
		for _, d := range ds {
			if was := a.destinations[d.config.Name].pos[store]; was == nil || was.seq < p.seq {
				d.pos[store] = &position{seq: p.seq, until: p.until, had: p.had, since: p.since}
			}
		}
		s.mu.Unlock()
	}
	return nil
}

func putPositions(ctx context.Context, tx *sql.Tx, a *agent, ds []*destination) error {
	for _, d := range ds {
		for store, p := range d.pos {
			if err := meta.PutSIEMPosition(ctx, tx, &meta.SIEMPosition{Agent: a.row.ID, Destination: d.config.Name, Store: store, Seq: p.seq, Until: p.until, Had: p.had, Since: p.since}); err != nil {
				return err
			}
		}
	}
	return nil
}

// Change says what becomes of an agent; nil: it stays.
type Change struct {
	Name         *string
	Types        []wire.Type
	Filter       *string
	Stores       *[]string
	Destinations []wire.Destination // all of them
	Start        *Start             // of destinations and stores that are new; nil: the last 48 hours
	Denied       []string           // columns that who changes it may not read
}

// Edit changes an agent. Positions stay: what is changed holds from the next record on, at the latest after 60 seconds.
func (s *Service) Edit(ctx context.Context, id string, c Change) error {
	if err := s.edit(ctx, id, c); err != nil {
		return fmt.Errorf("change SIEM agent: %w", err)
	}
	return s.flush(ctx)
}

func (s *Service) edit(ctx context.Context, id string, c Change) error {
	s.mu.Lock()
	a, err := s.live(id)
	if err != nil {
		s.mu.Unlock()
		return err
	}
	row, sp := a.row, a.spec
	s.mu.Unlock()
	if wire.Kind(row.Kind) == wire.Recovery && (c.Types != nil || c.Filter != nil || c.Stores != nil) {
		return recoveryStays()
	}
	sp.apply(&c)
	if c.Name != nil {
		row.Name = *c.Name
	}
	if err := errors.Join(checkName("agent", row.Name), sp.normal()); err != nil {
		return err
	}
	if err := s.try(&sp); err != nil {
		return err
	}
	row.Spec, row.Updated = sp.text(), time.Now()
	next, err := newAgent(&row)
	if err != nil {
		return err
	}
	start := Start{Since: row.Updated.Add(-48 * time.Hour)}
	if c.Start != nil {
		start = *c.Start
	}
	return s.replace(ctx, a, next, start)
}

func (sp *Spec) apply(c *Change) {
	if c.Types != nil {
		sp.Types = slices.Clone(c.Types)
	}
	if c.Filter != nil {
		sp.Filter = *c.Filter
	}
	if c.Stores != nil {
		sp.Stores = slices.Clone(*c.Stores)
	}
	sp.Destinations = slices.Clone(sp.Destinations)
	if c.Destinations != nil {
		sp.Destinations = slices.Clone(c.Destinations)
	}
	for _, name := range c.Denied {
		if !slices.Contains(sp.Denied, name) {
			sp.Denied = append(slices.Clone(sp.Denied), name)
		}
	}
}

// replace stores what an agent is to be, and has it so.
func (s *Service) replace(ctx context.Context, a, next *agent, start Start) error {
	s.mu.Lock()
	had := a.destinations
	s.mu.Unlock()
	begin := func(store string) (*position, error) { return s.begin(ctx, store, start) }
	var added, kept []*destination
	for name, d := range next.destinations {
		if had[name] == nil {
			added = append(added, d)
		} else {
			kept = append(kept, d)
		}
	}
	if err := s.beginAll(next, added, begin); err != nil {
		return err
	}
	if err := s.beginNew(a, next, kept, begin); err != nil {
		return err
	}
	err := s.opt.DB.Write(ctx, func(tx *sql.Tx) error {
		for name := range had {
			if next.destinations[name] == nil {
				if err := meta.DropSIEMDestination(ctx, tx, a.row.ID, name); err != nil {
					return err
				}
			}
		}
		if err := putPositions(ctx, tx, next, slices.Concat(added, kept)); err != nil {
			return err
		}
		return meta.UpdateSIEMAgent(ctx, tx, &next.row)
	})
	if err != nil {
		return err
	}
	s.become(a, next)
	return nil
}

// become has an agent be what is stored.
func (s *Service) become(a, next *agent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for name, d := range a.destinations {
		if next.destinations[name] == nil {
			d.dropped = true
			s.clearAll(a, name, now)
			continue
		}
		d.config = next.destinations[name].config
		for store, at := range next.destinations[name].pos {
			d.pos[store] = at
		}
		for _, at := range d.pos { // what did not match may match now
			at.clear = 0
		}
		next.destinations[name] = d
	}
	session, contact := a.row.Session, a.row.Contact
	host, version := a.row.Host, a.row.Version
	a.row, a.spec, a.destinations, a.ends = next.row, next.spec, next.destinations, nil
	a.row.Session, a.row.Contact, a.row.Host, a.row.Version = session, contact, host, version
	for name := range a.destinations {
		s.clear(a, noteKey{name, wire.ConfigRejected}, now)
	}
	s.unconfirmed(a, now)
	a.change()
}
