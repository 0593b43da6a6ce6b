package forward

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/forward/format"
	"kiroku/internal/forward/wire"
	"kiroku/internal/meta"
)

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
	fill := filling{p: p, r: r, b: &b, shortened: p.shortened(store)}
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
		if !p.looks() && (progress.Gone > 0 || at < p.until[store] && p.dropping(store)) {
			if err := p.gap(ctx, store, at, after); err != nil {
				return b, false, err
			}
		}
		if more = progress.More || after < last; !more {
			break
		}
		if time.Since(began) > p.longest() || len(fill.dead) >= manyDead || after == at {
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
	dead    []meta.SIEMDeadLetter

	shortened int64 // the last record that was shortened; those up to here are counted
	over      int64 // records beyond it that were shortened
	cut       string
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
	if cut > 0 && seq > f.shortened {
		f.over++
		f.shortened, f.cut = seq, uid
	}
	f.b.Records = wire.AppendRecord(f.b.Records, &wire.Record{Seq: seq, Time: e.GetInt(event.ColTime), UID: uid, Line: line})
	f.b.BatchHeader.Records++
}

// tell keeps for the answer to a look what cannot be encoded.
func (f *filling) tell() {
	if n := len(f.dead); n > 0 {
		before := f.p.unfit[f.b.Store]
		f.p.unfit[f.b.Store] = unfit{before.count + n, f.dead[n-1].Reason}
	}
}

// readUpTo notes how far was read: so far the session may acknowledge, and where nothing matched is not looked at again.
func (p *pull) readUpTo(ctx context.Context, store string, f *filling) error {
	if p.looks() {
		f.tell()
		p.from[store] = f.b.Next
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
		p.d.shortened[store] = f.shortened
		p.d.given.Oversize += f.over
		p.s.raise(p.a, noteKey{p.config.Name, wire.RecordOversize},
			fmt.Sprintf("%s longer than %d bytes came shortened; the last is %s.", wire.Count(p.d.given.Oversize, "record"), p.config.MaxBytes, f.cut), f.over, now)
	}
	return nil
}

// shortened is the last record of a store that was counted as shortened: what is sent again is not counted again.
func (p *pull) shortened(store string) int64 {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.d.shortened[store]
}

// begins is where the agent said that it is in a store.
func (p *pull) begins(store string) int64 {
	if after, ok := p.req.After[store]; ok {
		return after
	}
	return p.acked[store]
}
