package forward

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/forward/wire"
	"kiroku/internal/meta"
)

// settle is how long after the end of its window a recovery waits for what is still being stored.
const settle = 5 * time.Second

// What one look does at most before others have their turn.
const (
	longLook = 2 * time.Second
	manyDead = 1000
	// other is how long a Pull waits for another one of the same destination.
	other = 2 * time.Second
)

// Batch is an answer of Pull: its header, and the records behind one another as wire.AppendRecord writes them.
type Batch struct {
	wire.BatchHeader
	Records []byte
}

// reader reads for one destination, under the configuration that it was made for. Pull alone uses it.
type reader struct {
	tag     string
	encoder encoder
	stores  map[string]Follower // by store
	starts  map[string]Follower // the same within the start time
	turn    int                 // which store is first
	line    []byte
}

// pull is one Pull under way.
type pull struct {
	s       *Service
	a       *agent
	d       *destination
	req     *wire.Pull
	config  wire.Destination
	spec    Spec
	share   *share
	host    string
	stores  []string
	from    map[string]int64 // where to begin
	until   map[string]int64
	acked   map[string]int64
	unfit   map[string]unfit // of a look, by store: what cannot be encoded
	max     int
	changed <-chan struct{}
	etag    string
	paused  bool
}

// unfit are records that cannot be encoded.
type unfit struct {
	count int
	why   string // of the last one
}

// Pull returns the next records of a destination. It waits for some as long as the agent wants. The batch's Records are a part
// of buf when that is large enough.
func (s *Service) Pull(ctx context.Context, token, session string, req *wire.Pull, buf []byte) (Batch, error) {
	p, err := s.beginPull(token, session, req)
	if err != nil {
		return Batch{}, s.after(ctx, err)
	}
	if err := s.flush(ctx); err != nil {
		return Batch{}, err
	}
	if p == nil { // the configuration is another by now, or there is nothing to look at
		return Batch{BatchHeader: wire.BatchHeader{ETag: s.etagOf(token)}}, nil
	}
	r := &reader{}
	if !p.looks() {
		if err := p.alone(ctx); err != nil {
			return Batch{}, err
		}
		defer func() { <-p.d.pulling }()
		if tag := p.etag + " " + p.host; p.d.reader == nil || p.d.reader.tag != tag {
			p.d.reader = &reader{tag: tag}
		}
		r = p.d.reader
	}
	if err := p.prepare(r); err != nil {
		return Batch{}, err
	}
	if req.Check {
		return p.last(ctx, r, buf)
	}
	if req.Replay > 0 {
		if err := p.goBack(ctx, r, req.Replay); err != nil {
			return Batch{}, err
		}
	}
	b, err := p.wait(ctx, r, session, buf)
	p.tellUnfit(&b)
	return b, err
}

// tellUnfit says in a batch what of its store cannot be encoded.
func (p *pull) tellUnfit(b *Batch) {
	u := p.unfit[b.Store]
	b.Dead, b.DeadWhy = u.count, u.why
}

// alone waits a moment for another Pull of the destination: that of a session that was just replaced ends by itself.
func (p *pull) alone(ctx context.Context) error {
	over := time.NewTimer(other)
	defer over.Stop()
	select {
	case p.d.pulling <- struct{}{}:
		return nil
	case <-over.C:
		return busy(http.StatusTooManyRequests, time.Second)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// looks says that nothing is moved.
func (p *pull) looks() bool { return p.req.Check || p.req.Peek != "" }

func (s *Service) etagOf(token string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a, _, err := s.authenticate(token, time.Now()); err == nil {
		return a.etag
	}
	return ""
}

// beginPull checks a request, and takes a picture of what it needs. nil: the agent has to say Hello first.
func (s *Service) beginPull(token, session string, req *wire.Pull) (*pull, error) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	looks := req.Check || req.Peek != ""
	var a *agent
	var err error
	if looks {
		a, _, err = s.authenticate(token, now)
	} else {
		a, err = s.enter(token, session, now)
	}
	if err != nil {
		return nil, err
	}
	if !looks && a.told != a.etag {
		return nil, nil
	}
	d := a.destinations[req.Destination]
	if d == nil {
		return nil, wrong("there is no destination %q", short(req.Destination, maxName))
	}
	p := &pull{s: s, a: a, d: d, config: d.config, req: req, spec: a.spec, share: s.shareOf(a), host: a.row.Host, stores: s.storesOf(a), from: map[string]int64{}, until: map[string]int64{}, acked: map[string]int64{}, unfit: map[string]unfit{},
		max: wire.MaxPull, changed: a.changed, etag: a.etag, paused: a.row.Status == meta.SIEMPaused && !looks}
	if looks && req.Host != "" { // the agent has perhaps never run
		p.host = short(req.Host, 255)
	}
	if req.Max > 0 {
		p.max = min(p.max, req.Max)
	}
	for _, store := range append(slices.Clone(p.stores), deadStore) {
		at := d.at(store)
		p.acked[store], p.until[store], p.from[store] = at.seq, at.until, at.seq
		if after, ok := req.After[store]; ok {
			if most := max(at.seq, d.pulled[store]); !looks && after > most {
				err := wrong("the position %d in %q is beyond %d, which is all that was pulled", after, store, most)
				err.body.Next = "If the server was restored from a backup, nothing is to be done: the agent goes on from where the server stands. Else run the same version of kiroku on both sides."
				return nil, err
			}
			p.from[store] = after
		}
		if from := p.from[store]; from >= at.seq && from < at.clear {
			p.from[store] = at.clear
		}
	}
	return p, nil
}

// prepare makes the encoder.
func (p *pull) prepare(r *reader) (err error) {
	if r.encoder == nil {
		r.stores, r.starts = map[string]Follower{}, map[string]Follower{}
		if r.encoder, err = newEncoder(&p.config, p.host, p.s.opt.Version); err != nil {
			return fault.New(fault.Conflict, fmt.Errorf("destination %q: %w", p.config.Name, err), fault.NextOf(err))
		}
	}
	return nil
}

// follower is the one of a store behind a position.
func (p *pull) follower(r *reader, store string, after int64) (Follower, error) {
	known, req := r.stores, p.spec.request(store)
	req.Columns = columnsOf(&p.config)
	if after < p.until[store] && !p.spec.Start.IsZero() && req.From.IsZero() {
		known, req.From, req.By = r.starts, p.spec.Start, event.ColTime
	}
	f := known[store]
	if f == nil {
		var err error
		if f, err = p.s.opt.Events.Follower(req); err != nil {
			return nil, err
		}
		known[store] = f
	}
	return f, nil
}

// wait looks until there is something, or the time is over.
func (p *pull) wait(ctx context.Context, r *reader, session string, buf []byte) (Batch, error) {
	over := time.NewTimer(min(time.Duration(max(0, p.req.WaitMS))*time.Millisecond, wire.MaxWait))
	defer over.Stop()
	for {
		events := p.s.opt.Events.Changed()
		if !p.paused {
			b, more, err := p.look(ctx, r, buf)
			if errors.Is(err, errTurn) {
				if p.req.Replay > 0 { // which has to bring something
					return Batch{}, busy(http.StatusTooManyRequests, time.Second)
				}
				return p.moved(), nil
			}
			if err != nil || b.BatchHeader.Records > 0 || b.Done || p.req.Peek == wire.PeekNew && b.Store != "" {
				return b, err
			}
			if more {
				select {
				case <-over.C:
					return p.moved(), nil
				default:
					continue
				}
			}
		}
		var end <-chan time.Time
		if to := p.spec.To; !to.IsZero() && !p.looks() {
			if left := time.Until(to.Add(settle)); left > 0 && left < wire.MaxWait {
				end = time.After(left)
			}
		}
		if p.paused {
			events = nil
		}
		select {
		case <-ctx.Done():
			return Batch{}, ctx.Err()
		case <-over.C:
			return p.moved(), nil
		case <-events:
			if !p.s.readsStill(p.a, p.stores) { // the agent asks again at once
				return p.moved(), nil
			}
		case <-end:
		case <-p.changed:
			if p.looks() {
				return p.moved(), nil
			}
			p.s.mu.Lock()
			replaced, etag := session != p.a.row.Session, p.a.etag
			if replaced {
				p.s.replaced(p.a, time.Now())
			}
			p.s.mu.Unlock()
			if replaced { // the process ends on it, and does not ask again
				return Batch{}, p.s.after(ctx, refuse(wire.ReasonReplaced))
			}
			return Batch{BatchHeader: wire.BatchHeader{ETag: etag}}, nil
		}
	}
}

// readsStill says that an agent reads the same stores as before.
func (s *Service) readsStill(a *agent, stores []string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Equal(s.storesOf(a), stores)
}

// moved is a batch without records, which tells how far there was nothing for the destination.
func (p *pull) moved() Batch {
	h := wire.BatchHeader{ETag: p.etag}
	for _, store := range p.stores {
		after, ok := p.req.After[store]
		if !ok {
			after = p.acked[store]
		}
		if moved := p.from[store] - after; moved > 0 && (h.Store == "" || moved > h.Next-p.acked[h.Store]) {
			h.Store, h.Next = store, p.from[store]
		}
	}
	if h.Store != "" && !p.looks() {
		p.s.mu.Lock()
		p.d.pulled[h.Store] = max(p.d.pulled[h.Store], h.Next)
		p.s.mu.Unlock()
	}
	return Batch{BatchHeader: h}
}

// look goes once over the stores and returns the first batch with records, or an empty one; more: there is more to look at.
func (p *pull) look(ctx context.Context, r *reader, buf []byte) (b Batch, more bool, err error) {
	end, err := p.begin(ctx)
	if err != nil {
		return Batch{}, false, err
	}
	defer end()
	began := time.Now()
	if !p.looks() {
		if b, err := p.deadAgain(ctx, r, buf); err != nil || b.BatchHeader.Records > 0 {
			return b, false, err
		}
	}
	for i := range p.stores {
		store := p.stores[(r.turn+i)%len(p.stores)]
		b, behind, err := p.read(ctx, r, store, buf)
		if fault.KindOf(err) == fault.NotFound { // deleted meanwhile
			continue
		}
		if err != nil {
			return Batch{}, false, err
		}
		more = more || behind
		if b.BatchHeader.Records > 0 || p.isNew(store) {
			r.turn = (r.turn + i + 1) % len(p.stores)
			b.More = b.More || p.elsewhere(store)
			return b, more, nil
		}
	}
	b = Batch{BatchHeader: wire.BatchHeader{ETag: p.etag}}
	if to := p.spec.To; !to.IsZero() && !more && !p.looks() && !began.Before(to.Add(settle)) {
		b.Done = true
	}
	return b, more, nil
}
