package segment

import "kiroku/internal/event"

// Decode reads what Fill needs for the given columns of the given rows with r. Fill then changes nothing, so that several
// goroutines may call it for them. Only for Rows of Reader.Rows.
func (rs *Rows) Decode(r *Reader, rows []int32, cols []event.Column) error {
	for _, c := range cols {
		if rs.g.Empty(c) {
			continue
		}
		if rs.ready[c] == unread {
			if err := rs.prepare(r, c); err != nil {
				return err
			}
		}
		if c.Kind() != event.String || rs.complete(c) {
			continue
		}
		for _, row := range rows {
			if _, err := rs.text(r, int(row), c); err != nil {
				return err
			}
		}
	}
	return nil
}

// complete says that all pages of a column of texts are decoded.
func (rs *Rows) complete(c event.Column) bool {
	for _, t := range rs.texts[c][:len(rs.g.chunks[leafOf[c]].pages)] {
		if t.First < 0 {
			return false
		}
	}
	return true
}

// Memory is about how many bytes the decoded columns take.
func (rs *Rows) Memory() int {
	n := rs.values.memory()
	for c := range rs.texts {
		for _, t := range rs.texts[c] {
			n += t.memory()
		}
		if v := rs.nums[c]; v != nil {
			n += 8*cap(v.Vals) + cap(v.Have)
		}
		if l := rs.lists[c]; l != nil {
			n += l.memory()
		}
		if s := rs.sparse[c]; s != nil {
			n += s.memory()
		}
		n += rs.elems[c].memory()
	}
	if rs.vals != nil {
		n += rs.vals.memory()
	}
	return n
}

func (t *Texts) memory() int { return 4*(cap(t.Codes)+cap(t.offs)) + cap(t.mem) }

func (l *Lists) memory() int { return 4*cap(l.Starts) + cap(l.Null) + l.Elems.memory() }

func (s *sparse) memory() int { return cap(s.page) + cap(s.dict) + 4*cap(s.offs) }

func (s *sparseList) memory() int {
	if s == nil {
		return 0
	}
	return s.sparse.memory() + 8*cap(s.lens)
}
