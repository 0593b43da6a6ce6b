package query

import (
	"context"
	"fmt"
	"math"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/lake/segment"
	"kiroku/internal/search"
)

// EventTypes tells alerts from activities.
type EventTypes uint8

// The types of events.
const (
	Activities EventTypes = 1 << iota // everything that is not an alert
	Alerts                            // events of OCSF's category Findings
)

const categoryFindings = 2

// FollowRequest says which events of a store a Follower gives.
type FollowRequest struct {
	Store    string
	Search   string         // the search language; empty: everything
	Types    EventTypes     // 0: both
	From, To time.Time      // half-open: From <= time < To; zero: open
	By       event.Column   // the time that From and To mean: ColTime, ColIngestTime; 0: ColTime
	Columns  []event.Column // empty: all. ColSeq is always there
	Denied   []event.Column // columns that the caller may not read: a search that looks into one is refused
}

// Progress is what one call of Next did.
type Progress struct {
	Next   int64 // every event up to here was given, or does not match: after of the next call
	Events int   // that were given
	More   bool  // there is more to look at already; otherwise wait for Changed
	// Gone are sequence numbers in (after, Next] that the store has no more: see Feed.Gap. Always 0 with From or To.
	Gone int64
}

// Follower gives the events of a request. It holds nothing of them between two calls and is safe for concurrent use.
type Follower struct {
	feed     *Feed
	store    string
	node     *search.Node
	key      string // the same for all that give the same events of a group
	types    EventTypes
	by       event.Column
	from, to int64
	windowed bool
	columns  []event.Column
}

// Follower prepares a request. What is wrong with it is a fault.Invalid or a search.SyntaxError, as with Search.
func (f *Feed) Follower(req FollowRequest) (*Follower, error) {
	c, err := compileWith(f.fields, &Request{Search: req.Search, From: req.From, To: req.To, Denied: req.Denied})
	if err != nil {
		return nil, err
	}
	if _, _, err := f.lake.Head(req.Store); err != nil {
		return nil, err
	}
	fo := &Follower{feed: f, store: req.Store, node: c.prog.Bind(req.Store).Root, types: req.Types, by: req.By, from: c.from, to: c.to,
		windowed: !req.From.IsZero() || !req.To.IsZero()}
	switch fo.by {
	case 0:
		fo.by = event.ColTime
	case event.ColTime, event.ColIngestTime:
	default:
		return nil, fault.New(fault.Invalid, fmt.Errorf("events are not followed by %s", fo.by), "Take time or ingest_time.")
	}
	if fo.types == Activities|Alerts {
		fo.types = 0
	}
	fo.key = fmt.Sprintf("%d %d %d %d %s", fo.types, fo.by, fo.from, fo.to, req.Search)
	if len(req.Columns) == 0 {
		req.Columns = allColumns
	}
	for _, col := range req.Columns {
		if col != event.ColSeq {
			fo.columns = append(fo.columns, col)
		}
	}
	return fo, nil
}

// followTime is how long a call of Next looks for events.
const followTime = time.Second / 2

// followChunk is how many events are prepared at a time, at least and at most: who wants few should not wait for many.
const (
	followChunkMin = 64
	followChunkMax = 4096
)

// Next calls take for the matching events behind a position, in rising order of their sequence numbers, until take returns
// false, which leaves that event for the next call, or there is nothing more, or it has looked for about half a second.
// take must keep nothing of the event.
//
// What it sees is the store at one moment: every event up to the last number is there, or will never be.
func (f *Follower) Next(ctx context.Context, after int64, take func(e *event.Event) bool) (p Progress, err error) {
	p.Next = after
	w, err := f.begin(after)
	if err != nil {
		return p, err
	}
	defer w.close()
	if after == w.last {
		return p, nil
	}
	for n := followChunkMin; ; n = min(2*n, followChunkMax) {
		more, err := w.collect(ctx, n)
		if err != nil {
			return p, f.failed(err)
		}
		full, err := w.give(&p, take)
		switch {
		case err != nil:
			return p, f.failed(err)
		case full:
			p.More = true
		case !more:
			p.Next = w.last
		case time.Now().After(w.until):
			p.Next, p.More = max(p.Next, min(w.edge(), w.next(), w.last+1)-1), true
		default:
			continue
		}
		break
	}
	if !f.windowed {
		p.Gone, err = w.gone(p.Next)
	}
	return p, err
}

// begin starts a walk over the store as it is now.
func (f *Follower) begin(after int64) (*follow, error) {
	parts, last, release, err := f.feed.lake.PartsAfter(f.store, after)
	if err != nil {
		return nil, err
	}
	if after > last {
		release()
		return nil, fault.New(fault.Conflict, fmt.Errorf("position %d is behind the last event of store %q, which is %d", after, f.store, last),
			"The data folder was perhaps put back from a backup. Begin at a position that exists.")
	}
	return &follow{f: f, m: f.feed.matchers.get(), after: after, last: last, parts: parts, release: release, until: time.Now().Add(followTime)}, nil
}

// failed tells a store that was deleted meanwhile from files that cannot be read.
func (f *Follower) failed(err error) error {
	if _, _, gone := f.feed.lake.Head(f.store); gone != nil {
		return gone
	}
	return fmt.Errorf("follow store %q: %w", f.store, err)
}

// mayMatch says whether events of a segment with these times can match.
func (f *Follower) mayMatch(minTime, maxTime int64) bool {
	return f.by != event.ColTime || maxTime >= f.from && minTime < f.to
}

// match returns the rows of a group that f gives.
func (f *Follower) match(m *matcher, g *segment.Group) (rowset, error) {
	none := newRowset(g.Rows)
	lo, hi, known := g.Range(f.by)
	if f.windowed && known && (hi < f.from || lo >= f.to) {
		return none, nil
	}
	least, most, kinds := g.Range(event.ColCategoryUID)
	noAlerts := kinds && (least > categoryFindings || most < categoryFindings)
	onlyAlerts := kinds && least == categoryFindings && most == categoryFindings
	if f.types == Alerts && noAlerts || f.types == Activities && onlyAlerts {
		return none, nil
	}
	set, err := m.candidates(g, f.node)
	if err != nil || set.empty() {
		return set, err
	}
	if f.windowed && (!known || lo < f.from || hi >= f.to) {
		if err := m.keep(g, f.by, set, func(t int64) bool { return t >= f.from && t < f.to }); err != nil {
			return set, err
		}
	}
	if f.types == Alerts && !onlyAlerts || f.types == Activities && !noAlerts {
		alerts := f.types == Alerts
		if err := m.keep(g, event.ColCategoryUID, set, func(v int64) bool { return (v == categoryFindings) == alerts }); err != nil {
			return set, err
		}
	}
	return m.eval(g, f.node, set)
}

// keep removes the rows whose number does not hold.
func (m *matcher) keep(g *segment.Group, c event.Column, set rowset, holds func(v int64) bool) error {
	if err := m.r.Numbers(g, c, &m.nums); err != nil {
		return err
	}
	for i, v := range m.nums.Vals {
		if !holds(v) {
			set.remove(i)
		}
	}
	return nil
}

// Back is the position behind which the last n matching events up to the number upTo stand; the position before the first
// event of the store when there are fewer, or before those that were found within about two seconds.
func (f *Follower) Back(ctx context.Context, upTo int64, n int) (after int64, err error) {
	first, last, err := f.feed.lake.Head(f.store)
	if err != nil {
		return 0, err
	}
	upTo = min(upTo, last)
	until := time.Now().Add(4 * followTime)
	for window := int64(segment.GroupRows); ; window *= 4 {
		from := max(first-1, upTo-window)
		if from >= upTo || n <= 0 {
			return upTo, nil
		}
		found, err := f.lastOf(ctx, from, upTo, n)
		if err != nil {
			return 0, err
		}
		switch {
		case len(found) == n:
			return found[0] - 1, nil
		case from == first-1:
			return from, nil
		case time.Now().After(until) && len(found) > 0:
			return found[0] - 1, nil
		case time.Now().After(until):
			return from, nil
		}
	}
}

// lastOf returns the numbers of the last n matching events in (after, upTo].
func (f *Follower) lastOf(ctx context.Context, after, upTo int64, n int) ([]int64, error) {
	w, err := f.begin(after)
	if err != nil {
		return nil, err
	}
	defer w.close()
	w.until = time.Unix(math.MaxInt32, 0)
	var found []int64
	for {
		more, err := w.collect(ctx, followChunkMax)
		if err != nil {
			return nil, f.failed(err)
		}
		for _, s := range w.spans {
			for _, row := range s.c.batch[s.from:s.to] {
				seq := s.c.order.seq(row)
				if seq > upTo {
					more = false
					break
				}
				found = append(found, seq)
			}
		}
		found = append(found[:0], found[max(0, len(found)-n):]...)
		if !more {
			return found, nil
		}
	}
}
