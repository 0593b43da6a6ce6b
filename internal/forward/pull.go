package forward

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/forward/format"
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
	host    string
	stores  []string
	from    map[string]int64 // where to begin
	until   map[string]int64
	acked   map[string]int64
	max     int
	changed <-chan struct{}
	etag    string
	paused  bool
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
	return p.wait(ctx, r, session, buf)
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
	p := &pull{s: s, a: a, d: d, config: d.config, req: req, spec: a.spec, host: a.row.Host, stores: s.storesOf(a), from: map[string]int64{}, until: map[string]int64{}, acked: map[string]int64{},
		max: wire.MaxPull, changed: a.changed, etag: a.etag, paused: a.row.Status == meta.SIEMPaused && !looks}
	if req.Max > 0 {
		p.max = min(p.max, req.Max)
	}
	for _, store := range append(slices.Clone(p.stores), deadStore) {
		at := d.at(store)
		p.acked[store], p.until[store], p.from[store] = at.seq, at.until, at.seq
		if after, ok := req.After[store]; ok {
			if most := max(at.seq, d.pulled[store]); !looks && after > most {
				return nil, wrong("the position %d in %q is beyond %d, which is all that was pulled", after, store, most)
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
		case <-end:
		case <-p.changed:
			if p.looks() {
				return p.moved(), nil
			}
			p.s.mu.Lock()
			replaced, etag := session != p.a.row.Session, p.a.etag
			p.s.mu.Unlock()
			if replaced {
				return Batch{}, refuse(wire.ReasonReplaced)
			}
			return Batch{BatchHeader: wire.BatchHeader{ETag: etag}}, nil
		}
	}
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
	select {
	case p.s.work <- struct{}{}:
		defer func() { <-p.s.work }()
	case <-ctx.Done():
		return Batch{}, false, ctx.Err()
	}
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

// isNew says that a look is to be told only where the store ends.
func (p *pull) isNew(store string) bool {
	_, named := p.req.After[store]
	return p.req.Peek == wire.PeekNew && !named
}

// elsewhere says whether another store has events behind where this pull stands.
func (p *pull) elsewhere(than string) bool {
	return slices.ContainsFunc(p.stores, func(store string) bool {
		_, last, err := p.s.opt.Events.Head(store)
		return err == nil && store != than && last > p.from[store]
	})
}

// read fills a batch from one store; more: there is more to look at.
func (p *pull) read(ctx context.Context, r *reader, store string, buf []byte) (b Batch, more bool, err error) {
	b = Batch{BatchHeader: wire.BatchHeader{Store: store, ETag: p.etag}, Records: buf[:0]}
	_, last, err := p.s.opt.Events.Head(store)
	if err != nil {
		return b, false, err
	}
	if p.isNew(store) {
		b.Next = last
		return b, false, nil
	}
	if p.req.Replay > 0 {
		b.Acked = p.acked[store]
	}
	after, began := p.from[store], time.Now()
	fill := filling{p: p, r: r, b: &b}
	for after < last && b.BatchHeader.Records == 0 {
		f, err := p.follower(r, store, after)
		if err != nil {
			return b, false, err
		}
		at := after
		fill.stop = math.MaxInt64
		if at < p.until[store] {
			fill.stop = p.until[store]
		}
		progress, err := f.Next(ctx, after, fill.take)
		if err != nil {
			return b, false, err
		}
		after = progress.Next
		if after > fill.stop || fill.stopped { // what is behind the start time's reach is for the other follower
			after, fill.stopped, progress.More = fill.stop, false, true
		}
		if progress.Gone > 0 && !p.looks() {
			if err := p.gap(ctx, store, at, after); err != nil {
				return b, false, err
			}
		}
		if more = progress.More || after < last; !more {
			break
		}
		if time.Since(began) > longLook || len(fill.dead) >= manyDead || after == at {
			break
		}
	}
	b.Next, b.More = after, more
	return b, more, p.readUpTo(ctx, store, &fill)
}

// filling takes the events of one batch.
type filling struct {
	p       *pull
	r       *reader
	b       *Batch
	stop    int64 // the last sequence number that is wanted
	stopped bool
	full    bool
	over    int64 // records that were shortened
	cut     string
	dead    []meta.SIEMDeadLetter
}

func (f *filling) take(e *event.Event) bool {
	seq := e.GetInt(event.ColSeq)
	if seq > f.stop {
		f.stopped = true
		return false
	}
	if f.b.BatchHeader.Records >= f.p.max || len(f.b.Records) >= wire.MaxPullBytes {
		f.full = true
		return false
	}
	f.add(e, seq)
	return true
}

// add encodes an event. One that cannot be is a dead letter.
func (f *filling) add(e *event.Event, seq int64) {
	line, cut, err := f.r.encoder.Append(f.r.line[:0], e)
	uid := format.UID(e)
	if err != nil {
		f.dead = append(f.dead, meta.SIEMDeadLetter{Destination: f.p.config.Name, Store: f.b.Store, Seq: seq, UID: uid, Reason: short(err.Error(), maxText)})
		return
	}
	f.r.line = line
	if cut > 0 {
		f.over++
		f.cut = uid
	}
	f.b.Records = wire.AppendRecord(f.b.Records, &wire.Record{Seq: seq, Time: e.GetInt(event.ColTime), UID: uid, Line: line})
	f.b.BatchHeader.Records++
}

// readUpTo notes how far was read: so far the session may acknowledge, and where nothing matched is not looked at again.
func (p *pull) readUpTo(ctx context.Context, store string, f *filling) error {
	if p.looks() {
		return nil
	}
	if cap(f.r.line) > 1<<20 {
		f.r.line = nil
	}
	if err := p.s.putDead(ctx, p.a, p.d, f.dead); err != nil {
		return err
	}
	now := time.Now()
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.from[store] = f.b.Next
	if f.b.BatchHeader.Records == 0 {
		if at := p.d.at(store); p.etag == p.a.etag && f.b.Next > at.clear && p.begins(store) <= max(at.seq, at.clear) {
			at.clear = f.b.Next
		}
	} else {
		p.d.pulled[store] = max(p.d.pulled[store], f.b.Next)
	}
	if f.over > 0 {
		p.d.given.Oversize += f.over
		p.s.raise(p.a, noteKey{p.config.Name, wire.RecordOversize},
			fmt.Sprintf("%d records were longer than %d bytes and were shortened; the last is %s.", p.d.given.Oversize, p.config.MaxBytes, f.cut), f.over, now)
	}
	return nil
}

// begins is where the agent said that it is in a store.
func (p *pull) begins(store string) int64 {
	if after, ok := p.req.After[store]; ok {
		return after
	}
	return p.acked[store]
}
