package segment

import (
	"encoding/binary"
	"math/bits"
)

// sparseList reads the elements of single rows of a list column, or of the keys or values of a map column, as sparse
// does for scalars. Rows are asked for rising, or it begins anew.
type sparseList struct {
	sparse
	text   []byte // texts without a dictionary; offs are their ends
	lens   []int64
	reps   []byte // one bit a level: 0 begins a row
	defs   []byte // two bits a level: 2 is an element
	levels int
	level  int // where rows have been looked for
	rows   int // rows that begin before it
	have   int // elements before it
}

// open reads a leaf of the group; false when its pages have another shape.
func (s *sparseList) open(r *Reader, g *Group, li int) (ok bool, err error) {
	ch := &g.chunks[li]
	*s = sparseList{sparse: sparse{page: s.page, dict: s.dict, offs: s.offs[:0], run: -1}, lens: s.lens, levels: ch.values}
	if len(ch.pages) != 1 || !ch.packed || ch.enc != encDict && ch.enc != encText {
		return false, nil
	}
	if s.coded = ch.enc == encDict; s.coded {
		if s.dict, err = r.unpack(s.dict, g, &ch.dict); err != nil {
			return false, err
		}
		if err := s.index(ch.dict.values); err != nil {
			return false, err
		}
	}
	if s.page, err = r.unpack(s.page, g, &ch.pages[0]); err != nil {
		return false, err
	}
	var rest []byte
	var one bool
	if s.reps, rest, one, ok = levelRun(s.page, 1, s.levels); !ok || one {
		return false, nil
	}
	if s.defs, rest, one, ok = levelRun(rest, 2, s.levels); !ok || one {
		return false, nil
	}
	if s.coded {
		return s.codesOf(rest), nil
	}
	return true, s.texts(rest)
}

// texts finds the ends of texts without a dictionary.
func (s *sparseList) texts(body []byte) (err error) {
	if s.lens, s.text, err = decodeDelta(s.lens[:0], body, s.levels); err != nil {
		return err
	}
	end := int64(0)
	for _, n := range s.lens {
		end += n
		if n < 0 || end > int64(len(s.text)) {
			return errPage
		}
		s.offs = append(s.offs, uint32(end))
	}
	return nil
}

// each calls f for the elements of a row.
func (s *sparseList) each(row int, f func(text []byte)) error {
	if !s.seek(row) {
		return errPage
	}
	n := s.have
	for i := s.level; i < s.levels; i++ {
		if i > s.level && !s.continues(i) {
			break
		}
		if s.def(i) != 2 {
			continue
		}
		text, err := s.element(n)
		if err != nil {
			return err
		}
		f(text)
		n++
	}
	return nil
}

func (s *sparseList) continues(level int) bool { return s.reps[level>>3]&(1<<(level&7)) != 0 }

func (s *sparseList) def(level int) byte { return s.defs[level>>2] >> (level & 3 * 2) & 3 }

// seek goes to the level that begins a row; false when there is none.
func (s *sparseList) seek(row int) bool {
	if row < s.rows {
		s.level, s.rows, s.have = 0, 0, 0
	}
	for s.level < s.levels {
		if s.level&63 == 0 && s.level+64 <= s.levels {
			begin := bits.OnesCount64(^binary.LittleEndian.Uint64(s.reps[s.level>>3:]))
			if s.rows+begin <= row {
				s.have += twos(s.defs[s.level>>2:]) + twos(s.defs[s.level>>2+8:])
				s.rows += begin
				s.level += 64
				continue
			}
		}
		if !s.continues(s.level) {
			if s.rows == row {
				return true
			}
			s.rows++
		}
		if s.def(s.level) == 2 {
			s.have++
		}
		s.level++
	}
	return false
}

// twos counts the levels of value 2 among the first 32 of two bits each.
func twos(defs []byte) int {
	w := binary.LittleEndian.Uint64(defs)
	return bits.OnesCount64(w >> 1 &^ w & 0x5555555555555555)
}

func (s *sparseList) element(n int) ([]byte, error) {
	if !s.coded {
		if n >= len(s.offs) {
			return nil, errPage
		}
		from := uint32(0)
		if n > 0 {
			from = s.offs[n-1]
		}
		return s.text[from:s.offs[n]], nil
	}
	v := uint64(s.run)
	if s.run < 0 {
		if (n+1)*s.size > len(s.vals) {
			return nil, errPage
		}
		v = s.number(n)
	}
	return s.entry(v)
}
