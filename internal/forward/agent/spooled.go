package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"kiroku/internal/forward/spool"
	"kiroku/internal/forward/wire"
	"kiroku/internal/logkey"
)

// spooled is one pass of a line through the spool: the server is told of records when they are on disk, the destination gets
// them out of it.
//
//	puller ──▶ store ──▶ queue on disk ──▶ give ──▶ sender ──▶ confirmed
//	                       └──▶ acks, keeps
type spooled struct {
	*line
	q       *spool.Queue
	m       *marks        // what the sender has
	unsaved atomic.Int64  // records that are confirmed and may not be on disk as such
	many    chan struct{} // they are wire.AckRecords or more
	whole   chan struct{} // closed when the server's word of the spool was compared with it
}

// spoolPass is pass with a spool.
func (l *line) spoolPass(stop, work context.Context) (over bool, err error) {
	q, err := l.agent.o.Spool.Queue(l.dest.Name, lost(&l.dest), l.word())
	if err != nil {
		l.unspooled(err)
		return false, err
	}
	defer func() {
		if e := q.Close(); e != nil && err == nil {
			over, err = false, e
		}
	}()
	s := &spooled{line: l, q: q, m: newMarks(l.dest.Name), many: make(chan struct{}, 1), whole: make(chan struct{})}
	select {
	case <-l.agent.online:
		if err := s.compare(); err != nil {
			l.unspooled(err)
			return false, err
		}
	default:
	}
	l.agent.notices.clear(l.dest.Name, wire.InternalError)
	l.agent.notices.clear(l.dest.Name, wire.SpoolFull)
	s.damage()
	return s.pass(stop, work)
}

func (s *spooled) pass(stop, work context.Context) (over bool, err error) {
	run, end := context.WithCancelCause(work) // the cause is what failed
	var side sync.WaitGroup
	defer side.Wait()
	defer end(nil)
	pulls, noMore := context.WithCancel(run)
	defer noMore()
	defer context.AfterFunc(stop, noMore)()

	sender, err := s.open(run, s.m, s.confirmed, end)
	if err != nil {
		s.agent.notices.add(s.dest.Name, wire.ConfigRejected, err.Error())
		return false, err
	}
	s.agent.notices.clear(s.dest.Name, wire.ConfigRejected)
	p := &puller{line: s.line, after: wire.Positions{}, fail: end}
	if err := s.seed(pulls, p, sender); err != nil {
		return false, err
	}
	s.begin(sender, s.q)
	defer s.finish()
	batches, stored, closing, acked := make(chan batch), make(chan struct{}), make(chan struct{}), make(chan struct{})
	side.Go(func() {
		if err := sender.Run(run); run.Err() == nil {
			end(fmt.Errorf("send to %s: it has ended: %w", s.dest.To, err))
		}
	})
	side.Go(func() { s.compares(run, end) })
	side.Go(func() {
		select {
		case <-s.whole:
			p.run(pulls, batches)
		case <-pulls.Done():
			close(batches)
		}
	})
	side.Go(func() {
		if s.store(pulls, batches, end) {
			close(stored)
		}
	})
	side.Go(func() { s.keeps(run, sender, end) })
	side.Go(func() { defer close(acked); s.acks(run, closing, end) })
	over = s.give(pulls, sender, stored, end)
	if !over {
		select {
		case <-stop.Done():
		case <-run.Done():
		}
	}
	over = s.flush(run, stop, sender) && over
	close(closing)
	last, enough := within(run, stop, func(error) time.Duration { return farewell })
	defer enough()
	select {
	case <-acked:
	case <-last.Done():
		over = false
	}
	if run.Err() != nil && work.Err() == nil {
		return false, context.Cause(run)
	}
	return over && s.q.Waiting().Records == 0, nil
}

// seed gives the sender what it may have to send again if the receiver has been restarted. A spool that never held anything
// does not know; the server does.
func (s *spooled) seed(ctx context.Context, p *puller, sender Sender) error {
	if s.q.Fresh() {
		if s.agent.ready(ctx) {
			p.seed(ctx, sender)
		}
		return nil
	}
	seeds, err := s.q.Seeds()
	if err == nil && len(seeds) > 0 {
		sender.Seed(seeds)
	}
	return err
}

// store puts what the server gives into the spool, and waits while that is full. over says that nothing more will come.
func (s *spooled) store(ctx context.Context, batches <-chan batch, end context.CancelCauseFunc) (over bool) {
	for b := range batches {
		send := b.records
		if had := s.agent.had; had != nil {
			send = nil
			for _, r := range b.records {
				if !had(r.UID) {
					send = append(send, r)
				}
			}
		}
		skipped := int64(len(b.records) - len(send))
		s.mu.Lock()
		s.past.Pulled += int64(len(b.records))
		s.past.Skipped += skipped
		s.mu.Unlock()
		if err := s.append(ctx, &b.BatchHeader, send, skipped); err != nil {
			if ctx.Err() == nil {
				s.agent.notices.add(s.dest.Name, wire.InternalError, err.Error())
				end(err)
			}
			return false
		}
		if b.Done {
			return true
		}
	}
	return false
}

// append puts a batch into the spool as soon as there is room.
func (s *spooled) append(ctx context.Context, h *wire.BatchHeader, records []wire.Record, skipped int64) error {
	told := false
	for {
		err := s.q.Append(h, records, skipped)
		var full *spool.FullError
		if !errors.As(err, &full) {
			if err == nil && told {
				s.agent.notices.clear(s.dest.Name, wire.SpoolFull)
				s.agent.log.LogAttrs(ctx, slog.LevelInfo, "the spool has room again", slog.String(logkey.Destination, s.dest.Name))
			}
			return err
		}
		if !told {
			told = true
			s.agent.notices.add(s.dest.Name, wire.SpoolFull, full.Error())
		}
		if err := s.q.Room(ctx, full); err != nil {
			return err
		}
	}
}

// give has the sender send what is in the spool. over says that the spool has no more and gets no more.
func (s *spooled) give(ctx context.Context, sender Sender, stored <-chan struct{}, end context.CancelCauseFunc) (over bool) {
	for {
		h, records, err := s.q.Next(ctx, stored)
		switch {
		case errors.Is(err, spool.ErrEnd):
			return true
		case ctx.Err() != nil:
			return false
		case err != nil:
			end(err)
			return false
		}
		s.m.add(h, records, nil)
		if sender.Send(ctx, records) != nil {
			return false
		}
	}
}

// confirmed says that the next n records have arrived, or are in the dead letters.
func (s *spooled) confirmed(n int) {
	s.m.confirmed(n)
	c := spool.Counted{}
	if a, _ := s.m.take(); a != nil {
		c = spool.Counted{Records: a.Records, First: a.First, Last: a.Last}
	}
	s.q.Confirm(n, c)
	if s.unsaved.Add(int64(n)) >= wire.AckRecords {
		signal(s.many)
	}
}

// keeps brings on disk what is confirmed: what is not there arrives twice when the agent is killed.
func (s *spooled) keeps(ctx context.Context, sender Sender, end context.CancelCauseFunc) {
	for {
		changed, n := s.q.Changed(), s.unsaved.Swap(0)
		if err := s.q.Checkpoint(); err != nil {
			end(err)
			return
		}
		if n > 0 {
			sender.Acknowledged(int(n))
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
		select {
		case <-time.After(ackEvery):
		case <-s.many:
		case <-ctx.Done():
			return
		}
	}
}

// acks tells the server what is in the spool and what is confirmed, until closing is closed and everything is told.
func (s *spooled) acks(ctx context.Context, closing <-chan struct{}, end context.CancelCauseFunc) {
	select {
	case <-s.whole:
	case <-closing:
		return
	case <-ctx.Done():
		return
	}
	for last := false; !last; {
		changed := s.q.Changed()
		select {
		case <-closing:
			last = true
		default:
		}
		a, upTo, err := s.q.Due()
		if err != nil {
			end(err)
			return
		}
		if a != nil {
			if !s.ack(ctx, a, end) {
				return
			}
			s.q.Told(upTo)
		}
		if last {
			return
		}
		select {
		case <-changed:
		case <-closing:
			continue
		case <-ctx.Done():
			return
		}
		select {
		case <-time.After(ackEvery):
		case <-closing:
		case <-ctx.Done():
			return
		}
	}
}

// ready waits until the server has given a configuration; false: ctx has ended.
func (a *Agent) ready(ctx context.Context) bool {
	select {
	case <-a.online:
		return true
	case <-ctx.Done():
		return false
	}
}
