package s3

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"kiroku/internal/decode/trailfile"
	"kiroku/internal/fault"
	"kiroku/internal/logkey"
)

// Limits of one input.
const (
	maxReaders = 16   // objects read at the same time
	maxPending = 2048 // objects that a look found and that are not durable yet
)

// Input reads CloudTrail's files.
type Input struct {
	cfg      Config
	cloud    Cloud
	sink     Sink
	progress *Progress
	log      *slog.Logger

	readers *semaphore.Weighted
	pending *semaphore.Weighted
	room    *semaphore.Weighted // bytes handed over and not yet released
	files   sync.Pool           // *trailfile.Reader
	buffers sync.Pool           // []byte of blockSize

	count     counts
	state     atomic.Value // string
	recursion recursion
	report    report
}

// counts are what Status shows, since the start.
type counts struct {
	records, bytes, parsed, unparsed                  atomic.Uint64
	stored, already, digests, foreign, gone, archived atomic.Uint64
	damaged, failed                                   atomic.Uint64
	received, deleted, nothing, parked, waiting       atomic.Uint64
	inFlight, remembered, lastSeen                    atomic.Int64
}

const (
	stateReading = "reading"
	stateStopped = "stopped"
	stateError   = "error"
)

// New makes an input. Nothing is sent before Run.
func New(cfg Config, cloud Cloud, progress *Progress, sink Sink, log *slog.Logger) *Input {
	cfg = cfg.withDefaults()
	in := &Input{cfg: cfg, cloud: cloud, sink: sink, progress: progress, log: log.With(slog.String(logkey.Input, cfg.Name)),
		readers: semaphore.NewWeighted(maxReaders), pending: semaphore.NewWeighted(maxPending), room: semaphore.NewWeighted(cfg.InFlight)}
	in.files.New = func() any { return trailfile.NewReader(nil, trailfile.Options{}) }
	in.buffers.New = func() any { return make([]byte, 0, blockSize) }
	in.recursion.log = in.log
	in.state.Store(stateReading)
	return in
}

// Name is the input's name.
func (in *Input) Name() string { return in.cfg.Name }

// Run reads until ctx ends and returns nil after everything that it started has ended.
func (in *Input) Run(ctx context.Context) error {
	in.log.LogAttrs(ctx, slog.LevelInfo, "input reading", slog.String(logkey.Bucket, in.cfg.Bucket), slog.String(logkey.Queue, in.cfg.Queue))
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return in.identify(gctx) })
	if in.cfg.Queue != "" {
		q := newQueue(in)
		g.Go(func() error { return q.run(gctx) })
		g.Go(func() error { return in.keepTidy(gctx) })
	}
	if in.cfg.Bucket != "" || in.cfg.Discover {
		g.Go(func() error { return in.poll(gctx) })
	}
	err := g.Wait()
	in.state.Store(stateStopped)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// identify finds out who we are, to recognise our own reads in the trail. Nothing else needs it, and a server that only speaks
// like S3 does not know: it is told, and is no error of the input. Wrong credentials are one of whatever is read with them.
func (in *Input) identify(ctx context.Context) error {
	const again, place = time.Minute, "credentials"
	for told := false; ; told = true {
		id, err := in.cloud.Account.Identity(ctx)
		if err == nil {
			in.recursion.principal.Store(&id)
			in.worksAgain(place)
			return nil
		}
		if err = fmt.Errorf("own reads are not recognised: %w", err); ctx.Err() == nil {
			in.note(place, err)
			if !told {
				in.log.LogAttrs(ctx, slog.LevelWarn, "it is not known who reads; it is tried again", slog.Any(logkey.Err, err), slog.String(logkey.Next, fault.NextOf(err)))
			}
		}
		if err := sleep(ctx, again); err != nil {
			return err
		}
	}
}

// sleep waits, or returns why ctx ended.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Parsed counts n records that became an event of their source.
func (in *Input) Parsed(_ netip.Addr, n uint64) { in.count.parsed.Add(n) }

// Unparsed counts n records that were stored with a parse error.
func (in *Input) Unparsed(_ netip.Addr, n uint64) { in.count.unparsed.Add(n) }

// settled counts an outcome.
func (in *Input) settled(o outcome) {
	switch o {
	case stored:
		in.count.stored.Add(1)
	case already:
		in.count.already.Add(1)
	case digest:
		in.count.digests.Add(1)
	case foreign:
		in.count.foreign.Add(1)
	case gone:
		in.count.gone.Add(1)
	case archived:
		in.count.archived.Add(1)
	}
}
