package segment

import (
	"cmp"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"kiroku/internal/event"
)

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
	elems  [event.NumColumns]*sparseList // lists, and the keys of the map
	values *sparseList                   // the values of the map
	pairs  [][]byte                      // keys of a row of the map
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

// Few opens a group for reading a few rows, rising. rs may be nil; otherwise its memory is used again: what was read with
// it before is no longer valid, but columns of the same group need not be read again.
func (r *Reader) Few(g *Group, rs *Rows) *Rows {
	if rs == nil {
		rs = &Rows{}
	}
	if rs.g != g || !rs.few {
		clear(rs.ready[:])
	}
	rs.r, rs.g, rs.few = r, g, true
	return rs
}

// Prepare decodes what Fill needs for the given columns of the given rows, on as many goroutines as there are readers.
func (rs *Rows) Prepare(rows []int, cols []event.Column, readers []*Reader) error {
	cols = slices.Clone(cols)
	size := func(c event.Column) int { return rs.g.chunks[leafOf[c]].size }
	slices.SortFunc(cols, func(a, b event.Column) int { return cmp.Compare(size(b), size(a)) })
	var next atomic.Int64
	var g errgroup.Group
	for _, r := range readers {
		g.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(cols) {
					return nil
				}
				if rs.g.Empty(cols[i]) {
					continue
				}
				if err := rs.prepareRows(r, rows, cols[i]); err != nil {
					return err
				}
			}
		})
	}
	return g.Wait()
}

func (rs *Rows) prepareRows(r *Reader, rows []int, c event.Column) error {
	if rs.ready[c] == unread {
		if err := rs.prepare(r, c); err != nil {
			return err
		}
	}
	if rs.ready[c] == sparsely || c.Kind() != event.String {
		return nil
	}
	for _, row := range rows {
		if _, err := rs.text(r, row, c); err != nil {
			return err
		}
	}
	return nil
}

// Fill adds the given columns of a row to e. The strings are valid as long as rs is.
func (rs *Rows) Fill(row int, cols []event.Column, e *event.Event) error {
	for _, c := range cols {
		if rs.g.Empty(c) {
			continue
		}
		if rs.ready[c] == unread {
			if err := rs.prepare(rs.r, c); err != nil {
				return err
			}
		}
		var err error
		switch kind := c.Kind(); {
		case rs.ready[c] == sparsely && kind == event.StringMap:
			err = rs.fillFewPairs(row, c, e)
		case rs.ready[c] == sparsely && kind == event.StringList:
			err = rs.elems[c].each(row, func(text []byte) { e.Add(c, "", event.Bytes(text)) })
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

// prepareFew finds out whether single values of a column can be read as they are.
func (rs *Rows) prepareFew(r *Reader, c event.Column) (ok bool, err error) {
	li := leafOf[c]
	switch c.Kind() {
	case event.StringList, event.StringMap:
		if rs.elems[c] == nil {
			rs.elems[c] = &sparseList{}
		}
		if ok, err = rs.elems[c].open(r, rs.g, li); !ok || err != nil || c.Kind() == event.StringList {
			return ok, err
		}
		if rs.values == nil {
			rs.values = &sparseList{}
		}
		return rs.values.open(r, rs.g, li+1)
	default:
		if rs.sparse[c] == nil {
			rs.sparse[c] = &sparse{}
		}
		return rs.sparse[c].open(r, rs.g, c)
	}
}

// prepare decodes a column, or finds out that it needs not. After an error the column counts as unread.
func (rs *Rows) prepare(r *Reader, c event.Column) error {
	if rs.few {
		ok, err := rs.prepareFew(r, c)
		if err != nil {
			return err
		}
		if ok {
			rs.ready[c] = sparsely
			return nil
		}
	}
	err := rs.prepareWhole(r, c)
	if err == nil {
		rs.ready[c] = whole
	}
	return err
}

func (rs *Rows) prepareWhole(r *Reader, c event.Column) error {
	switch c.Kind() {
	case event.String:
		n := len(rs.g.chunks[leafOf[c]].pages)
		for len(rs.texts[c]) < n {
			rs.texts[c] = append(rs.texts[c], &Texts{})
		}
		for _, t := range rs.texts[c] {
			t.First = -1
		}
		return nil
	case event.StringList:
		if rs.lists[c] == nil {
			rs.lists[c] = &Lists{}
		}
		return r.Lists(rs.g, c, rs.lists[c])
	case event.StringMap:
		if rs.lists[c] == nil {
			rs.lists[c], rs.vals = &Lists{}, &Lists{}
		}
		if err := r.Lists(rs.g, c, rs.lists[c]); err != nil {
			return err
		}
		return r.MapValues(rs.g, c, rs.vals)
	default:
		if rs.nums[c] == nil {
			rs.nums[c] = &Numbers{}
		}
		return r.Numbers(rs.g, c, rs.nums[c])
	}
}

func (rs *Rows) fillText(row int, c event.Column, e *event.Event) error {
	t, err := rs.text(rs.r, row, c)
	if err != nil {
		return err
	}
	if code := t.Codes[row-t.First]; code != NoCode {
		e.Str(c, "", t.At(code))
	}
	return nil
}

// text is the page of a column of texts that holds row.
func (rs *Rows) text(r *Reader, row int, c event.Column) (*Texts, error) {
	pages := rs.g.chunks[leafOf[c]].pages
	at := 0
	for at < len(pages)-1 && row >= pages[at+1].firstRow {
		at++
	}
	t := rs.texts[c][at]
	if t.First >= 0 {
		return t, nil
	}
	for _, unused := range rs.texts[c] {
		if cap(t.mem) == 0 && unused.First < 0 {
			*t, *unused = *unused, *t // the memory of another page of a group before
		}
	}
	err := r.Texts(rs.g, c, row, t)
	if err != nil {
		t.First = -1
	}
	return t, err
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

func (rs *Rows) fillFewPairs(row int, c event.Column, e *event.Event) error {
	rs.pairs = rs.pairs[:0]
	if err := rs.elems[c].each(row, func(key []byte) { rs.pairs = append(rs.pairs, key) }); err != nil {
		return err
	}
	i := 0
	return rs.values.each(row, func(value []byte) {
		if i < len(rs.pairs) {
			e.Unmap(event.Bytes(rs.pairs[i]), event.Bytes(value))
		}
		i++
	})
}
