package digest

import (
	"context"
	"strings"
	"time"

	"kiroku/internal/cloudtrail/objectkey"
)

// walk is one chain on the way from its newest digest to its oldest.
type walk struct {
	v     *verifier
	chain Chain
	sum   ChainSummary

	census *census // of all chains of the folder

	// next is the older digest that the one read last names.
	next *expected
	// cursor is the time down to which everything is accounted for: the start of the digest read last. Zero before the first.
	cursor time.Time
	// hole is why the time just below cursor is not proven, where the digest that should say so is wrong or missing.
	hole Verdict
	// starts says that the digest read last begins its chain.
	starts bool
	// reached says that a digest was found that lies in the range or after it.
	reached bool
	// period is the last one, which may go on.
	period Period
}

// expected is a digest that must be there.
type expected struct {
	Link
	key objectkey.Key // where it must lie here
}

// digest looks at the next older digest file of the chain.
func (w *walk) digest(ctx context.Context, key objectkey.Key, file fetched) error {
	link, err := w.follow(key)
	if err != nil {
		return err
	}
	found, err := w.v.check(ctx, key, file, link)
	if err != nil {
		return err
	}
	if w.after(found, key) {
		w.reached = true
		w.advance(found, key)
		return nil
	}
	if err := w.reach(key.Time); err != nil {
		return err
	}
	if err := w.count(found, key); err != nil {
		return err
	}
	period, err := w.logs(ctx, found, key)
	if err != nil {
		return err
	}
	return w.account(found, key, period)
}

// follow compares a key with what the newer digest expects. It returns the expectation if the key is it.
func (w *walk) follow(key objectkey.Key) (*expected, error) {
	next := w.next
	if next == nil {
		return nil, nil
	}
	if same(next.key, key) {
		w.next = nil
		return next, nil
	}
	if key.Time.After(next.key.Time) {
		return nil, nil // nobody names it; what is expected may still come
	}
	w.next = nil
	return nil, w.missing(next)
}

// same compares places; a copy may be decompressed.
func same(a, b objectkey.Key) bool {
	a.Name, b.Name = strings.TrimSuffix(a.Name, ".gz"), strings.TrimSuffix(b.Name, ".gz")
	return a == b
}

// missing reports a digest that is not there.
func (w *walk) missing(e *expected) error {
	if !w.v.opt.To.IsZero() && e.key.Time.Add(-hour).After(w.v.opt.To) {
		return nil
	}
	w.sum.Digests.add(NotFound)
	if w.hole == "" {
		w.hole = Missing
	}
	return w.v.report.File(File{Chain: w.chain, Digest: true, Bucket: e.Bucket, Object: e.Object, Key: e.key.String(), End: e.key.Time, Status: NotFound})
}

// after says whether a digest lies behind the end of the range: it is only read for what it says about the one before.
func (w *walk) after(found checked, key objectkey.Key) bool {
	to := w.v.opt.To
	if to.IsZero() {
		return false
	}
	start := key.Time.Add(-hour)
	if found.ok() {
		start = found.digest.Start
	}
	return !start.Before(to)
}

// reach reports where the chain ends too early, before its first digest of the range is looked at.
func (w *walk) reach(end time.Time) error {
	if w.reached {
		return nil
	}
	w.reached = true
	w.cursor = end
	if seen, ok := w.v.opt.Seen[w.chain]; ok && seen.Sub(end) > slack {
		return w.add(Period{From: end, To: seen, Verdict: Missing})
	}
	want := w.v.opt.To
	if now := w.v.opt.Now; !now.IsZero() && want.After(now.Add(-delivery)) {
		want = now.Add(-delivery)
	}
	if want.IsZero() || w.chain.Backfill || want.Sub(end) <= slack {
		return nil
	}
	return w.add(Period{From: end, To: want, Verdict: EndedEarly})
}

// count reports a digest file.
func (w *walk) count(found checked, key objectkey.Key) error {
	w.sum.Digests.add(found.status)
	f := File{Chain: w.chain, Digest: true, Bucket: w.v.opt.Bucket, Object: key.String(), Key: key.String(), End: key.Time, Status: found.status, Detail: found.detail}
	if d := found.digest; d != nil && found.ok() {
		f.Bucket, f.Object, f.Start, f.End = d.Bucket, d.Object, d.Start, d.End
		if len(d.Logs) == 0 {
			w.sum.EmptyHours++
		}
	}
	if found.status == Unverified {
		w.sum.Unverified++
	}
	return w.v.report.File(f)
}

// account enters the hour of a digest into the periods.
func (w *walk) account(found checked, key objectkey.Key, period Period) error {
	end := key.Time
	if found.ok() {
		end = found.digest.End
	}
	if err := w.fill(end); err != nil {
		return err
	}
	switch {
	case found.ok():
		period.From, period.To = found.digest.Start, end
		period.Starts = found.digest.Previous == nil
		if w.sum.From.IsZero() || found.digest.Start.Before(w.sum.From) {
			w.sum.From = found.digest.Start
		}
		if end.After(w.sum.To) {
			w.sum.To = end
		}
	default: // where it starts will be known from the next older one
		period.From, period.To = end, end
	}
	if err := w.add(period); err != nil {
		return err
	}
	w.advance(found, key)
	return nil
}

// fill accounts for the time between a digest's end and the newer digest's start.
func (w *walk) fill(end time.Time) error {
	hole := w.hole
	w.hole = ""
	if w.starts {
		w.sum.Restarts++
		w.starts = false
	}
	if w.cursor.IsZero() || w.cursor.Sub(end) <= slack {
		return nil
	}
	if hole == "" {
		hole = Gap
	}
	w.census.unsure(end, w.cursor)
	return w.add(Period{From: end, To: w.cursor, Verdict: hole})
}

// advance remembers what the next older digest is held against.
func (w *walk) advance(found checked, key objectkey.Key) {
	w.hole = ""
	if found.next != nil {
		w.next = found.next
	}
	if !found.ok() {
		w.census.unsure(key.Time, key.Time)
		w.cursor = key.Time
		w.hole = Failed
		if found.status == Unverified {
			w.hole = Unproven
		}
		return
	}
	if w.cursor.IsZero() || found.digest.Start.Before(w.cursor) {
		w.cursor = found.digest.Start
	}
	w.starts = found.digest.Previous == nil
}

// add enters a period: it goes on with the last one where that has the same verdict and touches it.
func (w *walk) add(p Period) error {
	p.Chain = w.chain
	last := &w.period
	touches := p.To.Sub(last.From).Abs() <= slack
	if last.Verdict == p.Verdict && touches && !last.Starts {
		last.From, last.Starts = p.From, p.Starts
		last.Digests += p.Digests
		last.Logs += p.Logs
		last.Invalid += p.Invalid
		return nil
	}
	if err := w.flush(); err != nil {
		return err
	}
	w.period = p
	return nil
}

// flush reports the last period.
func (w *walk) flush() error {
	p := w.period
	w.period = Period{}
	switch p.Verdict {
	case "":
		return nil
	case Gap:
		w.sum.Gaps++
	case EndedEarly:
		w.sum.Ended++
	case Missing:
		w.sum.Missing++
	}
	return w.v.report.Period(p)
}

// end closes the chain, whose oldest digest was looked at.
func (w *walk) end() error {
	if seen := w.v.opt.Seen[w.chain]; !w.reached && seen.After(w.v.opt.From) {
		if err := w.add(Period{To: seen, Verdict: Missing}); err != nil {
			return err
		}
	}
	if e := w.next; e != nil && e.key.Time.After(w.v.opt.From) {
		if err := w.missing(e); err != nil {
			return err
		}
	}
	if w.hole != "" && !w.cursor.IsZero() { // how far it reaches nobody says: a digest covers an hour
		if err := w.add(Period{From: w.cursor.Add(-hour), To: w.cursor, Verdict: w.hole}); err != nil {
			return err
		}
	}
	if err := w.flush(); err != nil {
		return err
	}
	w.v.total(w.sum)
	return w.v.report.Chain(w.sum)
}
