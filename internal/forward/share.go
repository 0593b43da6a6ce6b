package forward

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"
)

const (
	// loadTime is over which the load of an agent is measured: what was longer ago hardly counts.
	loadTime = 2 * time.Second
	// leastShare is what recoveries have of the time beside an agent that is always at work.
	leastShare = 0.05
	// shortLook bounds one piece of work of a recovery, and longestPause the pause behind one that took longer all the same.
	shortLook    = 200 * time.Millisecond
	longestPause = 10 * time.Second
	// turnTime is how long a recovery waits for the others of its agent before it is told that there is nothing yet. With the
	// pause it is less than agents wait for answers.
	turnTime = 8 * time.Second
)

var errTurn = errors.New("other recoveries of the agent are at work")

// share divides the time between an agent and its recoveries: these have, together, at most half of what it leaves free, but
// leastShare at least. Time counts in which somebody reads and encodes for them, not in which something is waited for.
type share struct {
	turn  chan struct{} // of one recovery at a time
	pause time.Time     // until then none works; guarded by turn

	mu      sync.Mutex
	working int       // looks for the agent under way
	load    float64   // share of the last time in which the agent was at work, the newest counting most
	at      time.Time // of load
}

func newShare() *share { return &share{turn: make(chan struct{}, 1)} }

// count brings load up to date. The caller holds mu.
func (h *share) count() {
	now, busy := time.Now(), 0.0
	if h.working > 0 {
		busy = 1
	}
	h.load = busy + (h.load-busy)*math.Exp(-float64(now.Sub(h.at))/float64(loadTime))
	h.at = now
}

// work notes that the agent is at work until done is called.
func (h *share) work() (done func()) {
	note := func(n int) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.count()
		h.working += n
	}
	note(1)
	return func() { note(-1) }
}

// free is the share of the time that recoveries may have.
func (h *share) free() float64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.count()
	return max(leastShare, (1-h.load)/2)
}

// recover waits until recoveries may work, or fails with errTurn. done says for how long one has.
func (h *share) recover(ctx context.Context) (done func(worked time.Duration), err error) {
	over := time.NewTimer(turnTime)
	defer over.Stop()
	select {
	case h.turn <- struct{}{}:
	case <-over.C:
		return nil, errTurn
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	rested := time.NewTimer(time.Until(h.pause))
	defer rested.Stop()
	select {
	case <-rested.C:
	case <-ctx.Done():
		<-h.turn
		return nil, ctx.Err()
	}
	return func(worked time.Duration) {
		rest := time.Duration(float64(worked) * (1/h.free() - 1))
		h.pause = time.Now().Add(min(rest, longestPause))
		<-h.turn
	}, nil
}

// begin waits until a pull may read and encode. The caller calls end behind that.
func (p *pull) begin(ctx context.Context) (end func(), err error) {
	if !p.recovers() {
		if err := enter(ctx, p.s.work); err != nil {
			return nil, err
		}
		done := p.share.work()
		return func() { done(); <-p.s.work }, nil
	}
	done, err := p.share.recover(ctx)
	if err != nil {
		return nil, err
	}
	if err := enter(ctx, p.s.slow); err != nil {
		done(0)
		return nil, err
	}
	if err := enter(ctx, p.s.work); err != nil {
		<-p.s.slow
		done(0)
		return nil, err
	}
	began := time.Now()
	return func() {
		<-p.s.work
		<-p.s.slow
		done(time.Since(began))
	}, nil
}

// recovers says that the pull is that of a recovery.
func (p *pull) recovers() bool { return !p.spec.To.IsZero() }

// longest is how long one store is looked at.
func (p *pull) longest() time.Duration {
	if p.recovers() {
		return shortLook
	}
	return longLook
}

// enter waits for a place.
func enter(ctx context.Context, places chan<- struct{}) error {
	select {
	case places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// shareOf is what an agent and its recoveries share. The caller holds mu.
func (s *Service) shareOf(a *agent) *share {
	if main := s.agents[a.row.Parent]; main != nil {
		return main.share
	}
	return a.share
}
