package segment

import "kiroku/internal/event"

// Rows reads whole rows of one group at a time. Columns are decoded when they are first asked for. It keeps its memory
// from group to group.
type Rows struct {
	r      *Reader
	g      *Group
	few    bool
	ready  [event.NumColumns]readiness
	sparse [event.NumColumns]*sparse
	texts  [event.NumColumns][]*Texts // by page; First is -1 where the page was not read
	nums   [event.NumColumns]*Numbers
	lists  [event.NumColumns]*Lists
	vals   *Lists
}

// readiness says how a column of the group is read.
type readiness uint8

const (
	unread readiness = iota
	whole
	sparsely
)

// Rows opens a group for reading all or most of its rows.
func (r *Reader) Rows(g *Group) *Rows { return &Rows{r: r, g: g} }

// Few opens a group for reading a few rows, rising. rs may be nil; otherwise its memory is used again, and what was read
// with it before is no longer valid.
func (r *Reader) Few(g *Group, rs *Rows) *Rows {
	if rs == nil {
		rs = &Rows{}
	}
	rs.r, rs.g, rs.few = r, g, true
	clear(rs.ready[:])
	return rs
}

// Fill adds the given columns of a row to e. The strings are valid as long as rs is.
func (rs *Rows) Fill(row int, cols []event.Column, e *event.Event) error {
	for _, c := range cols {
		if rs.g.Empty(c) {
			continue
		}
		if rs.ready[c] == unread {
			if err := rs.prepare(c); err != nil {
				return err
			}
		}
		var err error
		switch kind := c.Kind(); {
		case rs.ready[c] == sparsely:
			err = rs.sparse[c].fill(row, c, e)
		case kind == event.String:
			err = rs.fillText(row, c, e)
		case kind == event.StringList:
			rs.fillList(row, c, e)
		case kind == event.StringMap:
			rs.fillMap(row, c, e)
		default:
			rs.fillNumber(row, c, e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// prepare decodes a column, or finds out that single values can be read as they are.
func (rs *Rows) prepare(c event.Column) error {
	if rs.few {
		if rs.sparse[c] == nil {
			rs.sparse[c] = &sparse{}
		}
		ok, err := rs.sparse[c].open(rs.r, rs.g, c)
		if err != nil {
			return err
		}
		if ok {
			rs.ready[c] = sparsely
			return nil
		}
	}
	rs.ready[c] = whole
	switch c.Kind() {
	case event.String:
		n := len(rs.g.chunks[leafOf[c]].pages)
		for len(rs.texts[c]) < n {
			rs.texts[c] = append(rs.texts[c], &Texts{})
		}
		for _, t := range rs.texts[c][:n] {
			t.First = -1
		}
		return nil
	case event.StringList:
		if rs.lists[c] == nil {
			rs.lists[c] = &Lists{}
		}
		return rs.r.Lists(rs.g, c, rs.lists[c])
	case event.StringMap:
		if rs.lists[c] == nil {
			rs.lists[c], rs.vals = &Lists{}, &Lists{}
		}
		if err := rs.r.Lists(rs.g, c, rs.lists[c]); err != nil {
			return err
		}
		return rs.r.MapValues(rs.g, c, rs.vals)
	default:
		if rs.nums[c] == nil {
			rs.nums[c] = &Numbers{}
		}
		return rs.r.Numbers(rs.g, c, rs.nums[c])
	}
}

func (rs *Rows) fillText(row int, c event.Column, e *event.Event) error {
	pages := rs.g.chunks[leafOf[c]].pages
	at := 0
	for at < len(pages)-1 && row >= pages[at+1].firstRow {
		at++
	}
	t := rs.texts[c][at]
	if t.First < 0 {
		if err := rs.r.Texts(rs.g, c, row, t); err != nil {
			return err
		}
	}
	if code := t.Codes[row-t.First]; code != NoCode {
		e.Str(c, "", t.At(code))
	}
	return nil
}

func (rs *Rows) fillNumber(row int, c event.Column, e *event.Event) {
	if n := rs.nums[c]; n.Have == nil || n.Have[row] {
		e.Int(c, "", n.Vals[row])
	}
}

func (rs *Rows) fillList(row int, c event.Column, e *event.Event) {
	l := rs.lists[c]
	for k := l.Starts[row]; k < l.Starts[row+1]; k++ {
		e.Add(c, "", l.Elems.At(l.Elems.Codes[k]))
	}
}

func (rs *Rows) fillMap(row int, c event.Column, e *event.Event) {
	keys, vals := rs.lists[c], rs.vals
	for k := keys.Starts[row]; k < keys.Starts[row+1]; k++ {
		e.Unmap(keys.Elems.At(keys.Elems.Codes[k]), vals.Elems.At(vals.Elems.Codes[k]))
	}
}
