package forward

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/forward/wire"
	"kiroku/internal/meta"
)

// List returns the agents in the order of their creation, those that are deleted left out.
func (s *Service) List(ctx context.Context) []wire.AgentStatus {
	s.mu.Lock()
	var ids []string
	for id, a := range s.agents {
		if a.row.Status != meta.SIEMDeleted {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(x, y string) int {
		return cmp.Or(s.agents[x].row.Created.Compare(s.agents[y].row.Created), cmp.Compare(x, y))
	})
	s.mu.Unlock()
	all := make([]wire.AgentStatus, 0, len(ids))
	for _, id := range ids {
		if st, err := s.Get(ctx, id); err == nil { // else deleted meanwhile
			all = append(all, st)
		}
	}
	return all
}

// Get returns one agent.
func (s *Service) Get(ctx context.Context, id string) (wire.AgentStatus, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.live(id)
	if err != nil {
		return wire.AgentStatus{}, err
	}
	now := time.Now()
	s.ends(ctx, a, now)
	s.lags(ctx, a)
	r, sp := &a.row, &a.spec
	st := wire.AgentStatus{ID: r.ID, Name: r.Name, Kind: wire.Kind(r.Kind), State: a.state(now, &s.opt.After), Delivery: wire.DeliveryOK, Paused: r.Status == meta.SIEMPaused, Types: sp.Types,
		Filter: sp.Filter, Stores: append([]string{}, sp.Stores...), Start: sp.Start, Created: r.Created.UTC(), CreatedBy: r.Creator, Updated: r.Updated.UTC(), LastContact: r.Contact.UTC(), Host: r.Host,
		Version: r.Version, Cursor: wire.Positions{}, Destinations: []wire.DestinationStatus{}, Notifications: a.open(), Tokens: []wire.TokenStatus{}, DeadLetters: a.dead}
	if r.Contact.IsZero() {
		st.LastContact = time.Time{}
	}
	for _, t := range a.tokens {
		st.Tokens = append(st.Tokens, tokenStatus(t, now))
	}
	for d := range destinationsOf(a) {
		ds := s.destinationStatus(a, d, now)
		st.Destinations = append(st.Destinations, ds)
		st.SpooledRecords, st.SpooledBytes = st.SpooledRecords+ds.SpooledRecords, st.SpooledBytes+ds.SpooledBytes
		st.LagRecords, st.LagSeconds = max(st.LagRecords, ds.LagRecords), max(st.LagSeconds, ds.LagSeconds)
		if rank(ds.Delivery) > rank(st.Delivery) {
			st.Delivery = ds.Delivery
		}
		for store, seq := range ds.Cursor {
			if at, ok := st.Cursor[store]; !ok || seq < at {
				st.Cursor[store] = seq
			}
		}
	}
	if st.Kind == wire.Recovery {
		st.Recovery = &wire.RecoveryStatus{Like: r.Parent, From: sp.From, To: sp.To, By: sp.By, Missing: sp.Missing, Ended: r.Ended}
		if r.Summary != "" {
			st.Recovery.Receipt = &wire.Summary{}
			if err := json.Unmarshal([]byte(r.Summary), st.Recovery.Receipt); err != nil {
				return st, err
			}
		}
	}
	return st, nil
}

func rank(d wire.Delivery) int {
	return slices.Index([]wire.Delivery{wire.DeliveryOK, wire.DeliveryBacklog, wire.DeliveryPaused, wire.DeliveryBlocked}, d)
}

func tokenStatus(t *meta.SIEMToken, now time.Time) wire.TokenStatus {
	st := wire.TokenStatus{State: "valid", Created: t.Created.UTC(), Expires: t.Expires, Revoked: t.Revoked, Used: t.Used}
	switch {
	case !t.Revoked.IsZero():
		st.State = "revoked"
	case !t.Expires.IsZero() && !now.Before(t.Expires):
		st.State = "expired"
	case !t.Expires.IsZero():
		st.State = "expiring"
	}
	return st
}

// destinationStatus is how a destination does. The caller holds mu.
func (s *Service) destinationStatus(a *agent, d *destination, now time.Time) wire.DestinationStatus {
	g := &d.given
	st := wire.DestinationStatus{Name: d.config.Name, Config: d.config, Cursor: wire.Positions{}, Confirmed: g.Confirmed, Dead: g.Dead, Oversize: g.Oversize,
		First: wire.Receipt{UID: g.FirstUID, Time: g.FirstTime}, Last: wire.Receipt{UID: g.LastUID, Time: g.LastTime}, LastAck: g.Acked, Metrics: d.metrics,
		SpooledRecords: g.SpoolRecords, SpooledBytes: g.SpoolBytes}
	if g.SpoolRecords > 0 && a.row.Status != meta.SIEMCompleted {
		st.LagSeconds = max(0, int64(now.Sub(g.SpoolSince)/time.Second))
	}
	for _, store := range s.storesOf(a) {
		at := d.at(store)
		st.Cursor[store] = at.seq
		last, err := s.lastOf(a, store)
		if err != nil || a.row.Status == meta.SIEMCompleted {
			continue
		}
		st.LagRecords += max(0, last-max(at.seq, at.clear))
		if in := d.oldest[store]; last > max(at.seq, at.clear) && !in.at.IsZero() && in.after == max(at.seq, at.clear) {
			st.LagSeconds = max(st.LagSeconds, int64(now.Sub(in.at)/time.Second))
		}
	}
	st.Delivery, st.Error = a.delivery(d, st.LagSeconds, &s.opt.After)
	return st
}

// delivery is how a destination does, and why it is blocked.
func (a *agent) delivery(d *destination, lag int64, after *wire.Thresholds) (wire.Delivery, string) {
	blocked, why := d.metrics.Blocked, d.metrics.Error
	for _, code := range append(wire.DeliveryErrors(), wire.ConfigRejected) {
		if n := a.notes[noteKey{d.config.Name, code}]; n != nil {
			blocked, why = true, n.row.Text
		}
	}
	switch {
	case a.row.Status == meta.SIEMCompleted:
		return wire.DeliveryOK, ""
	case a.row.Status == meta.SIEMPaused:
		return wire.DeliveryPaused, ""
	case blocked:
		return wire.DeliveryBlocked, why
	case lag > int64(after.Backlog/time.Second):
		return wire.DeliveryBacklog, ""
	}
	return wire.DeliveryOK, ""
}

// question is what has to be known to say how far a destination is behind in a store.
type question struct {
	d     *destination
	store string
	at    position
	after int64     // behind which the next event stands
	in    time.Time // when that was taken in
}

// lags finds out when the first event behind each position was taken in, where that is not known yet. Of an agent that has
// never run it is the first event that matches: nobody has passed over the others yet. The caller holds mu, which is let go
// meanwhile.
func (s *Service) lags(ctx context.Context, a *agent) {
	var open []question
	for _, d := range a.destinations {
		for _, store := range s.storesOf(a) {
			at := d.at(store)
			after := max(at.seq, at.clear)
			last, err := s.lastOf(a, store)
			if err == nil && last > after && (d.oldest[store].at.IsZero() || d.oldest[store].after != after) {
				open = append(open, question{d: d, store: store, at: *at, after: after})
			}
		}
	}
	if len(open) == 0 {
		return
	}
	sp, etag, ran := a.spec, a.etag, !a.row.Contact.IsZero()
	s.mu.Unlock()
	for i := range open {
		q := &open[i]
		if !ran {
			q.after = s.passed(ctx, &sp, q)
		}
		q.in, _ = s.opt.Events.Ingested(ctx, q.store, q.after) // unknown: no lag is shown
	}
	s.mu.Lock()
	if a.etag != etag {
		return
	}
	for i := range open {
		q := &open[i]
		if at := q.d.at(q.store); q.after > max(at.seq, at.clear) {
			at.clear = q.after
		}
		q.d.oldest[q.store] = ingested{q.after, q.in}
	}
}

// passed is the position behind which the next event stands that matches, as far as that is found at once.
func (s *Service) passed(ctx context.Context, sp *Spec, q *question) int64 {
	req := sp.request(q.store)
	begins := q.after < q.at.until && !sp.Start.IsZero() && req.From.IsZero()
	if begins {
		req.From, req.By = sp.Start, event.ColTime
	}
	f, err := s.opt.Events.Follower(req)
	if err != nil {
		return q.after
	}
	progress, err := f.Next(ctx, q.after, func(*event.Event) bool { return false })
	if err != nil || progress.Gone > 0 { // a Pull is to tell of those that are gone
		return q.after
	}
	if begins {
		return min(progress.Next, q.at.until)
	}
	return progress.Next
}

// endsEvery is how often the last event that matches is looked for, at most.
const endsEvery = time.Minute

// lastOf is the number of the last event of a store that an agent has to look at. The caller holds mu.
func (s *Service) lastOf(a *agent, store string) (int64, error) {
	_, last, err := s.opt.Events.Head(store)
	if e, ok := a.ends[store]; ok && a.bounded() {
		last = min(last, e.seq)
	}
	return last, err
}

// bounded says whether an agent does not look at everything up to the end: a recovery, and one that has never run, which is to
// be told what is there for it.
func (a *agent) bounded() bool { return !a.spec.To.IsZero() || a.row.Contact.IsZero() }

// ends finds the last event that matches in each store, so that what lies behind it is not said to be left. The caller holds mu,
// which is let go meanwhile.
func (s *Service) ends(ctx context.Context, a *agent, now time.Time) {
	if !a.bounded() || a.row.Status != meta.SIEMActive {
		return
	}
	sp, etag, found, open := a.spec, a.etag, map[string]end{}, []string{}
	for _, store := range s.storesOf(a) {
		e, known := a.ends[store]
		if _, last, err := s.opt.Events.Head(store); err == nil && (!known || last != e.head && now.Sub(e.at) >= endsEvery) {
			open = append(open, store)
		}
	}
	if len(open) == 0 {
		return
	}
	s.mu.Unlock()
	for _, store := range open {
		if e, err := s.endOf(ctx, &sp, store); err == nil { // unknown: the whole store
			e.at = now
			found[store] = e
		}
	}
	s.mu.Lock()
	if a.etag != etag {
		return
	}
	if a.ends == nil {
		a.ends = map[string]end{}
	}
	maps.Copy(a.ends, found)
}

func (s *Service) endOf(ctx context.Context, sp *Spec, store string) (e end, err error) {
	if _, e.head, err = s.opt.Events.Head(store); err != nil {
		return e, err
	}
	f, err := s.opt.Events.Follower(sp.request(store))
	if err != nil {
		return e, err
	}
	after, err := f.Back(ctx, e.head, 1)
	if err != nil {
		return e, err
	}
	e.seq = after // nothing matches behind it, unless it is the next event
	_, err = f.Next(ctx, after, func(ev *event.Event) bool {
		first := e.seq == after
		if first {
			e.seq = ev.GetInt(event.ColSeq)
		}
		return first
	})
	return e, err
}

// Troubles are the agents that are not well, one line each, for the status of the service.
func (s *Service) Troubles(ctx context.Context) (all int, troubles []wire.AgentStatus) {
	list := s.List(ctx)
	for _, st := range list {
		well := st.State == wire.Connected || st.State == wire.Created || st.State == wire.StateCompleted
		if !well || st.Delivery == wire.DeliveryBlocked || st.Delivery == wire.DeliveryBacklog || slices.ContainsFunc(st.Notifications, pressing) {
			troubles = append(troubles, st)
		}
	}
	return len(list), troubles
}

// pressing leaves out what is told and needs nobody.
func pressing(n wire.Notification) bool {
	return n.Code != wire.UnconfirmedTransport && n.Code != wire.RecordOversize
}
