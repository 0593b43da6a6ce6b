package watch

import (
	"slices"
	"time"

	"kiroku/internal/cloudtrail/digest"
	"kiroku/internal/meta"
)

// maxFindings is how many wrong files of a chain one verification remembers; more are in its count only.
const maxFindings = 1000

// collector gathers what one verification of a folder finds.
type collector struct {
	before map[digest.Chain]known
	chains map[digest.Chain]*result
}

// result is what was found of a chain.
type result struct {
	before        known
	from, to      time.Time
	digests, logs int64 // valid ones of hours that were not verified before
	wrong         []digest.File
	periods       []digest.Period // oldest first
}

func newCollector(before map[digest.Chain]known) *collector {
	return &collector{before: before, chains: map[digest.Chain]*result{}}
}

func (c *collector) of(chain digest.Chain) *result {
	r := c.chains[chain]
	if r == nil {
		r = &result{before: c.before[chain]}
		c.chains[chain] = r
	}
	return r
}

// File implements digest.Report.
func (c *collector) File(f digest.File) error {
	switch f.Status {
	case digest.Unlisted: // a trail without validation writes them: they are counted
		return nil
	case digest.Unverified: // a copy without signatures, where the newest digest never has one
		return nil
	case digest.Valid:
		r := c.of(f.Chain)
		if r.before.covers(f.End) {
			return nil
		}
		if f.Digest {
			r.digests++
		} else {
			r.logs++
		}
		return nil
	}
	if r := c.of(f.Chain); len(r.wrong) < maxFindings {
		r.wrong = append(r.wrong, f)
	}
	return nil
}

// Period implements digest.Report.
func (c *collector) Period(p digest.Period) error {
	r := c.of(p.Chain)
	if p.From.IsZero() { // it is not known where it begins: a digest covers an hour
		p.From = p.To.Add(-time.Hour)
	}
	r.periods = append(r.periods, p)
	return nil
}

// Chain implements digest.Report.
func (c *collector) Chain(s digest.ChainSummary) error {
	r := c.of(s.Chain)
	r.from, r.to = s.From, s.To
	slices.Reverse(r.periods)
	return nil
}

// unjoined is the time from which on must be verified so that no chain that was known has hours of which nothing is known; zero
// when there are none.
func (c *collector) unjoined() (from time.Time) {
	for _, r := range c.chains {
		if len(r.periods) == 0 || r.before.To.IsZero() || r.periods[0].Starts || r.periods[0].From.Sub(r.before.To) <= slack {
			continue
		}
		if t := r.before.To.Add(-again); from.IsZero() || t.Before(from) {
			from = t
		}
	}
	return from
}

// joined are the periods, oldest first, together with the gap between what was known and a chain that begins later.
func (r *result) joined() []digest.Period {
	if len(r.periods) == 0 || r.before.To.IsZero() || r.periods[0].From.Sub(r.before.To) <= slack {
		return r.periods
	}
	first := r.periods[0]
	return append([]digest.Period{{Chain: first.Chain, From: r.before.To, To: first.From, Verdict: digest.Gap}}, r.periods...)
}

// finding is something wrong, and the file that it is about.
type finding struct {
	meta.DigestFinding
	digest, log bool // it is about such a file
}

// restarted is the status of a period that begins a chain after an older one, without a gap.
const restarted = "restarted"

// patience is how long after the time at which a digest may come at the latest it is worth an alert that it did not.
const patience = 4 * time.Hour

// findings are the wrong files, and the periods that are wrong without a file that shows it.
func (r *result) findings(periods []digest.Period) []finding {
	var all []finding
	for _, f := range r.wrong {
		from := f.Start
		if from.IsZero() {
			from = f.End.Add(-time.Hour)
		}
		all = append(all, finding{meta.DigestFinding{Status: string(f.Status), Place: f.Key, From: from, To: f.End, Detail: f.Detail}, f.Digest, !f.Digest})
	}
	for i, p := range periods {
		status := string(p.Verdict)
		switch p.Verdict {
		case digest.Missing:
			if r.explained(p) {
				continue
			}
		case digest.EndedEarly:
			if p.To.Sub(p.From) < patience {
				continue
			}
		case digest.Proven, digest.Failed:
			older := i > 0 && periods[i-1].Verdict != digest.Gap || i == 0 && !r.before.To.IsZero() && p.From.Sub(r.before.To).Abs() <= slack
			if !p.Starts || !older {
				continue
			}
			status = restarted
		case digest.Unproven:
			continue
		}
		all = append(all, finding{DigestFinding: meta.DigestFinding{Status: status, Place: p.From.UTC().Format(time.RFC3339), From: p.From, To: p.To}})
	}
	return all
}

// explained says whether a digest is named as missing that belongs to a period.
func (r *result) explained(p digest.Period) bool {
	return slices.ContainsFunc(r.wrong, func(f digest.File) bool {
		return f.Digest && f.Status == digest.NotFound && f.End.After(p.From) && !f.End.After(p.To.Add(slack))
	})
}

// count enters a new finding into the totals of its chain. A file of a time that was verified before was counted as valid.
func (f *finding) count(c *meta.DigestChain, before known) {
	again := before.covers(f.To)
	switch {
	case f.digest:
		c.DigestsWrong++
		if again && c.DigestsValid > 0 {
			c.DigestsValid--
		}
	case f.log:
		c.LogsWrong++
		if again && c.LogsValid > 0 {
			c.LogsValid--
		}
	}
}
