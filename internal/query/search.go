package query

import (
	"cmp"
	"container/heap"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/lake/segment"

	"golang.org/x/sync/errgroup"
)

const (
	defaultLimit = 200
	maxLimit     = 10000
)

// place orders events: newest first, and of the same time the one that was stored last.
type place struct {
	time  int64
	store string
	seq   int64
}

// before says that p comes before o on a page.
func (p *place) before(o *place) bool {
	if p.time != o.time {
		return p.time > o.time
	}
	if p.store != o.store {
		return p.store < o.store
	}
	return p.seq > o.seq
}

// hit is one matching row.
type hit struct {
	place
	unit *unit
	row  int
}

// hits is a heap with the last event of the page on top.
type hits []hit

func (h hits) Len() int           { return len(h) }
func (h hits) Less(i, j int) bool { return h[j].before(&h[i].place) }
func (h hits) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *hits) Push(x any)        { *h = append(*h, x.(hit)) }
func (h *hits) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

// Search returns one page of events, newest first. It reads row groups from the newest and stops when the page is full.
func (q *Queries) Search(ctx context.Context, req Request) (*Page, error) {
	began := time.Now()
	limit := req.Limit
	switch {
	case limit == 0:
		limit = defaultLimit
	case limit < 0 || limit > maxLimit:
		return nil, fault.New(fault.Invalid, fmt.Errorf("limit %d is not possible", limit),
			fmt.Sprintf("Ask for 1 to %d rows and go on with the cursor, or use an export.", maxLimit))
	}
	c, err := q.compile(&req)
	if err != nil {
		return nil, err
	}
	after, err := parseCursor(req.Cursor)
	if err != nil {
		return nil, err
	}
	if after != nil {
		c.to = min(c.to, after.time+1)
	}
	us, release, err := q.units(ctx, &req, c)
	if err != nil {
		return nil, err
	}
	defer release()
	page := &Page{Rows: []json.RawMessage{}}
	top, err := q.firstHits(ctx, us, c, after, limit, &page.Scanned)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(top, func(a, b hit) int {
		if a.before(&b.place) {
			return -1
		}
		return 1
	})
	if len(top) > limit {
		top = top[:limit]
		page.Cursor = top[limit-1].cursor()
	}
	page.places = make([]place, len(top))
	for i := range top {
		page.places[i] = top[i].place
	}
	page.Rows, err = q.materialise(ctx, top, req.Columns, &page.Scanned)
	if len(top) == 0 && after == nil {
		page.Unknown = c.prog.Warnings
	}
	page.Scanned.Took = time.Since(began)
	return page, err
}

// firstHits returns the first limit+1 matches. It takes more units at a time the longer it finds too few: a page of
// frequent events costs one or two, and a rare one is looked for on all cores.
func (q *Queries) firstHits(ctx context.Context, us []unit, c *compiled, after *place, limit int, scanned *Scanned) (hits, error) {
	var top hits
	var mu sync.Mutex
	for width := min(2, workers()); len(us) > 0; width = min(2*width, 64) {
		n := min(width, len(us))
		for n > 0 && len(top) > limit && us[n-1].g.MaxTime < top[0].time {
			n--
		}
		if n == 0 {
			break
		}
		err := q.eachUnit(ctx, us[:n], scanned, func(_ int, m *matcher, u *unit) error {
			found, err := m.collect(u, c, after, limit)
			mu.Lock()
			defer mu.Unlock()
			for _, h := range found {
				top.offer(h, limit)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		us = us[n:]
	}
	return top, nil
}

// offer keeps the first limit+1 of all that it was given: one more than the page tells that there is more.
func (h *hits) offer(x hit, limit int) {
	switch {
	case len(*h) <= limit:
		heap.Push(h, x)
	case x.before(&(*h)[0].place):
		(*h)[0] = x
		heap.Fix(h, 0)
	}
}

// collect returns the first limit+1 matches of a unit, in no order.
func (m *matcher) collect(u *unit, c *compiled, after *place, limit int) (hits, error) {
	set, err := c.match(m, u)
	if err != nil || set.empty() {
		return nil, err
	}
	times, seqs := &m.nums, &m.seqs
	if err := m.r.Numbers(u.g, event.ColTime, times); err != nil {
		return nil, err
	}
	if err := m.r.Numbers(u.g, event.ColSeq, seqs); err != nil {
		return nil, err
	}
	var found hits
	set.eachDown(func(row int) {
		h := hit{place{times.Vals[row], u.store, seqs.Vals[row]}, u, row}
		if after == nil || after.before(&h.place) {
			found.offer(h, limit)
		}
	})
	return found, nil
}

// materialise reads the rows of hits as JSON objects, the row groups on all cores.
func (q *Queries) materialise(ctx context.Context, top hits, cols []event.Column, scanned *Scanned) ([]json.RawMessage, error) {
	if len(cols) == 0 {
		cols = allColumns
	}
	out := make([]json.RawMessage, len(top))
	rows := map[*unit][]int{} // places in top
	for i := range top {
		rows[top[i].unit] = append(rows[top[i].unit], i)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(workers())
	var bytes atomic.Int64
	for u, places := range rows {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			m := q.matchers.get()
			defer q.matchers.put(m)
			defer func() { bytes.Add(m.r.Bytes) }()
			slices.SortFunc(places, func(a, b int) int { return cmp.Compare(top[a].row, top[b].row) })
			if len(rows) == 1 {
				m.rows = cmp.Or(q.latest.Swap(nil), m.rows)
			}
			m.rows = m.r.Few(u.g, m.rows)
			if len(rows) < workers() {
				if err := q.prepare(m, places, top, cols, &bytes); err != nil {
					return err
				}
			}
			var e event.Event
			for _, i := range places {
				e.Reset()
				if err := m.rows.Fill(top[i].row, cols, &e); err != nil {
					return err
				}
				out[i] = e.AppendJSON(nil)
			}
			if len(rows) == 1 && m.rows.Memory() <= maxKept {
				q.latest.Store(m.rows)
				m.rows = nil
			}
			return nil
		})
	}
	err := g.Wait()
	scanned.Bytes += bytes.Load()
	return out, err
}

// maxKept bounds the memory of Queries.latest.
const maxKept = 32 << 20

// prepare decodes the rows of the only row group of a page on all cores.
func (q *Queries) prepare(m *matcher, places []int, top hits, cols []event.Column, bytes *atomic.Int64) error {
	rows := make([]int, len(places))
	for i, p := range places {
		rows[i] = top[p].row
	}
	readers := []*segment.Reader{m.r}
	for len(readers) < workers() {
		o := q.matchers.get()
		defer q.matchers.put(o)
		defer func() { bytes.Add(o.r.Bytes) }()
		readers = append(readers, o.r)
	}
	return m.rows.Prepare(rows, cols, readers)
}

var allColumns = event.Columns()

// cursor names the place of an event. It stays valid whatever happens to segments meanwhile.
func (p *place) cursor() string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "1 %d %s %d", p.time, p.store, p.seq))
}

func parseCursor(s string) (*place, error) {
	if s == "" {
		return nil, nil
	}
	bad := fault.New(fault.Invalid, fmt.Errorf("cursor %.100q is not one of ours", s), "Pass the cursor of the page before, unchanged, with the same search.")
	b, err := base64.RawURLEncoding.DecodeString(s)
	f := strings.Fields(string(b))
	if err != nil || len(f) != 4 || f[0] != "1" {
		return nil, bad
	}
	p := &place{store: f[2]}
	var e1, e2 error
	p.time, e1 = strconv.ParseInt(f[1], 10, 64)
	p.seq, e2 = strconv.ParseInt(f[3], 10, 64)
	if e1 != nil || e2 != nil {
		return nil, bad
	}
	return p, nil
}
