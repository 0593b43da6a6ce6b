package query

import (
	"strconv"
	"strings"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/lake/segment"
	"kiroku/internal/search"
)

// counter counts the values of a field. It belongs to one goroutine.
type counter struct {
	target search.Target
	counts map[string]*int64
	other  int64 // events whose value came when there were too many already
	none   int64
}

// maxDistinct bounds the memory of a count by value.
const maxDistinct = 1 << 20

func newCounter(t search.Target) *counter { return &counter{target: t, counts: map[string]*int64{}} }

func (c *counter) add(value string, n int64) {
	if n == 0 {
		return
	}
	p := c.counts[value]
	if p == nil {
		if len(c.counts) >= maxDistinct {
			c.other += n
			return
		}
		// The value belongs to the reader. Behind a pointer, because assigning to an existing key puts the new key in.
		p = new(int64)
		c.counts[strings.Clone(value)] = p
	}
	*p += n
}

func (c *counter) merge(o *counter) {
	for v, n := range o.counts {
		c.add(v, *n)
	}
	c.other += o.other
	c.none += o.none
}

// count counts the values of the rows of set. An event with several columns of the field counts by the first that it has;
// an element of a list counts once an event.
func (c *counter) count(m *matcher, g *segment.Group, set rowset) error {
	left := set.clone()
	for _, col := range c.target.Columns {
		if g.Empty(col) || left.empty() {
			continue
		}
		if err := c.column(m, g, col, left); err != nil {
			return err
		}
	}
	if c.target.Key != "" && !left.empty() && !g.Empty(event.ColUnmapped) {
		if err := c.mapKey(m, g, left); err != nil {
			return err
		}
	}
	c.none += int64(left.count())
	return nil
}

// column counts one column and takes the rows that have it out of left.
func (c *counter) column(m *matcher, g *segment.Group, col event.Column, left rowset) error {
	switch col.Kind() {
	case event.String:
		return c.texts(m, g, col, left)
	case event.StringList:
		return c.list(m, g, col, left)
	case event.StringMap:
		return nil
	default:
		return c.numbers(m, g, col, left)
	}
}

func (c *counter) texts(m *matcher, g *segment.Group, col event.Column, left rowset) error {
	t := &m.texts
	if !g.HasDict(col) {
		for _, p := range g.Pages(col) {
			if err := m.r.Texts(g, col, p.First, t); err != nil {
				return err
			}
			for i, code := range t.Codes {
				if row := t.First + i; code != segment.NoCode && left.has(row) {
					c.add(t.At(code), 1)
					left.remove(row)
				}
			}
		}
		return nil
	}
	if err := m.r.Texts(g, col, 0, t); err != nil {
		return err
	}
	n := make([]int64, t.Len())
	for i, code := range t.Codes {
		if code != segment.NoCode && left.has(i) {
			n[code]++
			left.remove(i)
		}
	}
	for code, k := range n {
		c.add(t.At(uint32(code)), k)
	}
	return nil
}

func (c *counter) list(m *matcher, g *segment.Group, col event.Column, left rowset) error {
	l := &m.keys
	if err := m.r.Lists(g, col, l); err != nil {
		return err
	}
	left.each(func(row int) {
		for k := l.Starts[row]; k < l.Starts[row+1]; k++ {
			c.add(l.Elems.At(l.Elems.Codes[k]), 1)
		}
		if l.Starts[row+1] > l.Starts[row] {
			left.remove(row)
		}
	})
	return nil
}

func (c *counter) numbers(m *matcher, g *segment.Group, col event.Column, left rowset) error {
	n := &m.nums
	if err := m.r.Numbers(g, col, n); err != nil {
		return err
	}
	by := map[int64]int64{}
	left.each(func(row int) {
		if n.Have == nil || n.Have[row] {
			by[n.Vals[row]]++
			left.remove(row)
		}
	})
	for v, k := range by {
		c.add(numberText(col, v), k)
	}
	return nil
}

// numberText is how a number is shown.
func numberText(col event.Column, v int64) string {
	switch col.Kind() {
	case event.Bool:
		return strconv.FormatBool(v != 0)
	case event.Double:
		return strconv.FormatFloat(float(v), 'g', -1, 64)
	case event.Timestamp:
		return time.UnixMicro(v).UTC().Format(event.TimeLayout)
	}
	return strconv.FormatInt(v, 10)
}

func (c *counter) mapKey(m *matcher, g *segment.Group, left rowset) error {
	if err := m.r.Lists(g, event.ColUnmapped, &m.keys); err != nil {
		return err
	}
	if err := m.r.MapValues(g, event.ColUnmapped, &m.vals); err != nil {
		return err
	}
	keys, vals := &m.keys.Elems, &m.vals.Elems
	left.each(func(row int) {
		for k := m.keys.Starts[row]; k < m.keys.Starts[row+1]; k++ {
			if keys.At(keys.Codes[k]) == c.target.Key {
				c.add(vals.At(vals.Codes[k]), 1)
				left.remove(row)
				return
			}
		}
	})
	return nil
}
