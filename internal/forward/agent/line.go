package agent

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"kiroku/internal/fault"
	"kiroku/internal/forward/deliver"
	"kiroku/internal/forward/spool"
	"kiroku/internal/forward/wire"
	"kiroku/internal/logkey"
)

// line is the way of one destination: it pulls, has sent, and acknowledges.
type line struct {
	agent  *Agent
	dest   wire.Destination
	cancel context.CancelCauseFunc
	done   chan struct{}

	mu     sync.Mutex
	sender Sender       // of the pass that runs
	queue  *spool.Queue // the same, with a spool
	past   wire.Metrics // of the passes before; Pulled and Skipped of all
	errors map[wire.Code]int64
}

// run passes records on until stop ends, or until a recovery has sent its window. The line before it with the same name ends
// first, so that records do not overtake each other.
func (l *line) run(stop, work context.Context, before *line) {
	defer close(l.done)
	if before != nil {
		<-before.done
	}
	for tries := 0; stop.Err() == nil; tries++ {
		began := time.Now()
		over, err := l.pass(stop, work)
		if over {
			select {
			case l.agent.over <- l:
			case <-stop.Done():
			}
			return
		}
		if err == nil {
			<-stop.Done()
			return
		}
		if time.Since(began) > longRetry {
			tries = 0
		}
		l.agent.log.LogAttrs(work, slog.LevelError, logAnew, slog.String(logkey.Destination, l.dest.Name), slog.Any(logkey.Err, err),
			slog.String(logkey.Next, fault.NextOf(err)))
		pause(stop, Backoff(tries))
	}
}

// pass runs one sender from the position where the server stands. over says that nothing more will come. Without an error
// and not over it was stopped, or the agent is about to be.
func (l *line) pass(stop, work context.Context) (over bool, err error) {
	if l.agent.o.Spool != nil {
		return l.spoolPass(stop, work)
	}
	run, end := context.WithCancelCause(work) // the cause is what failed
	var side sync.WaitGroup
	defer side.Wait()
	defer end(nil)
	pulls, noMore := context.WithCancel(run)
	defer noMore()
	defer context.AfterFunc(stop, noMore)()

	m := newMarks(l.dest.Name)
	sender, err := l.open(run, m, m.confirmed, end)
	if err != nil {
		l.agent.notices.add(l.dest.Name, wire.ConfigRejected, err.Error())
		return false, err
	}
	l.agent.notices.clear(l.dest.Name, wire.ConfigRejected)
	p := &puller{line: l, after: wire.Positions{}, fail: end}
	p.seed(pulls, sender)
	l.begin(sender, nil)
	defer l.finish()
	batches, closing, acked := make(chan batch), make(chan struct{}), make(chan struct{})
	side.Go(func() {
		if err := sender.Run(run); run.Err() == nil {
			end(fmt.Errorf("send to %s: it has ended: %w", l.dest.To, err))
		}
	})
	side.Go(func() { p.run(pulls, batches) })
	side.Go(func() { defer close(acked); l.acks(run, m, sender, closing, end) })
	over = l.feed(pulls, sender, m, batches)
	if !over {
		select {
		case <-stop.Done():
		case <-run.Done():
		}
	}
	over = l.flush(run, stop, sender) && over
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
	return over && m.empty(), nil
}

// open makes the sender.
func (l *line) open(run context.Context, m *marks, confirmed func(int), end context.CancelCauseFunc) (Sender, error) {
	a := l.agent
	o := deliver.Options{
		Destination: l.dest,
		Log:         a.log.With(slog.String(logkey.Destination, l.dest.Name)),
		Confirmed:   confirmed,
		Bounded:     true,
		Problem:     l.problem,
		Dead:        func(r wire.Record, reason string) error { return l.bury(run, m, &r, reason, end) },
	}
	if l.dest.Proxy {
		if a.o.Proxied == nil {
			return nil, noProxy(l.dest.Name)
		}
		o.Dial = a.o.Proxied
	}
	return a.o.Open(o)
}

// problem tells of one of the destination, and counts it.
func (l *line) problem(code wire.Code, text string) {
	l.agent.notices.add(l.dest.Name, code, text)
	if !slices.Contains(wire.DeliveryErrors(), code) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.errors == nil {
		l.errors = map[wire.Code]int64{}
	}
	l.errors[code]++
}

// feed gives records to the sender, which makes it wait. over says that nothing more will come.
func (l *line) feed(ctx context.Context, sender Sender, m *marks, batches <-chan batch) (over bool) {
	for b := range batches {
		send := m.add(b.BatchHeader, b.records, l.agent.had)
		l.mu.Lock()
		l.past.Pulled += int64(len(b.records))
		l.past.Skipped += int64(len(b.records) - len(send))
		l.mu.Unlock()
		if len(send) > 0 && sender.Send(ctx, send) != nil {
			return false
		}
		if b.Done {
			return true
		}
	}
	return false
}

// flush waits until what was sent is confirmed; when the line stops, only for a while.
func (l *line) flush(run, stop context.Context, sender Sender) bool {
	ctx, cancel := within(run, stop, grace)
	defer cancel()
	return sender.Flush(ctx) == nil
}

// within makes a context that ends some time after stop, by its cause.
func within(ctx, stop context.Context, d func(error) time.Duration) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	release := context.AfterFunc(stop, func() {
		t := time.AfterFunc(d(context.Cause(stop)), cancel)
		context.AfterFunc(ctx, func() { t.Stop() })
	})
	return ctx, func() { release(); cancel() }
}

// acks tells the server what is confirmed, until closing is closed and everything is told.
func (l *line) acks(ctx context.Context, m *marks, sender Sender, closing <-chan struct{}, end context.CancelCauseFunc) {
	for last := false; !last; {
		select {
		case <-m.dirty:
		case <-closing:
			last = true
		case <-ctx.Done():
			return
		}
		if a, sent := m.take(); a != nil {
			if !l.ack(ctx, a, end) {
				return
			}
			sender.Acknowledged(sent)
		}
		select {
		case <-time.After(ackEvery):
		case <-m.many:
		case <-closing:
		case <-ctx.Done():
			return
		}
	}
}

func (l *line) ack(ctx context.Context, a *wire.Ack, end context.CancelCauseFunc) bool {
	for tries := 0; ; tries++ {
		answer, err := l.agent.client.Ack(ctx, a)
		if err == nil {
			l.agent.heard(ctx, answer.ETag, answer.Paused)
			if a.Records > 0 {
				l.well()
			}
			return true
		}
		if !l.agent.outlive(ctx, err, tries, end) {
			return false
		}
	}
}

// well closes the notifications about a destination that takes records again.
func (l *line) well() {
	if m := l.metrics(); !m.Blocked {
		l.agent.notices.delivered(l.dest.Name)
	}
}

// bury puts a record on the list of dead letters, before it counts as confirmed.
func (l *line) bury(ctx context.Context, m *marks, r *wire.Record, reason string, end context.CancelCauseFunc) error {
	store, found := m.bury(r)
	if !found {
		return nil
	}
	if !l.agent.ready(ctx) {
		return ctx.Err()
	}
	for tries := 0; ; tries++ {
		err := l.agent.client.Dead(ctx, &wire.Dead{Destination: l.dest.Name, Store: store, Seq: r.Seq, UID: r.UID, Reason: reason})
		if err == nil || !l.agent.outlive(ctx, err, tries, end) {
			return err
		}
	}
}

func (l *line) begin(s Sender, q *spool.Queue) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sender, l.queue = s, q
}

// finish adds what the sender counted to what was before.
func (l *line) finish() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.past = l.sum()
	l.past.QueueBytes, l.past.OldestMS, l.past.CertExpires, l.past.Blocked, l.past.Error = 0, 0, 0, false, ""
	l.sender, l.queue = nil, nil
}

// metrics says how the destination does.
func (l *line) metrics() wire.Metrics {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sum()
}

func (l *line) sum() wire.Metrics {
	m := l.past
	m.ErrorsBy = maps.Clone(l.errors)
	if l.sender == nil {
		return m
	}
	now := l.sender.Metrics()
	now.Pulled, now.Skipped, now.ErrorsBy = m.Pulled, m.Skipped, m.ErrorsBy
	now.Confirmed += m.Confirmed
	now.Bytes += m.Bytes
	now.Resent += m.Resent
	now.Replays += m.Replays
	now.Reconnects += m.Reconnects
	now.Errors += m.Errors
	now.Dead += m.Dead
	now.LimitedMS += m.LimitedMS
	if l.queue != nil {
		now.Spool = l.queue.Spool()
	}
	return now
}

// wake makes a sender that waits try at once.
func (l *line) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sender != nil {
		l.sender.Wake()
	}
}
