package s3

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"kiroku/internal/cloudtrail/objectkey"
	"kiroku/internal/intake"
	"kiroku/internal/meta"
)

// How far a look goes. CloudTrail delivers within minutes as a rule, and for up to 30 days when something is wrong.
const (
	nearPast    = 2 * time.Hour    // at every look
	nearFuture  = 15 * time.Minute // names are planned ahead, and clocks differ
	overlap     = 48 * time.Hour   // before the last complete look, once in overlapEach
	overlapEach = time.Hour
	month       = 31 * 24 * time.Hour // once in monthEach
	monthEach   = 24 * time.Hour
	trailsEach  = time.Hour
	lookers     = 8 // folders that are listed at the same time
)

// folder is a folder that is looked into.
type folder struct {
	meta.BucketFolder
	bucket string // its name alone
	where  objectkey.Folder
	full   time.Time // last look at the whole overlap; zero: not since the start
	large  bool      // one page of a listing does not hold it
}

// poll looks into the buckets until ctx ends.
func (in *Input) poll(ctx context.Context) error {
	l := &looker{in: in, folders: map[string]*folder{}}
	defer l.wait.Wait()
	for {
		now := time.Now()
		l.round(ctx, now)
		if err := sleep(ctx, in.cfg.PollInterval-time.Since(now)%in.cfg.PollInterval); err != nil {
			return err
		}
	}
}

// looker looks into the buckets of one input.
type looker struct {
	in      *Input
	roots   []root
	asked   time.Time          // when the trails were asked for
	folders map[string]*folder // by bucket and prefix

	mu      sync.Mutex
	history bool // it is being read
	wait    sync.WaitGroup
}

// round looks once at everything: it finds roots and folders, reads what is new, and goes on with the history.
func (l *looker) round(ctx context.Context, now time.Time) {
	l.findRoots(ctx, now)
	walked := map[root]bool{}
	for _, r := range l.roots {
		err := l.walk(ctx, r)
		l.in.failed(ctx, r.String(), err)
		walked[r] = err == nil
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(lookers)
	for _, f := range l.folders {
		g.Go(func() error {
			err := errors.Join(l.look(gctx, f, now), l.whole(gctx, f, now))
			l.in.failed(ctx, "s3://"+f.bucket+"/"+f.Prefix, err)
			return nil
		})
	}
	_ = g.Wait() // the functions return nil
	l.tell(ctx, walked)
	l.goBack(ctx, dayOf(now))
	if n, err := meta.CountObjects(ctx, l.in.progress.db.Read()); err == nil {
		l.in.count.remembered.Store(n)
	}
}

// tell shows where the input looks. Of a root that could not be walked it is not known that there is nothing.
func (l *looker) tell(ctx context.Context, walked map[root]bool) {
	var all []intake.Bucket
	for _, r := range l.roots {
		accounts, regions := map[string]bool{}, map[string]bool{}
		b := intake.Bucket{Bucket: r.bucket, Prefix: r.prefix}
		for _, f := range l.folders {
			if f.bucket != r.bucket || !r.covers(f.where) {
				continue
			}
			b.Folders++
			accounts[f.where.Account], regions[f.where.Region] = true, true
			kept := l.in.progress.latest(f.BucketFolder)
			if kept.History == 0 || kept.History > l.since() {
				b.History++
			}
			if at := f.looked(kept); b.Folders == 1 || at.Before(b.Looked) {
				b.Looked = at
			}
		}
		b.Accounts, b.Regions = len(accounts), len(regions)
		var err error
		if b.Folders == 0 && walked[r] {
			err = errNothing(r)
		}
		l.in.failed(ctx, r.String()+" (folders)", err)
		all = append(all, b)
	}
	l.in.report.mu.Lock()
	l.in.report.buckets = all
	l.in.report.mu.Unlock()
}

// looked is when everything new in the folder was last read; zero: never. Until the first look since the start it is what is
// kept, which is also how far a look came that failed: to the beginning of a day.
func (f *folder) looked(kept meta.BucketFolder) time.Time {
	if f.full.IsZero() && !kept.Listed.Equal(dayTime(dayOf(kept.Listed))) {
		return kept.Listed
	}
	return f.full
}

// since is the first day that the input looks at. Day 1 is before everything; 0 means that nothing is known.
func (l *looker) since() int64 {
	if l.in.cfg.Since.IsZero() {
		return 1
	}
	return max(dayOf(l.in.cfg.Since), 1)
}

// window is the days of one look: the first and the last one, and what it completes.
type window struct {
	first, last int64
	full, month bool
}

// windowOf decides how far a look at now goes.
func (l *looker) windowOf(f *folder, kept meta.BucketFolder, now time.Time) window {
	w := window{first: dayOf(now.Add(-nearPast)), last: dayOf(now.Add(nearFuture))}
	if now.Sub(f.full) >= overlapEach {
		w.full = true
		from := now
		if !kept.Listed.IsZero() && kept.Listed.Before(now) {
			from = kept.Listed
		}
		w.first, w.last = dayOf(from.Add(-overlap)), dayOf(now)+1
	}
	if w.full && now.Sub(kept.Relisted) >= monthEach {
		w.month = true
		w.first = min(w.first, dayOf(now.Add(-month)))
	}
	switch {
	case !kept.Listed.IsZero():
	case kept.History == 0: // never looked at before: the history is what comes before this
		w.first = dayOf(now.Add(-overlap))
	default: // the first look was interrupted
		w.first = min(w.first, kept.History)
	}
	w.first = max(w.first, l.since())
	return w
}

// look reads what is new in a folder. Where something could not be read, the next full look begins there again.
func (l *looker) look(ctx context.Context, f *folder, now time.Time) error {
	kept := l.in.progress.latest(f.BucketFolder)
	w := l.windowOf(f, kept, now)
	if kept.History == 0 {
		if err := l.in.progress.readFrom(ctx, f.BucketFolder, w.first); err != nil {
			return err
		}
	}
	until := now
	var errs []error
	for day := w.first; day <= w.last; day++ {
		err := l.day(ctx, f, day)
		if err != nil && until.After(dayTime(day)) {
			until = dayTime(day)
		}
		errs = append(errs, err)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if w.full {
		if err := l.in.progress.listed(ctx, f.BucketFolder, until, w.month && until.Equal(now)); err != nil {
			return err
		}
		if until.Equal(now) {
			f.full = now
		}
	}
	if w.month && kept.History <= l.since() { // else history does it, after each day
		if err := l.in.progress.forget(ctx, f.BucketFolder, dayOf(until)); err != nil {
			return err
		}
	}
	return errors.Join(errs...)
}

// day reads the objects of one day that are not stored. The error says that some are left.
func (l *looker) day(ctx context.Context, f *folder, day int64) error {
	done, err := l.in.progress.done(ctx, f.ID, day)
	if err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	for next, more := "", true; more; {
		page, err := l.in.cloud.Buckets.List(gctx, f.bucket, f.where.DayPrefix(dayTime(day)), "", next)
		if err != nil {
			return errors.Join(err, g.Wait())
		}
		for _, o := range page.Objects {
			if done[objectID(o.Key, o.ETag)] || !isLog(o.Key) {
				continue
			}
			r := ref{f.bucket, o.Key, o.ETag}
			if o.Archived {
				l.in.count.archived.Add(1)
				continue
			}
			if err := l.in.pending.Acquire(gctx, 1); err != nil {
				return errors.Join(err, g.Wait())
			}
			g.Go(func() error {
				defer l.in.pending.Release(1)
				return l.one(ctx, r)
			})
		}
		next, more = page.Next, page.Next != ""
	}
	return g.Wait()
}

// whole looks at all of a folder that one page of a listing holds: that costs as much as looking at a day. So files under
// old names are found at once that CloudTrail would not deliver so late, but people copy. What is young and not remembered
// is new; what is old and not remembered was read, or is read as history.
func (l *looker) whole(ctx context.Context, f *folder, now time.Time) error {
	if f.large {
		return nil
	}
	page, err := l.in.cloud.Buckets.List(ctx, f.bucket, f.Prefix, "", "")
	if err != nil {
		return err
	}
	f.large = page.Next != ""
	g, gctx := errgroup.WithContext(ctx)
	for _, o := range page.Objects {
		k, ok := objectkey.Parse(o.Key)
		if !ok || k.Kind == objectkey.Digest || o.Archived || dayOf(k.Day) < l.since() || dayOf(o.Modified) < dayOf(now)-rememberDays {
			continue
		}
		_, done, err := meta.GetObject(ctx, l.in.progress.db.Read(), f.ID, dayOf(k.Day), objectID(o.Key, o.ETag))
		if err != nil {
			return errors.Join(err, g.Wait())
		}
		if done {
			continue
		}
		if err := l.in.pending.Acquire(gctx, 1); err != nil {
			return errors.Join(err, g.Wait())
		}
		g.Go(func() error {
			defer l.in.pending.Release(1)
			return l.one(ctx, ref{f.bucket, o.Key, o.ETag})
		})
	}
	return g.Wait()
}

// isLog says whether an object holds records.
func isLog(key string) bool {
	k, ok := objectkey.Parse(key)
	return ok && k.Kind != objectkey.Digest
}

// one reads one object that a listing named.
func (l *looker) one(ctx context.Context, r ref) error {
	what, err := l.in.read(ctx, r)
	l.in.fetched(ctx, r, err)
	if err == nil {
		l.in.settled(what)
	}
	return err
}
