package watch

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"kiroku/internal/cloudtrail/digest"
	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/logkey"
	"kiroku/internal/meta"
)

// Place is where digests may lie.
type Place struct {
	Bucket string
	Prefix string // "" or ending in a slash
}

// Input is one input whose files are verified.
type Input struct {
	Name     string
	Scope    string // makes the names of its buckets unique
	Copy     bool   // the bucket is not the one that digests name
	Required bool   // that there are none is an error
	Interval time.Duration
	First    time.Duration // how far the first verification goes back
	// Places says where to look now. It is called before each verification.
	Places func(ctx context.Context) ([]Place, error)
	Open   func(bucket string) digest.Objects
	Origin *event.Origin // of alerts
}

// Sink takes batches. Accept returns nil only when the batch and its checkpoint are durable.
type Sink interface {
	Accept(ctx context.Context, b event.Batch) error
}

// Checkpoints know how far an object was stored. *lake.Lake satisfies it.
type Checkpoints interface {
	Checkpoint(ctx context.Context, key string) (int64, error)
}

// Options are what a Watch needs. All must be set.
type Options struct {
	DB          *meta.DB
	Keys        digest.Keys
	Inputs      []Input
	Sink        Sink
	Checkpoints Checkpoints
	Log         *slog.Logger
}

// keepFor is for how long results are kept.
const keepFor = 400 * 24 * time.Hour

// Watch verifies. It is safe for concurrent use.
type Watch struct {
	opt     Options
	telling sync.Mutex
	inputs  []*watched
}

// watched is an input and what is known of it.
type watched struct {
	Input
	ask chan time.Time // verify now, from a time if it is not zero

	mu    sync.Mutex
	state Status
}

// Status is how the verification of an input is doing.
type Status struct {
	Input    string
	Running  bool
	Verified time.Time // end of the last verification that was complete; zero: none since the start
	None     bool      // there were no digests
	Unlisted int       // log files of the last verification that are in no digest
	Wrong    string    // what is wrong with files, as far as it was not found right later; empty: nothing
	Err      error     // of the last one
}

// New makes a Watch. Nothing is read before Run.
func New(o Options) *Watch {
	w := &Watch{opt: o}
	for _, in := range o.Inputs {
		w.inputs = append(w.inputs, &watched{Input: in, ask: make(chan time.Time, 1), state: Status{Input: in.Name}})
	}
	return w
}

// Run verifies until ctx ends.
func (w *Watch) Run(ctx context.Context) error {
	g, gctx := errgroup.WithContext(ctx)
	for _, in := range w.inputs {
		g.Go(func() error { return w.run(gctx, in) })
	}
	return g.Wait()
}

// settle is how long after the start the first verification begins: inputs find their buckets then.
const settle = 10 * time.Second

// retry is when it is tried again where there were no digests, or not all could be verified.
const retry = 5 * time.Minute

func (w *Watch) run(ctx context.Context, in *watched) error {
	if wrong, err := w.wrong(ctx, in.Name); err == nil { // what was found before the start; if not, the first verification says it
		in.note(func(s *Status) { s.Wrong = wrong })
	}
	next := time.NewTimer(min(settle, in.Interval))
	defer next.Stop()
	for {
		var from time.Time
		select {
		case <-ctx.Done():
			return ctx.Err()
		case from = <-in.ask:
		case <-next.C:
		}
		pause := in.Interval
		if !w.round(ctx, in, from) {
			pause = min(pause, retry)
		}
		next.Reset(pause)
	}
}

// Verify asks for a verification now, of what is new, or of everything from a time on. It does not wait. name is an input's, or ""
// for all; fault.NotFound: there is no such input, or it is not verified.
func (w *Watch) Verify(name string, from time.Time) error {
	found := false
	for _, in := range w.inputs {
		if name != "" && name != in.Name {
			continue
		}
		found = true
		in.request(from)
	}
	if !found {
		return fault.New(fault.NotFound, fmt.Errorf("verify digests of input %q: digests of no such input are verified", name),
			"Name an input of type cloudtrail that has not verify_digests: false.")
	}
	return nil
}

// request asks for a verification from a time on. One that nobody has begun with yet goes as far back as either asks.
func (in *watched) request(from time.Time) {
	in.mu.Lock() // whoever empties the channel meanwhile takes an older request, and this one finds room
	defer in.mu.Unlock()
	select {
	case older := <-in.ask:
		if from.IsZero() || !older.IsZero() && older.Before(from) {
			from = older
		}
	default:
	}
	in.ask <- from
}

// Statuses tells how each input is doing.
func (w *Watch) Statuses() []Status {
	var all []Status
	for _, in := range w.inputs {
		in.mu.Lock()
		all = append(all, in.state)
		in.mu.Unlock()
	}
	return all
}

func (in *watched) note(change func(*Status)) {
	in.mu.Lock()
	defer in.mu.Unlock()
	change(&in.state)
}

// round verifies everything of an input once, and raises alerts. False: there was nothing, or something went wrong.
func (w *Watch) round(ctx context.Context, in *watched, from time.Time) bool {
	in.note(func(s *Status) { s.Running = true })
	now := time.Now().UTC()
	folders, unlisted, err := w.places(ctx, in, from, now)
	if terr := w.tell(ctx); terr != nil {
		err = errors.Join(err, terr)
	}
	if ferr := w.forget(ctx, now); ferr != nil {
		err = errors.Join(err, ferr)
	}
	if err == nil && folders == 0 && in.Required {
		err = fault.New(fault.NotFound, fmt.Errorf("verify digests of input %q: %w", in.Name, digest.ErrNoDigests),
			"See that the trail has log file validation, or remove verify_digests.")
	}
	wrong, werr := w.wrong(ctx, in.Name)
	if err = errors.Join(err, werr); ctx.Err() != nil {
		return false
	}
	var before error
	in.note(func(s *Status) {
		before = s.Err
		s.Running, s.Err, s.None, s.Unlisted, s.Wrong = false, err, folders == 0, unlisted, wrong
		if err == nil {
			s.Verified = now
		}
	})
	log := w.opt.Log.With(slog.String(logkey.Input, in.Name))
	switch {
	case err != nil && (before == nil || before.Error() != err.Error()):
		log.LogAttrs(ctx, slog.LevelWarn, "digests could not be verified; it is tried again", slog.Any(logkey.Err, err), slog.String(logkey.Next, fault.NextOf(err)))
	case err == nil && before != nil:
		log.LogAttrs(ctx, slog.LevelInfo, "digests are verified again")
	}
	return err == nil && folders > 0
}

// places verifies all folders of an input. One that cannot be read does not keep the others from it.
func (w *Watch) places(ctx context.Context, in *watched, from, now time.Time) (folders, unlisted int, err error) {
	places, err := in.Places(ctx)
	if err != nil {
		return 0, 0, err
	}
	var errs []error
	done := map[Place]bool{}
	for _, p := range places {
		objects := in.Open(p.Bucket)
		found, err := digest.Find(ctx, objects, p.Prefix)
		errs = append(errs, err)
		for _, f := range found {
			at := Place{p.Bucket, f.String()}
			if done[at] {
				continue
			}
			done[at] = true
			n, err := w.folder(ctx, in, at, objects, from, now)
			unlisted += n
			errs = append(errs, err)
			if ctx.Err() != nil {
				return folders, unlisted, ctx.Err()
			}
		}
		gone, err := w.gone(ctx, in, p, done)
		errs = append(errs, err)
		for _, at := range gone {
			done[at] = true
			_, err := w.folder(ctx, in, at, objects, from, now)
			errs = append(errs, err)
		}
	}
	return len(done), unlisted, errors.Join(errs...)
}

// gone are the folders of known chains below a place that are not there any more: whoever deletes all digests is found out.
func (w *Watch) gone(ctx context.Context, in *watched, p Place, found map[Place]bool) ([]Place, error) {
	known, err := w.known(ctx, in, p.Bucket)
	if err != nil {
		return nil, err
	}
	var all []Place
	for _, k := range known {
		at := Place{p.Bucket, k.chain.Folder().String()}
		if under(at.Prefix, p.Prefix) && !found[at] && !slices.Contains(all, at) {
			all = append(all, at)
		}
	}
	return all, nil
}

func (w *Watch) forget(ctx context.Context, now time.Time) error {
	return w.opt.DB.Write(ctx, func(tx *sql.Tx) error { return meta.ForgetDigests(ctx, tx, now.Add(-keepFor)) })
}
