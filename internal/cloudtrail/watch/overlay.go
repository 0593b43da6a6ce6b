package watch

import (
	"slices"

	"kiroku/internal/cloudtrail/digest"
	"kiroku/internal/meta"
)

// maxPeriods is how many periods of a chain are kept; the oldest go first.
const maxPeriods = 1000

// overlay puts new periods, oldest first and without overlap, over old ones: what was verified again is as it was found last.
func overlay(chain int64, old []meta.DigestPeriod, fresh []digest.Period) []meta.DigestPeriod {
	from, to := fresh[0].From, fresh[len(fresh)-1].To
	var all []meta.DigestPeriod
	for _, p := range old {
		if before := p; before.From.Before(from) {
			if before.To.After(from) {
				before.To = from
			}
			all = append(all, before)
		}
		if after := p; after.To.After(to) {
			if after.From.Before(to) {
				after.From, after.Starts = to, false
			}
			all = append(all, after)
		}
	}
	for _, p := range fresh {
		all = append(all, meta.DigestPeriod{Chain: chain, From: p.From, To: p.To, Verdict: string(p.Verdict), Starts: p.Starts})
	}
	slices.SortStableFunc(all, func(a, b meta.DigestPeriod) int { return a.To.Compare(b.To) })
	merged := all[:0]
	for _, p := range all {
		if !p.From.Before(p.To) {
			continue
		}
		if n := len(merged); n > 0 {
			last := &merged[n-1]
			if last.Verdict == p.Verdict && !p.Starts && p.From.Sub(last.To).Abs() <= slack {
				last.To = p.To
				continue
			}
			if last.To.Equal(p.To) {
				continue
			}
		}
		merged = append(merged, p)
	}
	return slices.Clone(merged[max(0, len(merged)-maxPeriods):])
}
