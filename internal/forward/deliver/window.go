package deliver

import (
	"context"
	"fmt"
	"time"
)

// quietTime on an open connection with everything acknowledged by the receiver's kernel confirms what was sent.
const quietTime = 60 * time.Second

const (
	maxWindow = 4 * replayWindow      // what we take for the receiver's window at most
	lookSoon  = 10 * time.Millisecond // while the receiver's kernel has not acknowledged everything
)

// mark says that the first bytes bytes of a connection hold all records before upTo.
type mark struct {
	bytes int64
	upTo  int64
}

// windowed is a session of ConfirmWindow. The receiver's kernel acknowledges bytes that the receiver has not read yet; what
// lies the whole window behind them it must have read, as its kernel cannot hold more.
func (d *Deliverer) windowed(ctx context.Context) error {
	if err := d.waitForMore(ctx); err != nil {
		return err
	}
	c, err := d.open(ctx, nil)
	if err != nil {
		return err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { _ = c.raw.SetDeadline(time.Unix(1, 0)) })()
	s := &windowSession{d: d, c: c, w: writer{d: d}, last: time.Now()}
	tick := time.NewTimer(time.Second)
	defer tick.Stop()
	for {
		more, flush, changed := d.q.state()
		if more {
			if err := s.write(ctx); err != nil {
				return err
			}
			continue
		}
		tick.Reset(s.confirm())
		if flush && len(s.marks) > 0 {
			// The receiver's own end confirms everything, if it reads to ours.
			err := s.strange(ctx)
			if err == nil {
				err = d.prove(ctx, c, &s.w, len(s.marks))
			}
			if err == nil {
				err = c.finish(ctx)
			}
			if err != nil {
				return fmt.Errorf("send to %s: %w", c.target, err)
			}
			d.trust(c.target)
			d.arrived(s.marks[len(s.marks)-1].upTo)
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		case <-tick.C:
		case <-c.ended:
			return s.ended(ctx)
		}
	}
}

// strange has a stranger answer an empty connection behind ours: then it knows of ours, and we know how quick it is.
func (s *windowSession) strange(ctx context.Context) error {
	t := s.c.target
	if t.tls || s.d.trusts(t) {
		return nil
	}
	raw, err := s.d.dial(ctx, t)
	if err != nil {
		return err
	}
	return s.d.knock(ctx, raw, t)
}

type windowSession struct {
	d       *Deliverer
	c       *conn
	w       writer
	marks   []mark // what is not confirmed
	written int64
	last    time.Time // of a write
}

func (s *windowSession) write(ctx context.Context) error {
	select {
	case <-s.c.ended:
		return s.ended(ctx)
	default:
	}
	_, upTo, err := s.w.write(ctx, s.c, batchRecords)
	if err != nil {
		return err
	}
	s.written += int64(len(s.w.buf))
	s.marks = append(s.marks, mark{s.written, upTo})
	s.last = time.Now()
	s.confirm()
	return nil
}

// confirm looks at what the receiver's kernel has acknowledged, and returns when to look again.
func (s *windowSession) confirm() time.Duration {
	select {
	case <-s.c.ended:
		return 0 // what it said or why it ended comes first
	default:
	}
	waiting, known := 0, false
	if s.c.sys != nil {
		waiting, known = unacknowledged(s.c.sys)
		if _, window := peerState(s.c.sys); window > s.d.window {
			s.d.window = min(window, maxWindow)
			s.d.q.raise(queueBytes + 2*int(s.d.window))
		}
	}
	if !known {
		waiting = int(min(s.written, replayWindow)) // nothing is known: as if the system held that much
	}
	safe := s.written - int64(waiting) - s.d.window
	if time.Since(s.last) >= quietTime && (waiting == 0 || !known) {
		safe = s.written
	}
	n := 0
	for n < len(s.marks) && s.marks[n].bytes <= safe {
		n++
	}
	if n > 0 {
		s.d.trust(s.c.target) // it kept the connection open and silent all that time
		s.d.arrived(s.marks[n-1].upTo)
		s.marks = append(s.marks[:0], s.marks[n:]...)
	}
	if known && waiting > 0 {
		return lookSoon
	}
	return time.Second
}

// ended judges the end of the connection.
func (s *windowSession) ended(ctx context.Context) error {
	if len(s.marks) == 0 {
		if err := s.d.endedIdle(s.c); err != nil {
			return err
		}
		return s.d.stillThere(ctx, s.c.target)
	}
	return fmt.Errorf("connection to %s: %w", s.c.target, s.c.early())
}
