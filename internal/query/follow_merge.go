package query

import (
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/lake/segment"
)

// follow is one walk of a Follower over a snapshot of its store: the row groups whose numbers overlap are merged.
//
// A group waits until the walk comes to its first number; only then its filter is evaluated.
type follow struct {
	f       *Follower
	m       *matcher
	after   int64
	last    int64          // that the store had given
	release func()         // of parts
	parts   []Part         // not opened yet, by FirstSeq
	waiting groupHeap      // of opened ones
	active  cursorHeap     // have rows to give
	passed  []*cachedGroup // all that were active
	until   time.Time
	spans   []span // of the hits
}

// followCursor walks the matching rows of a group.
type followCursor struct {
	cg    *cachedGroup
	order *seqOrder
	hits  *matched
	i, n  int   // next of n hits
	seq   int64 // its number
	rows  *segment.Rows
	few   bool
	batch []int32 // rows of the hits that were collected
}

// span is a run of hits of one cursor, batch[from:to].
type span struct {
	c        *followCursor
	from, to int
}

type groupHeap []*segment.Group

func (h groupHeap) Len() int           { return len(h) }
func (h groupHeap) Less(i, j int) bool { return h[i].FirstSeq < h[j].FirstSeq }
func (h groupHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *groupHeap) Push(x any)        { *h = append(*h, x.(*segment.Group)) }
func (h *groupHeap) Pop() any {
	old := *h
	g := old[len(old)-1]
	*h = old[:len(old)-1]
	return g
}

type cursorHeap []*followCursor

func (h cursorHeap) Len() int           { return len(h) }
func (h cursorHeap) Less(i, j int) bool { return h[i].seq < h[j].seq }
func (h cursorHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *cursorHeap) Push(x any)        { *h = append(*h, x.(*followCursor)) }
func (h *cursorHeap) Pop() any {
	old := *h
	c := old[len(old)-1]
	*h = old[:len(old)-1]
	return c
}

// edge is the first number of what was not looked at yet.
func (w *follow) edge() int64 {
	edge := int64(math.MaxInt64)
	if len(w.parts) > 0 {
		edge = w.parts[0].FirstSeq
	}
	if len(w.waiting) > 0 {
		edge = min(edge, w.waiting[0].FirstSeq)
	}
	return edge
}

// next is the number of the next hit that is known.
func (w *follow) next() int64 {
	if len(w.active) == 0 {
		return math.MaxInt64
	}
	return w.active[0].seq
}

// collect finds the next hits, at most n; they are in w.spans. more is false when there are no others. It ends early when
// time is up and the walk has come beyond after.
func (w *follow) collect(ctx context.Context, n int) (more bool, err error) {
	for _, s := range w.spans {
		c := s.c
		if c.batch = c.batch[:0]; c.few && c.i == c.n && c.rows != nil {
			w.m.spare, c.rows = append(w.m.spare, c.rows), nil
		}
	}
	w.spans = w.spans[:0]
	for n > 0 {
		for w.edge() != math.MaxInt64 && w.edge() <= w.next() {
			if err := ctx.Err(); err != nil {
				return false, err
			}
			if min(w.edge(), w.next())-1 > w.after && time.Now().After(w.until) {
				return true, nil
			}
			if err := w.open(); err != nil {
				return false, err
			}
		}
		if len(w.active) == 0 {
			return false, nil
		}
		n -= w.run(n)
	}
	return true, nil
}

// run collects hits of the first cursor as long as no other is before it.
func (w *follow) run(n int) int {
	c := w.active[0]
	limit := w.edge()
	for _, o := range w.active[1:min(3, len(w.active))] {
		limit = min(limit, o.seq)
	}
	from := len(c.batch)
	for len(c.batch)-from < n && c.i < c.n && c.seq < limit {
		c.batch = append(c.batch, c.row())
		c.step()
	}
	if c.i == c.n {
		heap.Pop(&w.active)
	} else {
		heap.Fix(&w.active, 0)
	}
	w.spans = append(w.spans, span{c, from, len(c.batch)})
	return len(c.batch) - from
}

// open opens the segment, or the group, that comes first.
func (w *follow) open() error {
	if len(w.waiting) > 0 && (len(w.parts) == 0 || w.waiting[0].FirstSeq <= w.parts[0].FirstSeq) {
		return w.activate(heap.Pop(&w.waiting).(*segment.Group))
	}
	p := w.parts[0]
	w.parts = w.parts[1:]
	if !w.f.mayMatch(p.MinTime, p.MaxTime) {
		return nil
	}
	file, err := p.Open()
	if err != nil {
		return fmt.Errorf("open segment of store %q: %w", p.Store, err)
	}
	for _, g := range file.Groups {
		if _, hi, ok := g.Range(event.ColSeq); !ok || hi > w.after {
			heap.Push(&w.waiting, g)
		}
	}
	return nil
}

// activate evaluates the filter for a group.
func (w *follow) activate(g *segment.Group) error {
	cg := w.f.feed.groups.get(g)
	w.passed = append(w.passed, cg)
	hits, err := cg.matching(w.m, w.f)
	if err != nil || !hits.all && len(hits.rows) == 0 {
		return err
	}
	order, err := cg.sequence(w.m)
	if err != nil {
		return err
	}
	c := &followCursor{cg: cg, order: order, hits: hits, n: len(hits.rows)}
	if hits.all {
		c.n = order.n
	}
	if c.i = c.behind(w.after); c.i == c.n {
		return nil
	}
	c.seq = order.seq(c.row())
	// Rows that are asked for soon are worth decoding for everybody; a few are picked out of their pages.
	soon := c.behind(c.seq+segment.GroupRows) - c.i
	c.few = fewOf*soon < g.Rows
	heap.Push(&w.active, c)
	return nil
}

// fewOf is from which part of a group on whole columns are decoded.
const fewOf = 8

func (c *followCursor) row() int32 { return c.at(c.i) }

func (c *followCursor) at(i int) int32 {
	if c.hits.all {
		return c.order.row(i)
	}
	return c.hits.rows[i]
}

// behind is the first hit with a number above seq.
func (c *followCursor) behind(seq int64) int {
	if c.hits.all {
		return c.order.upTo(seq)
	}
	i, _ := slices.BinarySearchFunc(c.hits.rows, seq, func(row int32, seq int64) int {
		return cmp.Compare(c.order.seq(row), seq+1)
	})
	return i
}

func (c *followCursor) step() {
	if c.i++; c.i < c.n {
		c.seq = c.order.seq(c.row())
	}
}

// decode reads the columns of the hits that were collected.
func (w *follow) decode() error {
	for _, s := range w.spans {
		c := s.c
		if s.from != 0 { // not the first of its cursor: the batch is decoded as a whole
			continue
		}
		var err error
		switch {
		case !c.few:
			c.rows, err = c.cg.decode(w.m, c.batch, w.f.columns)
		case c.rows == nil:
			c.rows = w.m.r.Few(c.cg.g, w.memory())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// maxSpare bounds what a matcher keeps; each takes some megabytes.
const maxSpare = 8

// memory is that of rows that nobody reads any more, if there is any.
func (w *follow) memory() (rows *segment.Rows) {
	if n := len(w.m.spare); n > 0 {
		rows, w.m.spare = w.m.spare[n-1], w.m.spare[:n-1]
	}
	return rows
}

// give calls take for the hits that were collected, and returns the number of the last one that was taken; full when take
// wants no more.
func (w *follow) give(p *Progress, take func(e *event.Event) bool) (full bool, err error) {
	if err := w.decode(); err != nil {
		return false, err
	}
	e := &w.m.ev
	defer e.Reset()
	for _, s := range w.spans {
		for _, row := range s.c.batch[s.from:s.to] {
			e.Reset()
			if err := s.c.rows.Fill(int(row), w.f.columns, e); err != nil {
				return false, err
			}
			seq := s.c.order.seq(row)
			e.Int(event.ColSeq, "", seq)
			if !take(e) {
				p.Next = max(p.Next, seq-1)
				return true, nil
			}
			p.Events++
			p.Next = seq
		}
	}
	return false, nil
}

// gone counts the numbers in (after, next] that no group has.
func (w *follow) gone(next int64) (int64, error) {
	gone := next - w.after
	for _, cg := range w.passed {
		lo, hi, ok := cg.g.Range(event.ColSeq)
		if ok && lo > w.after && hi <= next {
			gone -= int64(cg.g.Rows)
			continue
		}
		o, err := cg.sequence(w.m)
		if err != nil {
			return 0, err
		}
		gone -= int64(o.upTo(next) - o.upTo(w.after))
	}
	return gone, nil
}

// close ends the walk; the cache counts what has become of its entries.
func (w *follow) close() {
	for _, c := range w.active {
		if c.few && c.rows != nil {
			w.m.spare = append(w.m.spare, c.rows)
		}
	}
	w.m.spare = w.m.spare[:min(len(w.m.spare), maxSpare)]
	w.f.feed.matchers.put(w.m)
	w.release()
	for _, cg := range w.passed {
		w.f.feed.groups.settle(cg)
	}
}
