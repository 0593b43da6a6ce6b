package lake

import (
	"context"
	"errors"
	"sync"
)

// ErrClosed is what writers get once the lake has stopped.
var ErrClosed = errors.New("lake is closed")

// gate holds writers back while nothing can be stored.
type gate struct {
	mu     sync.Mutex
	open   chan struct{} // closed while writers may pass
	why    error
	closed error
}

func (g *gate) init() {
	g.open = make(chan struct{})
	close(g.open)
}

// block lets nobody pass until unblock.
func (g *gate) block(why error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.why == nil {
		g.open = make(chan struct{})
	}
	g.why = why
}

func (g *gate) unblock() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.why != nil && g.closed == nil {
		close(g.open)
		g.why = nil
	}
}

// close turns everybody away for good.
func (g *gate) close(why error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed != nil {
		return
	}
	g.closed = why
	if g.why != nil {
		close(g.open)
	}
	g.why = why
}

func (g *gate) err() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.why
}

// pass waits until the gate is open.
func (g *gate) pass(ctx context.Context) error {
	for {
		g.mu.Lock()
		open, closed := g.open, g.closed
		g.mu.Unlock()
		if closed != nil {
			return closed
		}
		select {
		case <-open:
			g.mu.Lock()
			ok := g.why == nil
			closed = g.closed
			g.mu.Unlock()
			if closed != nil {
				return closed
			}
			if ok {
				return nil
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
