package segment

import "kiroku/internal/event"

// Rows reads whole rows of one group. Columns are decoded when they are first asked for.
type Rows struct {
	r     *Reader
	g     *Group
	texts [event.NumColumns][]*Texts // by page
	nums  [event.NumColumns]*Numbers
	lists [event.NumColumns]*Lists
	vals  *Lists
}

// Rows opens a group for reading rows.
func (r *Reader) Rows(g *Group) *Rows { return &Rows{r: r, g: g} }

// Fill adds the given columns of a row to e. The strings are valid as long as rs is.
func (rs *Rows) Fill(row int, cols []event.Column, e *event.Event) error {
	for _, c := range cols {
		ch := &rs.g.chunks[leafOf[c]]
		if ch.enc == encNull {
			continue
		}
		var err error
		switch c.Kind() {
		case event.String:
			err = rs.fillText(row, c, e)
		case event.StringList:
			err = rs.fillList(row, c, e)
		case event.StringMap:
			err = rs.fillMap(row, c, e)
		default:
			err = rs.fillNumber(row, c, e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (rs *Rows) fillText(row int, c event.Column, e *event.Event) error {
	ch := &rs.g.chunks[leafOf[c]]
	if rs.texts[c] == nil {
		rs.texts[c] = make([]*Texts, len(ch.pages))
	}
	at := 0
	for at < len(ch.pages)-1 && row >= ch.pages[at+1].firstRow {
		at++
	}
	t := rs.texts[c][at]
	if t == nil {
		t = &Texts{}
		if err := rs.r.Texts(rs.g, c, row, t); err != nil {
			return err
		}
		rs.texts[c][at] = t
	}
	if code := t.Codes[row-t.First]; code != NoCode {
		e.Str(c, "", t.At(code))
	}
	return nil
}

func (rs *Rows) fillNumber(row int, c event.Column, e *event.Event) error {
	n := rs.nums[c]
	if n == nil {
		n = &Numbers{}
		if err := rs.r.Numbers(rs.g, c, n); err != nil {
			return err
		}
		rs.nums[c] = n
	}
	if n.Have == nil || n.Have[row] {
		e.Int(c, "", n.Vals[row])
	}
	return nil
}

func (rs *Rows) fillList(row int, c event.Column, e *event.Event) error {
	l := rs.lists[c]
	if l == nil {
		l = &Lists{}
		if err := rs.r.Lists(rs.g, c, l); err != nil {
			return err
		}
		rs.lists[c] = l
	}
	for k := l.Starts[row]; k < l.Starts[row+1]; k++ {
		e.Add(c, "", l.Elems.At(l.Elems.Codes[k]))
	}
	return nil
}

func (rs *Rows) fillMap(row int, c event.Column, e *event.Event) error {
	keys := rs.lists[c]
	if keys == nil {
		keys, rs.vals = &Lists{}, &Lists{}
		if err := rs.r.Lists(rs.g, c, keys); err != nil {
			return err
		}
		if err := rs.r.MapValues(rs.g, c, rs.vals); err != nil {
			return err
		}
		rs.lists[c] = keys
	}
	for k := keys.Starts[row]; k < keys.Starts[row+1]; k++ {
		e.Unmap(keys.Elems.At(keys.Elems.Codes[k]), rs.vals.Elems.At(rs.vals.Elems.Codes[k]))
	}
	return nil
}
