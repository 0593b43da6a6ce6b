package s3

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"kiroku/internal/aws"
	"kiroku/internal/fault"
	"kiroku/internal/intake"
	"kiroku/internal/logkey"
)

// maxProblems is how many problems are kept.
const maxProblems = 20

// maxStanding is how many places may have one that stands.
const maxStanding = 1000

// settleFor is how long a problem with some of a bucket's objects stands at least: it comes and goes with them.
const settleFor = time.Minute

// report is what people are told.
type report struct {
	mu       sync.Mutex
	problems []intake.Problem          // newest first
	standing map[string]intake.Problem // by what fails; until it works again
	missing  map[string]string         // permission by what fails for want of it
	trails   []intake.Trail
	buckets  []intake.Bucket
}

// note keeps a problem.
func (in *Input) note(place string, err error) {
	r := &in.report
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(intake.Problem{Time: time.Now().UTC(), Place: place, Text: err.Error(), Next: fault.NextOf(err)})
}

// add puts a problem first. One of the same place and text takes the place of the old one.
func (r *report) add(p intake.Problem) {
	r.problems = slices.DeleteFunc(r.problems, func(o intake.Problem) bool { return o.Place == p.Place && o.Text == p.Text })
	r.problems = slices.Insert(r.problems, 0, p)
	r.problems = r.problems[:min(len(r.problems), maxProblems)]
}

// over marks the problems of a place that works again.
func (r *report) over(place string) {
	for i, p := range r.problems {
		if p.Place == place && p.Over.IsZero() {
			r.problems[i].Over = time.Now().UTC()
		}
	}
}

// worksAgain marks the problems of a place as over.
func (in *Input) worksAgain(place string) {
	in.report.mu.Lock()
	defer in.report.mu.Unlock()
	in.report.over(place)
}

// failed says how an attempt at something ended: nil takes a problem of it back. It is logged when that changes.
func (in *Input) failed(ctx context.Context, place string, err error) {
	if ctx.Err() != nil || errors.Is(err, context.Canceled) {
		return
	}
	r := &in.report
	r.mu.Lock()
	defer r.mu.Unlock()
	_, before := r.standing[place]
	if err == nil {
		if before {
			delete(r.standing, place)
			delete(r.missing, place)
			r.over(place)
			in.log.LogAttrs(ctx, slog.LevelInfo, "a problem of the input is over", slog.String(logkey.Path, place))
		}
		return
	}
	if r.standing == nil {
		r.standing, r.missing = map[string]intake.Problem{}, map[string]string{}
	}
	p := intake.Problem{Time: time.Now().UTC(), Place: place, Text: err.Error(), Next: fault.NextOf(err)}
	if !before && len(r.standing) >= maxStanding { // a message may name any bucket
		r.add(p)
		return
	}
	r.standing[place] = p
	delete(r.missing, place)
	if m := aws.Missing(err); m != "" {
		r.missing[place] = m
	}
	r.add(p)
	if !before {
		in.log.LogAttrs(ctx, slog.LevelWarn, "input has a problem; it tries again", slog.String(logkey.Path, place), slog.Any(logkey.Err, err), slog.String(logkey.Next, p.Next))
	}
}

// fetched says how reading an object ended. What concerns the source stands until it works again; what concerns the object
// alone is only noted.
func (in *Input) fetched(ctx context.Context, r ref, err error) {
	bucket := "s3://" + r.bucket
	switch fault.KindOf(err) {
	case fault.Denied, fault.NoToken, fault.Invalid:
		in.failed(ctx, bucket, err)
	default:
		if err == nil {
			if in.stoodFor(bucket) >= settleFor {
				in.failed(ctx, bucket, nil)
			}
			return
		}
		if ctx.Err() == nil {
			in.note(bucket+"/"+r.key, err)
		}
	}
	in.count.failed.Add(1)
}

// historyRead says that no folder has a history that is not read, before the next look counts anew.
func (in *Input) historyRead() {
	in.report.mu.Lock()
	defer in.report.mu.Unlock()
	in.report.buckets = slices.Clone(in.report.buckets)
	for i := range in.report.buckets {
		in.report.buckets[i].History = 0
	}
}

// standing are the places of problems that were not taken back, with the last time.
func (in *Input) standing() map[string]time.Time {
	in.report.mu.Lock()
	defer in.report.mu.Unlock()
	all := make(map[string]time.Time, len(in.report.standing))
	for place, p := range in.report.standing {
		all[place] = p.Time
	}
	return all
}

// stoodFor is for how long a problem has not come again; 0 when there is none.
func (in *Input) stoodFor(place string) time.Duration {
	in.report.mu.Lock()
	defer in.report.mu.Unlock()
	p, ok := in.report.standing[place]
	if !ok {
		return 0
	}
	return time.Since(p.Time)
}

// Status is what the input tells about itself.
func (in *Input) Status() intake.Status {
	c := &in.count
	ct := &intake.CloudTrail{Remembered: c.remembered.Load(), OwnReads: in.recursion.own.Load(), Objects: intake.ObjectCounts{
		Stored: c.stored.Load(), Already: c.already.Load(), Digests: c.digests.Load(), Foreign: c.foreign.Load(), Gone: c.gone.Load(),
		Archived: c.archived.Load(), Damaged: c.damaged.Load(), Failed: c.failed.Load()}}
	if id := in.recursion.principal.Load(); id != nil {
		ct.Account, ct.Principal = id.Account, id.ARN
	}
	if in.cfg.Queue != "" {
		ct.Queue = &intake.Queue{URL: in.cfg.Queue, Received: c.received.Load(), Deleted: c.deleted.Load(), Nothing: c.nothing.Load(), Parked: c.parked.Load(),
			Waiting: c.waiting.Load(), InFlight: int(c.inFlight.Load())}
	}
	s := intake.Status{Name: in.cfg.Name, Type: "cloudtrail", Address: in.address(), Source: string(in.cfg.Origin.Source), Service: in.cfg.Origin.Service,
		State: in.state.Load().(string), Peers: []intake.Peer{}, CloudTrail: ct,
		Counters: intake.Counters{Records: c.records.Load(), Bytes: c.bytes.Load(), Parsed: c.parsed.Load(), Unparsed: c.unparsed.Load()}}
	if us := c.lastSeen.Load(); us != 0 {
		s.LastSeen = time.UnixMicro(us).UTC()
	}
	r := &in.report
	r.mu.Lock()
	defer r.mu.Unlock()
	ct.Problems, ct.Trails, ct.Buckets = slices.Clone(r.problems), slices.Clone(r.trails), slices.Clone(r.buckets)
	if len(r.standing) > 0 && s.State == stateReading {
		newest := slices.MaxFunc(slices.Collect(maps.Values(r.standing)), func(a, b intake.Problem) int { return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Place, b.Place)) })
		s.State, s.Error = stateError, newest.Text
	}
	if len(r.missing) > 0 {
		ct.Missing = slices.Compact(slices.Sorted(maps.Values(r.missing)))
		ct.Policy = in.policy(ct.Account)
	}
	return s
}

// address is where the files come from, shortly.
func (in *Input) address() string {
	switch {
	case in.cfg.Bucket != "":
		return "s3://" + in.cfg.Bucket + "/" + in.cfg.Prefix
	case in.cfg.Queue != "":
		return in.cfg.Queue
	}
	return "trails of the account"
}
