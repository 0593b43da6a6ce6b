package lake

import (
	"container/heap"
	"fmt"
	"slices"

	"kiroku/internal/event"
	"kiroku/internal/lake/segment"
	"kiroku/internal/lake/table"
)

// smallGroup is the size in rows below which a row group is joined with others instead of being copied.
const smallGroup = segment.GroupRows / 8

// byDay sorts the row groups of segments into days. Whole groups are taken as they are; groups with several days, and
// small ones, are rewritten.
func (l *Lake) byDay(segs []*Segment) (map[table.Day][]*segment.Group, error) {
	days := map[table.Day][]*segment.Group{}
	rest := map[table.Day]*segment.Builder{}
	r := segment.NewReader(nil)
	for _, s := range segs {
		f, err := s.File()
		if err != nil {
			return nil, err
		}
		for _, g := range f.Groups {
			first, last := table.DayOfMicros(g.MinTime), table.DayOfMicros(g.MaxTime)
			if first == last && g.Rows >= smallGroup {
				days[first] = append(days[first], g)
				continue
			}
			err := eachRow(r, g, func(e *event.Event) {
				day := table.DayOfMicros(e.GetInt(event.ColTime))
				b := rest[day]
				if b == nil {
					b = l.rewriter(segment.Fast)
					rest[day] = b
				}
				b.Append(e)
				if b.Full() {
					days[day] = append(days[day], b.Finish())
				}
			})
			if err != nil {
				return nil, fmt.Errorf("read segment %q: %w", s.Info.Path, err)
			}
		}
	}
	for day, b := range rest {
		if g := b.Finish(); g != nil {
			days[day] = append(days[day], g)
		}
	}
	for _, gs := range days {
		slices.SortStableFunc(gs, func(a, b *segment.Group) int { return int(min(max(a.MinTime-b.MinTime, -1), 1)) })
	}
	return days, nil
}

func (l *Lake) rewriter(level segment.Level) *segment.Builder {
	b := segment.NewBuilder(l.opt.Hasher, level)
	b.KeepSeq()
	return b
}

var allColumns = event.Columns()

func eachRow(r *segment.Reader, g *segment.Group, f func(*event.Event)) error {
	rows := r.Rows(g)
	var e event.Event
	for i := range g.Rows {
		e.Reset()
		if err := rows.Fill(i, allColumns, &e); err != nil {
			return err
		}
		f(&e)
	}
	return nil
}

// maxOpen is how many row groups sorted reads at once; each takes about 40 MB. Groups that overlap more than that come
// out as several sorted runs.
const maxOpen = 4

// sorted gives f all rows of groups, sorted by time as far as maxOpen allows.
func sorted(groups []*segment.Group, f func(*event.Event)) error {
	groups = slices.Clone(groups)
	slices.SortStableFunc(groups, func(a, b *segment.Group) int { return int(min(max(a.MinTime-b.MinTime, -1), 1)) })
	var open cursors
	var e event.Event
	for len(groups) > 0 || len(open) > 0 {
		for len(groups) > 0 && len(open) < maxOpen && (len(open) == 0 || groups[0].MinTime <= open[0].time()) {
			c, err := newCursor(groups[0])
			if err != nil {
				return err
			}
			heap.Push(&open, c)
			groups = groups[1:]
		}
		c := open[0]
		e.Reset()
		if err := c.rows.Fill(c.order[c.at], allColumns, &e); err != nil {
			return err
		}
		f(&e)
		c.at++
		if c.at == len(c.order) {
			heap.Pop(&open)
		} else {
			heap.Fix(&open, 0)
		}
	}
	return nil
}

// cursor walks the rows of one group in the order of time.
type cursor struct {
	rows  *segment.Rows
	times []int64
	order []int
	at    int
}

func newCursor(g *segment.Group) (*cursor, error) {
	r := segment.NewReader(nil)
	var n segment.Numbers
	if err := r.Numbers(g, event.ColTime, &n); err != nil {
		return nil, err
	}
	c := &cursor{rows: r.Rows(g), times: n.Vals, order: make([]int, g.Rows)}
	for i := range c.order {
		c.order[i] = i
	}
	slices.SortStableFunc(c.order, func(a, b int) int { return int(min(max(c.times[a]-c.times[b], -1), 1)) })
	return c, nil
}

func (c *cursor) time() int64 { return c.times[c.order[c.at]] }

type cursors []*cursor

func (h cursors) Len() int           { return len(h) }
func (h cursors) Less(i, j int) bool { return h[i].time() < h[j].time() }
func (h cursors) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *cursors) Push(x any)        { *h = append(*h, x.(*cursor)) }
func (h *cursors) Pop() any {
	old := *h
	c := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return c
}
