package segment

import "kiroku/internal/event"

// Lists is a list column, or the keys or values of a map column, of a whole group: row i has the elements
// Elems.At(Elems.Codes[k]) for k from Starts[i] to Starts[i+1]-1.
type Lists struct {
	Starts []uint32
	Null   []bool // rows without the column
	Elems  Texts
}

// Lists decodes a column of kind StringList, or the keys of a StringMap.
func (r *Reader) Lists(g *Group, c event.Column, t *Lists) error { return r.nested(g, leafOf[c], t) }

// MapValues decodes the values of a StringMap.
func (r *Reader) MapValues(g *Group, c event.Column, t *Lists) error {
	return r.nested(g, leafOf[c]+1, t)
}

// NestedDict decodes only the dictionary of a list column, or of the keys or values of a map column; false when it has none.
func (r *Reader) NestedDict(g *Group, c event.Column, values bool, t *Texts) (bool, error) {
	li := leafOf[c]
	if values {
		li++
	}
	ch := &g.chunks[li]
	if ch.enc != encDict {
		return false, nil
	}
	t.reset(g.Rows)
	return true, r.dictionary(g, ch, t)
}

func (r *Reader) nested(g *Group, li int, t *Lists) error {
	ch := &g.chunks[li]
	t.Starts, t.Null = t.Starts[:0], t.Null[:0]
	e := &t.Elems
	e.reset(g.Rows)
	if ch.enc == encNull {
		t.Starts = append(t.Starts, make([]uint32, g.Rows+1)...)
		for range g.Rows {
			t.Null = append(t.Null, true)
		}
		return nil
	}
	if ch.enc == encDict {
		if err := r.dictionary(g, ch, e); err != nil {
			return err
		}
	}
	if len(ch.pages) != 1 {
		return errPage
	}
	var body []byte
	var err error
	if ch.enc == encText { // the texts stay where they are
		err = r.own(g, ch, &ch.pages[0], e)
		body = e.block
	} else {
		body, err = r.load(g, &ch.pages[0], ch.packed)
	}
	if err != nil {
		return err
	}
	if r.rep, body, err = hybridBlock(body, 1, ch.values, r.rep); err != nil {
		return err
	}
	if r.def, body, err = hybridBlock(body, 2, ch.values, r.def); err != nil {
		return err
	}
	have := 0
	for i, d := range r.def {
		if r.rep[i] == 0 {
			t.Starts = append(t.Starts, uint32(have))
			t.Null = append(t.Null, d == 0)
		}
		if d == 2 {
			have++
		}
	}
	t.Starts = append(t.Starts, uint32(have))
	if len(t.Starts) != g.Rows+1 {
		return errPage
	}
	if ch.enc == encDict {
		e.Codes, err = codes(e.Codes, body, have, e.Len())
		return err
	}
	if err := r.run(body, have, e); err != nil {
		return err
	}
	for i := range have {
		e.Codes = append(e.Codes, uint32(i))
	}
	return nil
}
