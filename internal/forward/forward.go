package forward

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"kiroku/internal/event"
	"kiroku/internal/forward/wire"
	"kiroku/internal/logkey"
	"kiroku/internal/meta"
)

// Sink stores the system alerts. Accept returns nil when everything of a batch is durable, together with its checkpoint.
type Sink interface {
	Accept(ctx context.Context, b event.Batch) error
}

// Checkpoints knows where the checkpoints of batches stand; 0: nowhere yet.
type Checkpoints interface {
	Checkpoint(ctx context.Context, key string) (int64, error)
}

// Options are what a Service works with.
type Options struct {
	DB          *meta.DB
	Events      Events
	Sink        Sink
	Checkpoints Checkpoints
	Log         *slog.Logger
	Version     string // of Kiroku, for the headers of records
	After       wire.Thresholds
}

// Service is the server's side of SIEM agents. It is safe for concurrent use.
type Service struct {
	opt  Options
	save *commits
	work chan struct{} // who reads and encodes has a place in it
	slow chan struct{} // all recoveries together have at most half of the places

	mu      sync.Mutex // over everything below; nothing slow happens under it
	started time.Time
	agents  map[string]*agent
	byHash  map[string]*meta.SIEMToken
	unsaved map[*note]bool // notifications that are not stored as they are now
	alerts  []meta.SIEMAlert
	saving  sync.Mutex // one at a time stores notifications and alerts
	telling sync.Mutex // one at a time puts alerts into the lake
	wake    chan struct{}
}

// New makes a Service; Load reads what it knows.
func New(opt Options) *Service {
	return &Service{opt: opt, save: &commits{db: opt.DB, pause: commitPause}, work: make(chan struct{}, max(4, 2*runtime.GOMAXPROCS(0))), slow: make(chan struct{}, max(2, runtime.GOMAXPROCS(0))),
		agents: map[string]*agent{}, byHash: map[string]*meta.SIEMToken{}, unsaved: map[*note]bool{}, wake: make(chan struct{}, 1)}
}

// agent is what is known of an agent. The Service's mu guards it.
type agent struct {
	row          meta.SIEMAgent
	spec         Spec
	etag         string
	told         string // the ETag that the session was given last
	tokens       []*meta.SIEMToken
	destinations map[string]*destination
	changed      chan struct{} // closed and made anew when what a waiting Pull was asked under holds no more
	notes        map[noteKey]*note
	contactSaved time.Time
	refused      time.Time // when a void token was last told of, and why it is void
	refusedWhy   string
	gone         time.Time // the contact after which it was last told to be gone
	dead         int64     // dead letters
	ends         map[string]end
	share        *share // with its recoveries
}

// destination is a destination of an agent. pulling guards what only Pull uses.
type destination struct {
	config    wire.Destination
	pos       map[string]*position
	pulled    map[string]int64 // how far this session may acknowledge
	given     meta.SIEMDelivery
	shortened map[string]int64 // the last record by store that was counted in given.Oversize
	metrics   wire.Metrics
	oldest    map[string]ingested
	missing   map[string]*missing // by store: what retention has removed
	looked    map[string]looked   // when that was looked for
	replayed  int64               // how many dead letters have a number to be sent again
	dropped   bool                // no longer configured

	pulling chan struct{} // one Pull at a time
	reader  *reader
}

// position is how far a destination has confirmed in a store.
type position struct {
	seq   int64
	until int64     // up to here only what lies within the start time is sent
	had   int64     // the last event that the store had given when the destination began
	since time.Time // what lies up to had and is older was not there by then, or is not wanted; zero: not known
	clear int64     // up to here, from seq on, nothing matches
}

// ingested remembers when the first event behind a position was taken in.
type ingested struct {
	after int64
	at    time.Time
}

// end is the last event in a store that matches: behind it there is nothing to look at.
type end struct {
	head int64     // of the store when that was looked for
	at   time.Time // when
	seq  int64
}

func newDestination(id string, d *wire.Destination) *destination {
	return &destination{config: *d, pos: map[string]*position{}, pulled: map[string]int64{}, shortened: map[string]int64{}, oldest: map[string]ingested{}, missing: map[string]*missing{}, looked: map[string]looked{}, pulling: make(chan struct{}, 1),
		given: meta.SIEMDelivery{Agent: id, Destination: d.Name}}
}

// at is the position in a store; a store that is new begins at its beginning.
func (d *destination) at(store string) *position {
	p := d.pos[store]
	if p == nil {
		p = &position{}
		d.pos[store] = p
	}
	return p
}

// Load reads what the metadata database knows of agents.
func (s *Service) Load(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.started = time.Now()
	rows, err := meta.ListSIEMAgents(ctx, s.opt.DB.Read())
	if err != nil {
		return fmt.Errorf("load SIEM agents: %w", err)
	}
	for i := range rows {
		a, err := newAgent(&rows[i])
		if err != nil {
			return err
		}
		a.told, a.contactSaved = a.etag, a.row.Contact
		s.agents[a.row.ID] = a
		if a.dead, err = meta.CountSIEMDeadLetters(ctx, s.opt.DB.Read(), a.row.ID); err != nil {
			return fmt.Errorf("load SIEM agents: %w", err)
		}
	}
	if err := errors.Join(s.loadTokens(ctx), s.loadPositions(ctx), s.loadNotes(ctx)); err != nil {
		return fmt.Errorf("load SIEM agents: %w", err)
	}
	return nil
}

func (s *Service) loadTokens(ctx context.Context) error {
	tokens, err := meta.ListSIEMTokens(ctx, s.opt.DB.Read())
	for i := range tokens {
		t := &tokens[i]
		if a := s.agents[t.Agent]; a != nil {
			a.tokens = append(a.tokens, t)
			s.byHash[t.Hash] = t
		}
	}
	return err
}

func (s *Service) loadPositions(ctx context.Context) error {
	positions, err := meta.ListSIEMPositions(ctx, s.opt.DB.Read())
	if err != nil {
		return err
	}
	for _, p := range positions {
		if d := s.find(p.Agent, p.Destination); d != nil {
			d.pos[p.Store] = &position{seq: p.Seq, until: p.Until, had: p.Had, since: p.Since}
		}
	}
	deliveries, err := meta.ListSIEMDeliveries(ctx, s.opt.DB.Read())
	if err != nil {
		return err
	}
	for _, g := range deliveries {
		if d := s.find(g.Agent, g.Destination); d != nil {
			d.given = g
		}
	}
	// A session goes on over a restart of the server. What it had pulled is not known any more, but it was there by now.
	for _, a := range s.agents {
		for _, d := range a.destinations {
			for _, store := range s.storesOf(a) {
				if _, last, err := s.opt.Events.Head(store); err == nil {
					d.pulled[store] = last
				}
			}
			replays, err := meta.ListSIEMReplays(ctx, s.opt.DB.Read(), a.row.ID, d.config.Name, 0, 1<<20)
			if err != nil {
				return err
			}
			for _, r := range replays {
				d.replayed = max(d.replayed, r.Replay)
			}
			if p := d.pos[deadStore]; p != nil {
				d.replayed = max(d.replayed, p.seq)
			}
			d.pulled[deadStore] = d.replayed
		}
	}
	return nil
}

func newAgent(row *meta.SIEMAgent) (*agent, error) {
	a := &agent{row: *row, destinations: map[string]*destination{}, changed: make(chan struct{}), notes: map[noteKey]*note{}, share: newShare()}
	if err := a.spec.read(row.Spec); err != nil {
		return nil, fmt.Errorf("load SIEM agent %q: %w", row.Name, err)
	}
	for i := range a.spec.Destinations {
		d := &a.spec.Destinations[i]
		a.destinations[d.Name] = newDestination(row.ID, d)
	}
	a.etag = a.tag()
	return a, nil
}

// find is a destination of an agent; nil: there is none.
func (s *Service) find(id, name string) *destination {
	if a := s.agents[id]; a != nil {
		return a.destinations[name]
	}
	return nil
}

// storesOf are the stores that an agent reads, those that are not there left out.
func (s *Service) storesOf(a *agent) []string {
	have := s.opt.Events.Stores()
	if len(a.spec.Stores) == 0 {
		return have
	}
	return slices.DeleteFunc(slices.Clone(a.spec.Stores), func(name string) bool { return !slices.Contains(have, name) })
}

// change tells waiting requests of an agent to look again.
func (a *agent) change() {
	a.etag = a.tag()
	close(a.changed)
	a.changed = make(chan struct{})
}

// live finds an agent that is not deleted.
func (s *Service) live(id string) (*agent, error) {
	if a := s.agents[id]; a != nil && a.row.Status != meta.SIEMDeleted {
		return a, nil
	}
	return nil, noAgent(id)
}

// Resolve finds the ID of an agent by its ID or name.
func (s *Service) Resolve(ref string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.agents[ref]; a != nil && a.row.Status != meta.SIEMDeleted {
		return ref, nil
	}
	for id, a := range s.agents {
		if a.row.Name == ref && a.row.Status != meta.SIEMDeleted {
			return id, nil
		}
	}
	_, err := s.live(ref)
	return "", err
}

// Run keeps states, notifications and alerts up to date until ctx ends, and stores last what is not stored yet.
func (s *Service) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.reviews(ctx) })
	g.Go(func() error { return s.tells(ctx) }) // which waits while the lake can store nothing
	return g.Wait()
}

func (s *Service) reviews(ctx context.Context) error {
	var rounded time.Time
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			return errors.Join(s.round(last), ctx.Err())
		case <-timer.C:
		}
		now := time.Now()
		next := s.review(now)
		if err := s.reviewGaps(ctx); err != nil && ctx.Err() == nil {
			s.opt.Log.LogAttrs(ctx, slog.LevelWarn, "what retention has taken from SIEM agents cannot be found out", slog.Any(logkey.Err, err))
		}
		store := s.flush
		if now.Sub(rounded) >= reviewEvery {
			store, rounded = s.round, now
		}
		if err := store(ctx); err != nil && ctx.Err() == nil {
			s.opt.Log.LogAttrs(ctx, slog.LevelWarn, "notifications of SIEM agents cannot be stored", slog.Any(logkey.Err, err))
		}
		timer.Reset(time.Until(next))
	}
}

func (s *Service) tells(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		case <-s.wake:
		}
		if err := s.tell(ctx); err != nil && ctx.Err() == nil {
			s.opt.Log.LogAttrs(ctx, slog.LevelWarn, "alerts about SIEM agents cannot be stored", slog.Any(logkey.Err, err))
		}
		timer.Reset(reviewEvery)
	}
}

// poke has Run put alerts into the lake at once.
func (s *Service) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
