package s3

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"kiroku/internal/aws"
	"kiroku/internal/event"
	"kiroku/internal/logkey"
)

const (
	maxMessages  = 200              // worked on at the same time
	longPoll     = 20 * time.Second // the longest that SQS waits
	goneAfter    = 3                // times that a message must come before an object that it names is believed not to exist
	lastWords    = 3 * time.Second  // for what is said to the queue when the input stops
	deleteAtOnce = 100 * time.Millisecond
)

// queue works off the messages of one queue.
type queue struct {
	in      *Input
	parts   *event.Origin // of messages that are not understood
	slots   *semaphore.Weighted
	deletes chan string // receipts of messages that are done with

	mu   sync.Mutex
	held map[string]struct{} // receipts of messages that are worked on
}

func newQueue(in *Input) *queue {
	o := *in.cfg.Origin
	o.Source = event.Generic
	return &queue{in: in, parts: &o, slots: semaphore.NewWeighted(maxMessages), deletes: make(chan string, maxMessages), held: map[string]struct{}{}}
}

// run receives until ctx ends. Then messages that are not done with are given back.
func (q *queue) run(ctx context.Context) error {
	deleted := make(chan struct{})
	go func() {
		defer close(deleted)
		q.deleteAll(context.WithoutCancel(ctx))
	}()
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return q.extendAll(gctx) })
	g.Go(func() error { return q.receiveAll(gctx, g) })
	err := g.Wait()
	close(q.deletes)
	<-deleted
	return err
}

func (q *queue) receiveAll(ctx context.Context, g *errgroup.Group) error {
	wait := time.Second
	for {
		if err := q.slots.Acquire(ctx, aws.MaxMessages); err != nil {
			return err
		}
		all, err := q.in.cloud.Queues.Receive(ctx, q.in.cfg.Queue, longPoll, q.in.cfg.Visibility)
		q.slots.Release(aws.MaxMessages - int64(len(all)))
		q.in.failed(ctx, q.in.cfg.Queue, err)
		if err != nil {
			if err := sleep(ctx, wait); err != nil {
				return err
			}
			wait = min(2*wait, time.Minute)
			continue
		}
		wait = time.Second
		for _, m := range all {
			q.in.count.received.Add(1)
			q.hold(m.Receipt)
			g.Go(func() error {
				defer q.slots.Release(1)
				q.work(ctx, m)
				return nil
			})
		}
	}
}

func (q *queue) hold(receipt string) {
	q.mu.Lock()
	q.held[receipt] = struct{}{}
	q.in.count.inFlight.Store(int64(len(q.held)))
	q.mu.Unlock()
}

func (q *queue) letGo(receipt string) {
	q.mu.Lock()
	delete(q.held, receipt)
	q.in.count.inFlight.Store(int64(len(q.held)))
	q.mu.Unlock()
}

// work does what a message asks for, and deletes it or gives it back.
func (q *queue) work(ctx context.Context, m aws.Message) {
	n := parseNotice([]byte(m.Body))
	done := q.park(ctx, m, &n)
	if len(n.objects) == 0 && len(n.unknown) == 0 {
		q.in.count.nothing.Add(1)
	}
	for _, ok := range q.readAll(ctx, m, n.objects) {
		done = done && ok
	}
	q.letGo(m.Receipt)
	if done {
		q.deletes <- m.Receipt
		return
	}
	q.in.count.waiting.Add(1)
	if ctx.Err() != nil {
		q.giveBack(context.WithoutCancel(ctx), m, 0)
		return
	}
	q.giveBack(ctx, m, backoff(m.Received))
}

// backoff is how long a message stays away that could not be finished.
func backoff(received int) time.Duration {
	return min(5*time.Second<<min(received-1, 10), 5*time.Minute)
}

func (q *queue) giveBack(ctx context.Context, m aws.Message, after time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, lastWords)
	defer cancel()
	if err := q.in.cloud.Queues.Extend(ctx, q.in.cfg.Queue, []string{m.Receipt}, after); err != nil {
		// It comes back by itself, when the time is over for which it was hidden.
		q.in.log.LogAttrs(ctx, slog.LevelDebug, "message cannot be given back", slog.String(logkey.Queue, q.in.cfg.Queue), slog.Any(logkey.Err, err))
	}
}

// readAll reads all objects of a message. One that cannot be read does not keep the others from being read.
func (q *queue) readAll(ctx context.Context, m aws.Message, objects []ref) []bool {
	settled := make([]bool, len(objects))
	var g errgroup.Group
	g.SetLimit(maxReaders)
	for i, r := range objects {
		g.Go(func() error {
			settled[i] = q.readOne(ctx, m, r)
			return nil
		})
	}
	_ = g.Wait() // the functions return nil
	return settled
}

// readOne says whether the message may go as far as this object is concerned.
func (q *queue) readOne(ctx context.Context, m aws.Message, r ref) bool {
	what, err := q.in.read(ctx, r)
	q.in.fetched(ctx, r, err)
	if err != nil {
		return false
	}
	if what == gone || what == archived {
		if m.Received < goneAfter {
			return false // it may be a moment late: S3 tells before other servers know
		}
		text := "there is no such object; the message about it was deleted"
		if what == archived {
			text = "the object is archived and cannot be read; the message about it was deleted. Restore it, and let the input look into the bucket"
		}
		q.in.note("s3://"+r.bucket+"/"+r.key, errors.New(text))
		q.in.log.LogAttrs(ctx, slog.LevelWarn, text, slog.String(logkey.Bucket, r.bucket), slog.String(logkey.Path, r.key)) //nolint:sloglint // one of two constants
	}
	q.in.settled(what)
	return true
}

// park stores what of a message is not understood as events, so that the message can go. It says whether it did.
func (q *queue) park(ctx context.Context, m aws.Message, n *notice) bool {
	if len(n.unknown) == 0 {
		return true
	}
	var b event.Batch
	for _, part := range n.unknown {
		b.Records = append(b.Records, event.Record{Data: part, Received: time.Now(), Origin: q.parts, Malformed: true})
	}
	if err := q.in.sink.Accept(ctx, b); err != nil {
		return false
	}
	q.in.count.parked.Add(1)
	q.in.note(q.in.cfg.Queue, fmt.Errorf("message %q is not understood: %s; it is stored as an event with the label malformed_frame", m.ID, n.why))
	q.in.log.LogAttrs(ctx, slog.LevelWarn, "message is not understood; it is stored as an event", slog.String(logkey.Queue, q.in.cfg.Queue), slog.String(logkey.Err, n.why))
	return true
}

// extendAll keeps messages hidden that are worked on.
func (q *queue) extendAll(ctx context.Context) error {
	for {
		if err := sleep(ctx, q.in.cfg.Visibility/3); err != nil {
			return err
		}
		q.mu.Lock()
		var receipts []string
		for r := range q.held {
			receipts = append(receipts, r)
		}
		q.mu.Unlock()
		for len(receipts) > 0 {
			n := min(len(receipts), aws.MaxMessages)
			if err := q.in.cloud.Queues.Extend(ctx, q.in.cfg.Queue, receipts[:n], q.in.cfg.Visibility); err != nil {
				// A message that was deleted meanwhile is no problem, and one that comes again finds its objects stored.
				q.in.log.LogAttrs(ctx, slog.LevelDebug, "messages cannot be kept hidden", slog.String(logkey.Queue, q.in.cfg.Queue), slog.Any(logkey.Err, err))
			}
			receipts = receipts[n:]
		}
	}
}

// deleteAll deletes messages until the channel is closed, several at once.
func (q *queue) deleteAll(ctx context.Context) {
	for first := range q.deletes {
		receipts := []string{first}
		timer := time.NewTimer(deleteAtOnce)
	gather:
		for len(receipts) < aws.MaxMessages {
			select {
			case r, ok := <-q.deletes:
				if !ok {
					break gather
				}
				receipts = append(receipts, r)
			case <-timer.C:
				break gather
			}
		}
		timer.Stop()
		q.delete(ctx, receipts)
	}
}

func (q *queue) delete(ctx context.Context, receipts []string) {
	ctx, cancel := context.WithTimeout(ctx, 10*lastWords)
	defer cancel()
	err := q.in.cloud.Queues.Delete(ctx, q.in.cfg.Queue, receipts)
	if err == nil {
		q.in.count.deleted.Add(uint64(len(receipts)))
	}
	// A message that stays comes again, and then there is nothing left to do for it but this.
	q.in.failed(ctx, q.in.cfg.Queue+" (delete)", err)
}
