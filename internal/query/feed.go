package query

import (
	"context"
	"fmt"
	"math"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/lake/segment"
	"kiroku/internal/search"
)

// SeqLake is where a Feed reads. It is asked from many goroutines at once.
type SeqLake interface {
	// PartsAfter lists the segments of a store that may hold events with a sequence number above after, in the order of
	// FirstSeq, and the last number that the store had given at that moment. They stay readable until release is called.
	PartsAfter(store string, after int64) (parts []Part, last int64, release func(), err error)
	// Head is the least sequence number that the store still has and the last one it has given. first is last+1 when there
	// is no event.
	Head(store string) (first, last int64, err error)
	// Changed returns a channel that is closed as soon as any store has new events, or is deleted.
	Changed() <-chan struct{}
	// Dropped tells what is remembered of events with numbers in (after, last] that are no longer there.
	Dropped(ctx context.Context, store string, after, last int64) ([]Dropped, error)
}

// Dropped is what is remembered of events that retention, or the deletion of a store, has removed together: Rows events
// with sequence numbers from FirstSeq to LastSeq, perhaps among others, and times from MinTime to MaxTime (microseconds).
type Dropped struct {
	FirstSeq, LastSeq int64
	Rows              int64
	MinTime, MaxTime  int64
}

// Feed gives the events of stores in the order of their sequence numbers, to many that are at different places. It is
// safe for concurrent use.
type Feed struct {
	lake     SeqLake
	fields   *search.Fields
	groups   groupCache
	matchers matchers
}

// NewFeed makes a Feed. fields knows the names that searches may use.
func NewFeed(lake SeqLake, fields *search.Fields) *Feed { return &Feed{lake: lake, fields: fields} }

// Warnings are about a search that works but may not mean what was meant; none when it does not work.
func (f *Feed) Warnings(text string) []search.Warning {
	c, err := compileWith(f.fields, &Request{Search: text})
	if err != nil {
		return nil
	}
	return c.prog.Warnings
}

// Changed returns a channel that is closed as soon as any store has new events, or is deleted. Ask for it before Next, so
// that nothing that comes in between is missed.
func (f *Feed) Changed() <-chan struct{} {
	f.groups.sweep()
	return f.lake.Changed()
}

// Head is the least sequence number that a store still has and the last one it has given; first is last+1 when it has no
// event. It costs next to nothing.
func (f *Feed) Head(store string) (first, last int64, err error) { return f.lake.Head(store) }

// Ingested is when the first event behind a position was taken in; zero when there is none. now - Ingested is the lag.
func (f *Feed) Ingested(ctx context.Context, store string, after int64) (t time.Time, err error) {
	all := &Follower{feed: f, store: store, node: &search.Node{Op: search.OpAll}, by: event.ColTime, from: math.MinInt64, to: math.MaxInt64,
		columns: []event.Column{event.ColIngestTime}, windowed: true}
	all.key = fmt.Sprintf("%d %d %d %d %s", all.types, all.by, all.from, all.to, "")
	got := false
	_, err = all.Next(ctx, after, func(e *event.Event) bool {
		if !got {
			got, t = true, time.UnixMicro(e.GetInt(event.ColIngestTime)).UTC()
			return true
		}
		return false
	})
	return t, err
}

// Since is the position behind which all events with a time (ColTime or ColIngestTime) at or after t stand.
func (f *Feed) Since(ctx context.Context, store string, by event.Column, t time.Time) (after int64, err error) {
	parts, last, release, err := f.lake.PartsAfter(store, 0)
	if err != nil {
		return 0, err
	}
	defer release()
	from, first := t.UnixMicro(), last+1
	m := f.matchers.get()
	defer f.matchers.put(m)
	for i := range parts {
		p := &parts[i]
		if p.FirstSeq >= first || by == event.ColTime && p.MaxTime < from {
			continue
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		file, err := p.Open()
		if err != nil {
			return 0, fmt.Errorf("open segment of store %q: %w", store, err)
		}
		for _, g := range file.Groups {
			if first, err = firstSince(m, g, by, from, first); err != nil {
				return 0, fmt.Errorf("read times of store %q: %w", store, err)
			}
		}
	}
	return first - 1, nil
}

// firstSince returns the least number of the events of a group from a time on, if it is below first; else first.
func firstSince(m *matcher, g *segment.Group, by event.Column, from, first int64) (int64, error) {
	lo, hi, known := g.Range(by)
	switch {
	case g.FirstSeq >= first || known && hi < from:
		return first, nil
	case known && lo >= from:
		return g.FirstSeq, nil
	}
	if err := m.r.Numbers(g, by, &m.nums); err != nil {
		return 0, err
	}
	seqs, err := m.r.Seqs(g, nil)
	if err != nil {
		return 0, err
	}
	for i, v := range m.nums.Vals {
		if v >= from {
			first = min(first, seqs[i])
		}
	}
	return first, nil
}

// Gap describes events behind a position that a store has no more.
type Gap struct {
	Count    int64     // exact
	FirstSeq int64     // they lie in FirstSeq to LastSeq, perhaps among others
	LastSeq  int64     //
	From, To time.Time // half-open: their times; zero when nothing is remembered of them
	Resume   int64     // number of the first event behind the position that is there; the last one given + 1 when none is
}

// Gap says which events with numbers in (after, last] the store has no more; last 0: all that it has given. With since, those of
// days that ended before it are left out: they were gone by then, or are not wanted. What is remembered of a day does not say
// which of its numbers are which, so that then Count is the greatest that it can be.
func (f *Feed) Gap(ctx context.Context, store string, after, last int64, since time.Time) (gap Gap, err error) {
	parts, head, release, err := f.lake.PartsAfter(store, after)
	if err != nil {
		return gap, err
	}
	defer release()
	if last == 0 || last > head {
		last = head
	}
	gap.Resume = head + 1
	if last <= after {
		return gap, nil
	}
	m := f.matchers.get()
	defer f.matchers.put(m)
	gap.Count = last - after
	for i := range parts {
		p := &parts[i]
		if p.FirstSeq > after {
			gap.Resume = min(gap.Resume, p.FirstSeq)
		}
		if p.FirstSeq > last {
			continue
		}
		if p.FirstSeq > after && p.LastSeq <= last {
			gap.Count -= p.Rows
			continue
		}
		n, least, err := within(m, p, after, last)
		if err != nil {
			return gap, fmt.Errorf("count events of store %q: %w", store, err)
		}
		gap.Count -= n
		gap.Resume = min(gap.Resume, least)
	}
	if gap.Count == 0 {
		return gap, nil
	}
	return f.remembered(ctx, store, after, last, since, gap)
}

// within counts the events of a segment with numbers in (after, last], and returns the least number above after.
func within(m *matcher, p *Part, after, last int64) (n, least int64, err error) {
	file, err := p.Open()
	if err != nil {
		return 0, 0, err
	}
	least = math.MaxInt64
	var seqs []int64
	for _, g := range file.Groups {
		if lo, hi, ok := g.Range(event.ColSeq); ok && (hi <= after || lo > last) {
			if lo > after {
				least = min(least, lo)
			}
			continue
		}
		if seqs, err = m.r.Seqs(g, seqs[:0]); err != nil {
			return 0, 0, err
		}
		for _, s := range seqs {
			if s > after {
				least = min(least, s)
				if s <= last {
					n++
				}
			}
		}
	}
	return n, least, nil
}

// remembered completes a gap with what the lake remembers of its events.
func (f *Feed) remembered(ctx context.Context, store string, after, last int64, since time.Time, gap Gap) (Gap, error) {
	known, err := f.lake.Dropped(ctx, store, after, last)
	if err != nil {
		return gap, err
	}
	var rows, old int64
	wanted := known[:0]
	for _, d := range known {
		if rows += d.Rows; !since.IsZero() && d.MaxTime < since.UnixMicro() {
			old += d.Rows
			continue
		}
		wanted = append(wanted, d)
	}
	if old > 0 { // of what is missing, so much is wanted at most: that of other days, and of what nothing is remembered
		if gap.Count = min(gap.Count, rows-old+max(0, gap.Count-rows)); gap.Count == 0 {
			return Gap{Resume: gap.Resume}, nil
		}
	}
	gap.FirstSeq, gap.LastSeq = after+1, last
	if len(wanted) == 0 {
		return gap, nil
	}
	least, most, from, to := last, after+1, int64(math.MaxInt64), int64(math.MinInt64)
	for _, d := range wanted {
		least, most = min(least, d.FirstSeq), max(most, d.LastSeq)
		from, to = min(from, d.MinTime), max(to, d.MaxTime)
	}
	gap.From, gap.To = time.UnixMicro(from).UTC(), time.UnixMicro(to+1).UTC()
	if rows-old >= gap.Count {
		gap.FirstSeq, gap.LastSeq = max(gap.FirstSeq, least), min(gap.LastSeq, most)
	}
	return gap, nil
}
