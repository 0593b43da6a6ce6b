package forward

import (
	"context"
	"database/sql"
	"sync"
	"time"

	"kiroku/internal/meta"
)

// commitPause is the least time between two transactions, so that many destinations that confirm often share one.
const commitPause = 20 * time.Millisecond

// commits puts changes that come at the same time into one transaction.
type commits struct {
	db    *meta.DB
	pause time.Duration // the least time between two transactions

	mu   sync.Mutex
	next *commit // takes changes
	last time.Time

	running sync.Mutex
}

type commit struct {
	changes []func(ctx context.Context, tx *sql.Tx) error
	done    chan struct{}
	err     error
}

// do returns when a change is durable. An error of one change is that of all in its transaction: none of them is made.
func (c *commits) do(ctx context.Context, change func(ctx context.Context, tx *sql.Tx) error) error {
	c.mu.Lock()
	b := c.next
	leads := b == nil
	if leads {
		b = &commit{done: make(chan struct{})}
		c.next = b
	}
	b.changes = append(b.changes, change)
	c.mu.Unlock()
	if !leads {
		<-b.done
		return b.err
	}
	c.running.Lock()
	defer c.running.Unlock()
	if wait := c.pause - time.Since(c.last); wait > 0 && !c.last.IsZero() {
		time.Sleep(wait)
	}
	c.mu.Lock()
	c.next = nil
	c.mu.Unlock()
	ctx = context.WithoutCancel(ctx) // others wait for it, too
	b.err = c.db.Write(ctx, func(tx *sql.Tx) error {
		for _, f := range b.changes {
			if err := f(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
	c.last = time.Now()
	close(b.done)
	return b.err
}
