package forward

import (
	"context"
	"database/sql"
	"sync"
	"time"

	"kiroku/internal/meta"
)

// commitPause is the least time between two transactions, so that many destinations that confirm often share one. Who
// confirms a whole batch does not wait: its agent sends nothing before the answer.
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
	hurry   chan struct{} // closed when a change does not wait for others
	hurries bool          // it is closed
	done    chan struct{}
	err     error
}

// do returns when a change is durable. An error of one change is that of all in its transaction: none of them is made.
func (c *commits) do(ctx context.Context, change func(ctx context.Context, tx *sql.Tx) error) error {
	return c.join(ctx, false, change)
}

// urgent is do without waiting for others.
func (c *commits) urgent(ctx context.Context, change func(ctx context.Context, tx *sql.Tx) error) error {
	return c.join(ctx, true, change)
}

func (c *commits) join(ctx context.Context, urgent bool, change func(ctx context.Context, tx *sql.Tx) error) error {
	c.mu.Lock()
	b := c.next
	leads := b == nil
	if leads {
		b = &commit{hurry: make(chan struct{}), done: make(chan struct{})}
		c.next = b
	}
	b.changes = append(b.changes, change)
	if urgent && !b.hurries {
		b.hurries = true
		close(b.hurry)
	}
	c.mu.Unlock()
	if !leads {
		<-b.done
		return b.err
	}
	c.running.Lock()
	defer c.running.Unlock()
	if wait := c.pause - time.Since(c.last); wait > 0 && !c.last.IsZero() {
		late := time.NewTimer(wait)
		select {
		case <-late.C:
		case <-b.hurry:
		}
		late.Stop()
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
