package agent

import (
	"context"
	"maps"
	"time"

	"kiroku/internal/forward/wire"
)

// How many bytes behind the last confirmation a restart of the receiver may have lost, by the way of confirming.
const (
	lostHalfClose = 256 << 10
	lostWindow    = 4 << 20
)

// idleWait is between two answers that bring nothing and came at once, against a server that does not wait.
const idleWait = time.Second

// puller asks for a destination's records, one batch ahead of what is being sent.
type puller struct {
	line  *line
	after wire.Positions
	ready []batch // pulled together with the records of seed
	fail  context.CancelCauseFunc
}

// batch is an answer of Pull.
type batch struct {
	wire.BatchHeader
	records []wire.Record
}

// seed gives the sender what it may have to send again if the receiver has been restarted: records before the position.
func (p *puller) seed(ctx context.Context, sender Sender) {
	replay := lost(&p.line.dest)
	if replay == 0 {
		return
	}
	var seeds []wire.Record
	seen := map[string]bool{}
	for range 16 { // a few stores, a few batches of each
		b, ok := p.ask(ctx, wire.Pull{Replay: replay})
		if !ok {
			break
		}
		n := 0
		for n < len(b.records) && b.records[n].Seq <= b.Acked {
			n++
		}
		seeds, b.records = append(seeds, b.records[:n]...), b.records[n:]
		if len(b.records) > 0 || b.Next > b.Acked || b.Done {
			p.ready = append(p.ready, b)
		}
		if b.Done || seen[b.Store] && (n == 0 || len(b.records) > 0) {
			break
		}
		seen[b.Store] = true
	}
	sender.Seed(seeds)
}

// lost is how many bytes a receiver may have lost that were confirmed.
func lost(d *wire.Destination) int {
	normal, err := wire.Normal(*d)
	if err != nil {
		return 0 // the sender says what is wrong
	}
	switch normal.Confirm {
	case wire.ConfirmHalfClose:
		return lostHalfClose
	case wire.ConfirmWindow:
		return lostWindow
	}
	return 0
}

// run gives batches to out until ctx ends or there are no more, and closes it.
func (p *puller) run(ctx context.Context, out chan<- batch) {
	defer close(out)
	for {
		b, ok := p.next(ctx)
		if !ok {
			return
		}
		select {
		case out <- b:
		case <-ctx.Done():
			return
		}
		if b.Done {
			return
		}
	}
}

// next waits for a batch that brings records, or at least a position.
func (p *puller) next(ctx context.Context) (batch, bool) {
	if len(p.ready) > 0 {
		b := p.ready[0]
		p.ready = p.ready[1:]
		return b, true
	}
	for {
		began := time.Now()
		before := maps.Clone(p.after)
		b, ok := p.ask(ctx, wire.Pull{WaitMS: int(wire.MaxWait / time.Millisecond)})
		if !ok || len(b.records) > 0 || b.Done || !maps.Equal(before, p.after) {
			return b, ok
		}
		if time.Since(began) < idleWait && !pause(ctx, idleWait) {
			return batch{}, false
		}
	}
}

// ask pulls until there is an answer. It is not ok when ctx ends, or the agent or the pass does.
func (p *puller) ask(ctx context.Context, pull wire.Pull) (b batch, ok bool) {
	a := p.line.agent
	pull.Destination, pull.After = p.line.dest.Name, p.after
	for tries := 0; ; tries++ {
		h, records, err := a.client.Pull(ctx, pull)
		if err == nil {
			a.heard(ctx, h.ETag, a.paused.Load())
			if h.Store != "" {
				p.after[h.Store] = h.Next
			}
			return batch{h, records}, true
		}
		if !a.outlive(ctx, err, tries, p.fail) {
			return batch{}, false
		}
	}
}

// pause waits; false: ctx has ended.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
