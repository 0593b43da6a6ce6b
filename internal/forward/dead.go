package forward

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/forward/wire"
	"kiroku/internal/meta"
)

// deadStore stands in a batch for the store: its records are dead letters that are sent again, and their sequence numbers those
// of the replay. No event data store can be called so.
const deadStore = "dead:letters"

// maxDead is how many dead letters of an agent are kept; what comes after is only counted and told.
const maxDead = 100_000

// deadAtOnce is how many dead letters one batch holds at most.
const deadAtOnce = 100

// putDead puts records of a destination on the list of dead letters.
func (s *Service) putDead(ctx context.Context, a *agent, d *destination, letters []meta.SIEMDeadLetter) error {
	if len(letters) == 0 {
		return nil
	}
	now := time.Now()
	var added int64
	s.mu.Lock()
	full := a.dead >= maxDead
	s.mu.Unlock()
	err := s.save.do(ctx, func(ctx context.Context, tx *sql.Tx) error {
		added = 0
		for i := range letters {
			if full && letters[i].Replay == 0 {
				continue
			}
			letters[i].Agent, letters[i].Time = a.row.ID, now
			isNew, err := meta.PutSIEMDeadLetter(ctx, tx, &letters[i])
			if err != nil {
				return err
			}
			if isNew {
				added++
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	last := letters[len(letters)-1]
	s.mu.Lock()
	d.given.Dead += added
	a.dead += added
	key := noteKey{d.config.Name, wire.RecordDeadLetter}
	isNew := a.notes[key] == nil
	text := fmt.Sprintf("Record %s can never be delivered: %s.", last.UID, last.Reason)
	if full {
		text += fmt.Sprintf(" The list is full with %d records: this one is not on it.", maxDead)
	}
	n := s.raise(a, key, text, int64(len(letters)), now)
	if isNew {
		s.alertNote(a, n, now)
	}
	s.mu.Unlock()
	return s.flush(ctx)
}

// Dead takes in a record that a destination will never take.
func (s *Service) Dead(ctx context.Context, token, session string, in *wire.Dead) error {
	s.mu.Lock()
	a, err := s.enter(token, session, time.Now())
	var d *destination
	if err == nil {
		if d = a.destinations[in.Destination]; d == nil {
			err = wrong("there is no destination %q", short(in.Destination, maxName))
		} else if in.Seq < 0 || in.Seq > max(d.at(in.Store).seq, d.pulled[in.Store]) {
			err = wrong("the record %d of %q was not pulled", in.Seq, short(in.Store, maxName))
		}
	}
	s.mu.Unlock()
	if err != nil {
		return s.after(ctx, err)
	}
	letter := meta.SIEMDeadLetter{Destination: in.Destination, Store: in.Store, Seq: in.Seq, UID: short(in.UID, 1000), Reason: short(in.Reason, maxText)}
	if in.Store == deadStore {
		again, err := meta.ListSIEMReplays(ctx, s.opt.DB.Read(), a.row.ID, in.Destination, in.Seq-1, 1)
		if err != nil {
			return err
		}
		if len(again) == 0 || again[0].Replay != in.Seq {
			return nil // deleted meanwhile
		}
		letter.Store, letter.Seq, letter.UID, letter.Replay = again[0].Store, again[0].Seq, again[0].UID, again[0].Replay
	}
	return s.putDead(ctx, a, d, []meta.SIEMDeadLetter{letter})
}

// deadAgain is a batch of dead letters that are sent again.
func (p *pull) deadAgain(ctx context.Context, r *reader, buf []byte) (Batch, error) {
	p.s.mu.Lock()
	waiting := p.d.replayed > p.from[deadStore]
	p.s.mu.Unlock()
	b := Batch{BatchHeader: wire.BatchHeader{Store: deadStore, ETag: p.etag}, Records: buf[:0]}
	if !waiting {
		return b, nil
	}
	letters, err := meta.ListSIEMReplays(ctx, p.s.opt.DB.Read(), p.a.row.ID, p.config.Name, p.from[deadStore], min(p.max, deadAtOnce))
	if err != nil {
		return b, err
	}
	fill := filling{p: p, r: r, b: &b}
	b.Next = p.from[deadStore]
	for _, l := range letters {
		found, err := p.event(ctx, &l, func(e *event.Event) { fill.add(e, l.Replay) })
		if err != nil {
			return b, err
		}
		if !found {
			l.Reason = "the event is no longer stored"
			fill.dead = append(fill.dead, l)
		}
		b.Next = l.Replay
	}
	for i := range fill.dead { // what cannot be encoded stays where it was, under its own number
		for _, l := range letters {
			if fill.dead[i].Store == deadStore && fill.dead[i].Seq == l.Replay {
				fill.dead[i].Store, fill.dead[i].Seq = l.Store, l.Seq
			}
		}
	}
	if err := p.s.putDead(ctx, p.a, p.d, fill.dead); err != nil {
		return b, err
	}
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.from[deadStore] = b.Next
	p.d.pulled[deadStore] = max(p.d.pulled[deadStore], b.Next)
	b.More = p.d.replayed > b.Next
	return b, nil
}

// event finds the event of a dead letter.
func (p *pull) event(ctx context.Context, l *meta.SIEMDeadLetter, use func(*event.Event)) (found bool, err error) {
	f, err := p.s.opt.Events.Follower(Request{Store: l.Store, Activities: true, Alerts: true, By: event.ColTime})
	if err == nil {
		_, err = f.Next(ctx, l.Seq-1, func(e *event.Event) bool {
			if found || e.GetInt(event.ColSeq) != l.Seq {
				return false
			}
			found = true
			use(e)
			return true
		})
	}
	if fault.KindOf(err) == fault.NotFound { // the store is gone
		return false, nil
	}
	return found, err
}

// DeadLetters returns up to limit dead letters of an agent behind the one with the ID after.
func (s *Service) DeadLetters(ctx context.Context, id string, after int64, limit int) ([]wire.DeadLetter, error) {
	s.mu.Lock()
	_, err := s.live(id)
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	rows, err := meta.ListSIEMDeadLetters(ctx, s.opt.DB.Read(), id, after, limit)
	all := make([]wire.DeadLetter, len(rows))
	for i, r := range rows {
		all[i] = wire.DeadLetter{ID: r.ID, Destination: r.Destination, Store: r.Store, Seq: r.Seq, UID: r.UID, Reason: r.Reason, Time: r.Time, Replaying: r.Replay != 0}
	}
	return all, err
}

// Replay has dead letters sent again, all when none is named, and says how many.
func (s *Service) Replay(ctx context.Context, id string, ids []int64) (n int64, err error) {
	s.saving.Lock() // the numbers rise
	defer s.saving.Unlock()
	s.mu.Lock()
	a, err := s.live(id)
	var above int64
	if err == nil {
		for _, d := range a.destinations {
			above = max(above, d.replayed, d.at(deadStore).seq)
		}
	}
	s.mu.Unlock()
	if err != nil {
		return 0, err
	}
	err = s.opt.DB.Write(ctx, func(tx *sql.Tx) (err error) {
		n, err = meta.ReplaySIEMDeadLetters(ctx, tx, id, ids, above)
		return err
	})
	if err != nil || n == 0 {
		return n, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range a.destinations {
		d.replayed = max(d.replayed, above+n)
	}
	close(a.changed) // the configuration is the same
	a.changed = make(chan struct{})
	return n, nil
}

// DeleteDead deletes a dead letter.
func (s *Service) DeleteDead(ctx context.Context, id string, letter int64) error {
	s.mu.Lock()
	_, err := s.live(id)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if err := s.opt.DB.Write(ctx, func(tx *sql.Tx) error { return meta.DeleteSIEMDeadLetter(ctx, tx, id, letter) }); err != nil {
		return err
	}
	return s.countDead(ctx, id)
}

// countDead counts the dead letters of an agent, and ends their notifications when none is left.
func (s *Service) countDead(ctx context.Context, id string) error {
	n, err := meta.CountSIEMDeadLetters(ctx, s.opt.DB.Read(), id)
	if err != nil {
		return err
	}
	s.mu.Lock()
	if a := s.agents[id]; a != nil {
		a.dead = n
		for name := range a.destinations {
			if n == 0 {
				s.clear(a, noteKey{name, wire.RecordDeadLetter}, time.Now())
			}
		}
	}
	s.mu.Unlock()
	return s.flush(ctx)
}
