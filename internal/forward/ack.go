package forward

import (
	"context"
	"database/sql"
	"time"

	"kiroku/internal/forward/wire"
	"kiroku/internal/meta"
)

// Ack moves positions forward, never further than this session has pulled, and is durable when it returns.
func (s *Service) Ack(ctx context.Context, token, session string, req *wire.Ack) (wire.AckAnswer, error) {
	now := time.Now()
	s.mu.Lock()
	a, err := s.enter(token, session, now)
	var d *destination
	if err == nil {
		d, err = a.acknowledged(req, now)
	}
	if err != nil {
		s.mu.Unlock()
		return wire.AckAnswer{}, s.after(ctx, err)
	}
	if req.Records > 0 {
		s.delivered(a, req.Destination, now)
	}
	id := a.row.ID
	s.mu.Unlock()

	save := s.save.do
	if req.Records >= wire.AckRecords {
		save = s.save.urgent
	}
	err = save(ctx, func(ctx context.Context, tx *sql.Tx) error {
		s.mu.Lock()
		given, dropped := d.given, d.dropped
		s.mu.Unlock()
		if dropped {
			return nil
		}
		for store, seq := range req.Positions {
			if err := meta.PutSIEMPosition(ctx, tx, &meta.SIEMPosition{Agent: id, Destination: req.Destination, Store: store, Seq: seq}); err != nil {
				return err
			}
			if store == deadStore {
				if err := meta.EndSIEMReplays(ctx, tx, id, req.Destination, seq); err != nil {
					return err
				}
			}
		}
		return meta.PutSIEMDelivery(ctx, tx, &given)
	})
	if err != nil {
		return wire.AckAnswer{}, err
	}
	s.mu.Lock()
	for store, seq := range req.Positions {
		at := d.at(store)
		at.seq = max(at.seq, seq)
	}
	answer := a.answer(now)
	s.mu.Unlock()
	if _, again := req.Positions[deadStore]; again {
		if err := s.countDead(ctx, id); err != nil {
			return wire.AckAnswer{}, err
		}
	}
	return answer, s.flush(ctx)
}

// acknowledged checks an Ack and counts what it confirms.
func (a *agent) acknowledged(req *wire.Ack, now time.Time) (*destination, error) {
	d := a.destinations[req.Destination]
	if d == nil {
		return nil, wrong("there is no destination %q", short(req.Destination, maxName))
	}
	if req.Records < 0 || req.Skipped < 0 {
		return nil, wrong("a negative number of records")
	}
	for store, seq := range req.Positions {
		at := d.pos[store]
		if at == nil {
			return nil, wrong("there is no position in %q", short(store, maxName))
		}
		if most := max(at.seq, d.pulled[store]); seq > most || seq < 0 {
			return nil, wrong("the position %d in %q is beyond %d, which is all that was pulled", seq, store, most)
		}
	}
	g := &d.given
	g.Confirmed += req.Records
	g.Skipped += req.Skipped
	if req.Spool != nil {
		g.SpoolNext = max(0, req.Spool.Next)
	}
	d.spooled(req.Spool, now)
	m := &d.metrics // what the agent reports comes later
	m.Confirmed += req.Records
	m.Skipped += req.Skipped
	m.Pulled = max(m.Pulled, m.Confirmed+m.Skipped)
	if req.Records > 0 {
		g.Acked = now
		if g.FirstTime.IsZero() && g.FirstUID == "" {
			g.FirstUID, g.FirstTime = short(req.First.UID, 1000), req.First.Time
		}
		g.LastUID, g.LastTime = short(req.Last.UID, 1000), req.Last.Time
	}
	return d, nil
}

// spooled notes what an agent has in its spool; nil: it has none, and what another process had there is there still.
func (d *destination) spooled(s *wire.Spool, now time.Time) {
	if s == nil || s.Next < d.given.SpoolNext { // it was replaced: that is told, and then acknowledged
		return
	}
	g := &d.given
	g.SpoolRecords, g.SpoolBytes, g.SpoolSince = max(0, s.Records), max(0, s.Bytes), time.Time{}
	if g.SpoolRecords > 0 {
		g.SpoolSince = now.Add(-time.Duration(min(max(0, s.OldestMS), maxAge.Milliseconds())) * time.Millisecond).Truncate(time.Millisecond)
	}
}

// maxAge bounds what an agent says about ages.
const maxAge = 100 * 365 * 24 * time.Hour
