package deliver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// halfClose is a session of ConfirmHalfClose. A checkpoint is: our side is closed; the receiver reads to the end and closes
// its own, so it has taken everything; a new connection succeeds at once, so it lives. That connection carries the next
// records.
//
//	connect ─▶ records ─▶ close our side ─▶ the receiver's end ─▶ connect again ─▶ confirmed
func (d *Deliverer) halfClose(ctx context.Context) error {
	if err := d.waitForMore(ctx); err != nil {
		return err
	}
	c, err := d.open(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { c.Close() }()
	w := &writer{d: d}
	for {
		upTo, n, err := d.fillBatch(ctx, w, c)
		if err == nil {
			err = d.prove(ctx, c, w, n)
		}
		if err == nil {
			err = c.finish(ctx)
			if err != nil {
				err = fmt.Errorf("send to %s: %w", c.target, err)
			}
		}
		if n == 0 && errors.Is(err, errIdleClosed) {
			return d.stillThere(ctx, c.target) // nothing was outstanding
		}
		if err != nil {
			d.shrink(n, err)
			return err
		}
		next, err := d.again(ctx, c.target)
		if err != nil {
			return fmt.Errorf("%w: %w", errGoneBehind, err)
		}
		d.trust(c.target)
		c.Close()
		c = next
		d.arrived(upTo)
		d.grow(n)
	}
}

// errGoneBehind says that a receiver took what was sent, and is not there any more.
var errGoneBehind = errors.New("the receiver closed and cannot be reached again")

// again connects to the same target: that is the proof that the receiver lives. From a failover we look now and then whether
// the first target is back; the receiver that is left was asked before.
func (d *Deliverer) again(ctx context.Context, t target) (*conn, error) {
	next, err := d.openTo(ctx, t, nil)
	if err != nil || t == d.targets[0] || time.Since(d.away) < d.o.away {
		return next, err
	}
	d.away = time.Now()
	if home, err := d.openStranger(ctx, d.targets[0]); err == nil {
		next.Close()
		return home, nil
	}
	return next, nil
}

// stillThere is nil when a receiver that closed a connection without need takes another one. When it does not, it ended, and
// may not have stored what it had read.
func (d *Deliverer) stillThere(ctx context.Context, t target) error {
	c, err := d.dial(ctx, t)
	if err != nil {
		return fmt.Errorf("%w: %w", errGoneBehind, err)
	}
	return c.Close()
}

// revive finds out whether a receiver is there again, when there is nothing to be sent that would find it out.
func (d *Deliverer) revive(ctx context.Context) error {
	more, _, _ := d.q.state()
	if more || d.blocked.Load() == nil || !d.targets[0].transport.connected() {
		return nil
	}
	var errs []error
	for _, t := range d.targets {
		c, err := d.dial(ctx, t)
		if err == nil {
			d.blocked.Store(nil)
			return c.Close()
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// waitForMore waits until there is something to be sent.
func (d *Deliverer) waitForMore(ctx context.Context) error {
	for {
		more, _, changed := d.q.state()
		if more {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// fillBatch writes records until a checkpoint is due, and returns the index behind the last and how many they were.
func (d *Deliverer) fillBatch(ctx context.Context, w *writer, c *conn) (upTo int64, n int, err error) {
	defer context.AfterFunc(ctx, func() { _ = c.raw.SetDeadline(time.Unix(1, 0)) })()
	due := time.NewTimer(batchTime)
	defer due.Stop()
	last := time.Now()
	first := last
	for n < d.batch {
		more, flush, changed := d.q.state()
		if more {
			if n > 0 && time.Since(first) >= batchTime {
				break
			}
			sent, to, err := w.write(ctx, c, d.batch-n)
			if err != nil {
				return upTo, n + 1, err
			}
			last = time.Now()
			if n == 0 {
				first = last
				due.Reset(batchTime)
			}
			n, upTo = n+sent, to
			continue
		}
		if n > 0 && flush {
			return upTo, n, nil
		}
		quiet := time.NewTimer(max(0, d.idle-time.Since(last)))
		idle := quiet.C
		if n == 0 {
			idle = nil
		}
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case <-changed:
			quiet.Stop()
			continue
		case <-c.ended:
			err = d.endedOpen(c, n, last)
		case <-due.C:
			if n == 0 {
				continue
			}
		case <-idle:
		}
		quiet.Stop()
		return upTo, n, err
	}
	return upTo, n, nil
}

// endedOpen judges the end of a connection before our half-close, n records and the last of them at last.
func (d *Deliverer) endedOpen(c *conn, n int, last time.Time) error {
	quiet := c.at.Sub(last)
	if !errors.Is(c.end, io.EOF) {
		return fmt.Errorf("connection to %s: %w", c.target, c.early())
	}
	if n == 0 {
		return errIdleClosed
	}
	if !d.trusts(c.target) && (quiet < d.haste() || d.foreign != nil) {
		d.idle, d.closes = batchIdle, 0 // it is none that only closes what is idle
		return fmt.Errorf("connection to %s: %w: %w", c.target, errShut, io.EOF)
	}
	if quiet >= 5*time.Millisecond && c.settled() == nil {
		// It had read everything, or it would have reset the connection.
		d.idle = max(time.Millisecond, min(d.idle, quiet/2))
		d.closes++
		return fmt.Errorf("connection to %s: %w after %v", c.target, errIdleClosed, quiet.Round(time.Millisecond))
	}
	return fmt.Errorf("connection to %s: %w", c.target, c.early())
}

// shrink makes batches smaller after a failure: the receiver may take only so many for each connection, or take long.
func (d *Deliverer) shrink(n int, err error) {
	if n == 0 || errors.Is(err, errIdleClosed) || errors.Is(err, errForeign) || errors.Is(err, context.Canceled) {
		return
	}
	d.batch, d.good = max(1, d.batch/2), 0
}

// growAfter checkpoints a batch becomes larger, by a tenth.
const growAfter = 50

func (d *Deliverer) grow(n int) {
	if d.batch >= d.most || n < d.batch {
		return
	}
	if d.good++; d.good >= growAfter {
		d.batch, d.good = min(d.most, d.batch+d.batch/10+1), 0
	}
}
