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
	"time"

	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/lake/segment"
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
	m := newMatcher()
	var top hits
	for i := range us {
		u := &us[i]
		if len(top) > limit && u.g.MaxTime < top[0].time {
			break
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		page.Scanned.Events += int64(u.g.Rows)
		if err := m.collect(u, c, after, limit, &top); err != nil {
			return nil, err
		}
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
	page.Rows, err = m.materialise(top, req.Columns)
	page.Scanned.Bytes = m.r.Bytes
	page.Scanned.Took = time.Since(began)
	return page, err
}

// collect adds the matches of a unit to top, which keeps the first limit+1 of the page: one more tells that there is more.
func (m *matcher) collect(u *unit, c *compiled, after *place, limit int, top *hits) error {
	set, err := m.match(u.g, u.node, c.from, c.to)
	if err != nil || set.empty() {
		return err
	}
	var times, seqs segment.Numbers
	if err := m.r.Numbers(u.g, event.ColTime, &times); err != nil {
		return err
	}
	if err := m.r.Numbers(u.g, event.ColSeq, &seqs); err != nil {
		return err
	}
	set.eachDown(func(row int) {
		h := hit{place{times.Vals[row], u.store, seqs.Vals[row]}, u, row}
		if after != nil && !after.before(&h.place) {
			return
		}
		switch {
		case len(*top) <= limit:
			heap.Push(top, h)
		case h.before(&(*top)[0].place):
			(*top)[0] = h
			heap.Fix(top, 0)
		}
	})
	return nil
}

// materialise reads the rows of hits as JSON objects.
func (m *matcher) materialise(top hits, cols []event.Column) ([]json.RawMessage, error) {
	if len(cols) == 0 {
		cols = allColumns
	}
	out := make([]json.RawMessage, len(top))
	order := make([]int, len(top))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(top[a].unit.place, top[b].unit.place), cmp.Compare(top[a].row, top[b].row))
	})
	var e event.Event
	var rows *segment.Rows
	var last *unit
	for _, i := range order {
		h := &top[i]
		if h.unit != last {
			rows, last = m.r.Rows(h.unit.g), h.unit
		}
		e.Reset()
		if err := rows.Fill(h.row, cols, &e); err != nil {
			return nil, err
		}
		out[i] = e.AppendJSON(nil)
	}
	return out, nil
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
	bad := fault.New(fault.Invalid, fmt.Errorf("cursor %q is not one of ours", s), "Pass the cursor of the page before, unchanged, with the same search.")
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
