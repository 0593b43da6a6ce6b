package query

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/lake/segment"
	"kiroku/internal/search"
)

const (
	defaultBuckets = 60
	maxBuckets     = 2000
	maxSplit       = 8 // values of a split histogram
)

// rounds are the intervals that a histogram chooses from.
var rounds = []time.Duration{time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second,
	10 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute,
	30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, day, 2 * day, 7 * day, 14 * day, 30 * day, 90 * day, 365 * day}

const day = 24 * time.Hour

// Histogram counts matching events over time. Buckets begin at round times of the zone.
func (q *Queries) Histogram(ctx context.Context, req Request, opt HistogramOptions) (*Histogram, error) {
	began := time.Now()
	c, err := q.compile(&req)
	if err != nil {
		return nil, err
	}
	us, release, err := q.units(ctx, &req, c)
	if err != nil {
		return nil, err
	}
	defer release()
	ax, err := newAxis(c, us, opt)
	if err != nil {
		return nil, err
	}
	h := &Histogram{Interval: ax.step, Buckets: []Bucket{}}
	if ax.n == 0 {
		return h, nil
	}
	var split *search.Target
	if opt.By != "" {
		t, err := q.target(&req, opt.By)
		if err != nil {
			return nil, err
		}
		split = &t
	}
	bars := make([]*bars, workers())
	for w := range bars {
		bars[w] = newBars(ax.n)
	}
	err = q.eachUnit(ctx, us, &h.Scanned, func(w int, m *matcher, u *unit) error {
		return bars[w].add(m, c, u, ax, split)
	})
	if err != nil {
		return nil, err
	}
	sum := bars[0]
	for _, b := range bars[1:] {
		sum.merge(b)
	}
	sum.write(h, ax, split != nil)
	h.Scanned.Took = time.Since(began)
	return h, nil
}

// axis is how time is cut.
type axis struct {
	first time.Time // start of the first bucket
	step  time.Duration
	n     int
}

func newAxis(c *compiled, us []unit, opt HistogramOptions) (*axis, error) {
	if opt.Buckets < 0 || opt.Buckets > maxBuckets || opt.Interval < 0 {
		return nil, fault.New(fault.Invalid, fmt.Errorf("histogram with %d buckets is not possible", opt.Buckets), fmt.Sprintf("Ask for 1 to %d.", maxBuckets))
	}
	lo, hi := c.from, c.to
	if lo == math.MinInt64 || hi == math.MaxInt64 {
		least, most := int64(math.MaxInt64), int64(math.MinInt64)
		for i := range us {
			least, most = min(least, us[i].g.MinTime), max(most, us[i].g.MaxTime+1)
		}
		if len(us) == 0 {
			return &axis{}, nil
		}
		if lo == math.MinInt64 {
			lo = least
		}
		if hi == math.MaxInt64 {
			hi = max(most, lo+1)
		}
	}
	span := time.Duration(hi-lo) * time.Microsecond
	if (hi-lo)/1000 > math.MaxInt64/int64(time.Millisecond) {
		span = math.MaxInt64
	}
	step := opt.Interval
	if step == 0 {
		want := opt.Buckets
		if want == 0 {
			want = defaultBuckets
		}
		step = rounds[len(rounds)-1]
		for _, r := range rounds {
			if int64(span/r) < int64(want) {
				step = r
				break
			}
		}
	}
	step = max(step, time.Millisecond)
	ax := &axis{first: floor(time.UnixMicro(lo), step, opt.Zone), step: step}
	n := (hi-ax.first.UnixMicro()-1)/step.Microseconds() + 1
	if n > maxBuckets {
		return nil, fault.New(fault.Invalid, fmt.Errorf("histogram would have %d buckets of %v", n, step), fmt.Sprintf("Choose a wider interval or a shorter range: at most %d.", maxBuckets))
	}
	ax.n = int(n)
	return ax, nil
}

// floor is the round time of the zone at or before t.
func floor(t time.Time, step time.Duration, zone *time.Location) time.Time {
	if zone == nil {
		zone = time.UTC
	}
	t = t.In(zone)
	_, offset := t.Zone()
	us, add, st := t.UnixMicro(), int64(offset)*1e6, step.Microseconds()
	k := (us + add) / st
	if (us+add)%st < 0 {
		k--
	}
	return time.UnixMicro(k*st - add).In(zone)
}

// bars are the counts of one goroutine.
type bars struct {
	n  []int64
	by []map[string]int64
}

func newBars(n int) *bars { return &bars{n: make([]int64, n), by: make([]map[string]int64, n)} }

func (b *bars) add(m *matcher, c *compiled, u *unit, ax *axis, split *search.Target) error {
	first, step := ax.first.UnixMicro(), ax.step.Microseconds()
	if split == nil && c.whole(u) && (u.g.MinTime-first)/step == (u.g.MaxTime-first)/step {
		b.n[(u.g.MinTime-first)/step] += int64(u.g.Rows)
		return nil
	}
	set, err := c.match(m, u)
	if err != nil || set.empty() {
		return err
	}
	var times segment.Numbers
	if err := m.r.Numbers(u.g, event.ColTime, &times); err != nil {
		return err
	}
	if split == nil {
		set.each(func(row int) { b.n[(times.Vals[row]-first)/step]++ })
		return nil
	}
	parts := map[int64]rowset{}
	set.each(func(row int) {
		k := (times.Vals[row] - first) / step
		p, ok := parts[k]
		if !ok {
			p = newRowset(u.g.Rows)
			parts[k] = p
		}
		p.add(row)
	})
	for k, p := range parts {
		cn := newCounter(*split)
		if err := cn.count(m, u.g, p); err != nil {
			return err
		}
		b.n[k] += int64(p.count())
		if b.by[k] == nil {
			b.by[k] = map[string]int64{}
		}
		for v, n := range cn.counts {
			b.by[k][v] += *n
		}
	}
	return nil
}

func (b *bars) merge(o *bars) {
	for i, n := range o.n {
		b.n[i] += n
		if o.by[i] == nil {
			continue
		}
		if b.by[i] == nil {
			b.by[i] = map[string]int64{}
		}
		for v, k := range o.by[i] {
			b.by[i][v] += k
		}
	}
}

// write fills the histogram; of a split one only the most frequent values are named.
func (b *bars) write(h *Histogram, ax *axis, split bool) {
	var named []string
	if split {
		total := newCounter(search.Target{})
		for _, m := range b.by {
			for v, n := range m {
				total.add(v, n)
			}
		}
		for _, v := range total.facet("", maxSplit).Values {
			named = append(named, v.Value)
		}
	}
	for i, n := range b.n {
		k := Bucket{Start: ax.first.Add(time.Duration(i) * ax.step), Count: n}
		h.Total += n
		if split {
			k.By = map[string]int64{}
			rest := n
			for _, v := range named {
				if c := b.by[i][v]; c > 0 {
					k.By[v] = c
					rest -= c
				}
			}
			if rest > 0 && !slices.Contains(named, "") {
				k.By[""] = rest
			}
		}
		h.Buckets = append(h.Buckets, k)
	}
}
