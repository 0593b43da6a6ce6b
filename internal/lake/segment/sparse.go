package segment

import (
	"encoding/binary"
	"math/bits"

	"kiroku/internal/event"
)

// sparse reads single values of a column whose pages hold one run of levels and one run of codes or plain numbers, as
// Builder writes them: without spreading them out over all rows. Rows are asked for rising, or it begins anew.
type sparse struct {
	page   []byte // the data page, owned
	dict   []byte // the dictionary page, owned
	bitmap []byte // one bit a row that has a value; nil: all have one
	vals   []byte // codes, or plain numbers, of the rows that have one
	size   int    // bytes of each
	run    int    // code of all rows, or -1
	coded  bool   // vals are codes of the dictionary
	num    [1]int64
	offs   []uint32
	row    int // values before row: rank
	rank   int
}

// open reads the column of the group; false when its pages have another shape.
func (s *sparse) open(r *Reader, g *Group, c event.Column) (ok bool, err error) {
	ch, l := &g.chunks[leafOf[c]], &leaves[leafOf[c]]
	*s = sparse{page: s.page, dict: s.dict, offs: s.offs[:0], run: -1}
	if len(ch.pages) != 1 || l.maxRep > 0 || l.phys == physBool || ch.enc != encDict && ch.enc != encPlain || !ch.packed {
		return false, nil
	}
	if s.coded = ch.enc == encDict; s.coded {
		if s.dict, err = r.unpack(s.dict, g, &ch.dict); err != nil {
			return false, err
		}
	}
	if s.page, err = r.unpack(s.page, g, &ch.pages[0]); err != nil {
		return false, err
	}
	rest := s.page
	if l.maxDef > 0 {
		if s.bitmap, rest, ok = bitmapOf(rest, g.Rows); !ok {
			return false, nil
		}
	}
	if ch.enc == encPlain {
		s.vals, s.size = rest, 8
		if l.phys == physInt32 {
			s.size = 4
		}
		return true, nil
	}
	if l.phys == physByteArray {
		if err := s.index(ch.dict.values); err != nil {
			return false, err
		}
	}
	return s.codesOf(rest), nil
}

// bitmapOf takes the definition levels of width 1 off a page, if they are one run; nil when all rows have a value.
func bitmapOf(page []byte, rows int) (bitmap, rest []byte, ok bool) {
	levels, rest, one, ok := levelRun(page, 1, rows)
	switch {
	case !ok || one && levels[0] != 1:
		return nil, nil, false
	case one || full(levels, rows):
		return nil, rest, true
	}
	return levels, rest, true
}

// levelRun takes n levels off a page, if they are one run: packed bits, or one value for all.
func levelRun(page []byte, width, n int) (levels, rest []byte, one, ok bool) {
	if len(page) < 5 || n < 0 || n > 1<<31 {
		return nil, nil, false, false
	}
	size := int(binary.LittleEndian.Uint32(page))
	if size > len(page)-4 {
		return nil, nil, false, false
	}
	levels, rest = page[4:4+size], page[4+size:]
	h, k := binary.Uvarint(levels)
	if k <= 0 {
		return nil, nil, false, false
	}
	levels = levels[k:]
	if one = h&1 == 0; one {
		return levels, rest, true, h>>1 >= uint64(n) && len(levels) == 1
	}
	return levels, rest, false, len(levels) >= (n*width+7)/8
}

// full says whether the first n bits are all set.
func full(bitmap []byte, n int) bool {
	i := 0
	for ; i+64 <= n; i += 64 {
		if binary.LittleEndian.Uint64(bitmap[i>>3:]) != ^uint64(0) {
			return false
		}
	}
	for ; i < n; i++ {
		if bitmap[i>>3]&(1<<(i&7)) == 0 {
			return false
		}
	}
	return true
}

// codesOf takes the codes, if they are one run of whole bytes.
func (s *sparse) codesOf(body []byte) bool {
	if len(body) < 2 || body[0]%8 != 0 || body[0] > 32 {
		return false
	}
	s.size = int(body[0]) / 8
	h, k := binary.Uvarint(body[1:])
	if k <= 0 || len(body) < 1+k+s.size {
		return false
	}
	s.vals = body[1+k:]
	if h&1 == 0 {
		s.run = int(s.number(0))
	}
	return true
}

// index finds the entries of a dictionary of texts.
func (s *sparse) index(entries int) error {
	at := 0
	for range entries {
		if at+4 > len(s.dict) {
			return errPage
		}
		s.offs = append(s.offs, uint32(at))
		at += 4 + int(binary.LittleEndian.Uint32(s.dict[at:]))
	}
	if at > len(s.dict) {
		return errPage
	}
	return nil
}

// number is the n-th of vals.
func (s *sparse) number(n int) uint64 {
	var v uint64
	b := s.vals[n*s.size : (n+1)*s.size]
	for i, x := range b {
		v |= uint64(x) << (8 * i)
	}
	return v
}

// at is the place in vals of a row's value; -1 when it has none.
func (s *sparse) at(row int) int {
	if s.bitmap == nil {
		return row
	}
	if s.bitmap[row>>3]&(1<<(row&7)) == 0 {
		return -1
	}
	if row < s.row {
		s.row, s.rank = 0, 0
	}
	for ; s.row&7 != 0 && s.row < row; s.row++ {
		s.rank += int(s.bitmap[s.row>>3] >> (s.row & 7) & 1)
	}
	for ; s.row+64 <= row; s.row += 64 {
		s.rank += bits.OnesCount64(binary.LittleEndian.Uint64(s.bitmap[s.row>>3:]))
	}
	for ; s.row < row; s.row++ {
		s.rank += int(s.bitmap[s.row>>3] >> (s.row & 7) & 1)
	}
	return s.rank
}

// raw is the code or plain number of a row.
func (s *sparse) raw(row int) (v uint64, ok bool, err error) {
	n := s.at(row)
	switch {
	case n < 0:
		return 0, false, nil
	case s.run >= 0:
		return uint64(s.run), true, nil
	case (n+1)*s.size > len(s.vals):
		return 0, false, errPage
	}
	return s.number(n), true, nil
}

// fill sets the column of a row.
func (s *sparse) fill(row int, c event.Column, e *event.Event) error {
	v, ok, err := s.raw(row)
	if err != nil || !ok {
		return err
	}
	l := &leaves[leafOf[c]]
	if l.phys == physByteArray {
		text, err := s.entry(v)
		if err == nil {
			e.Str(c, "", event.Bytes(text))
		}
		return err
	}
	size := 8
	if l.phys == physInt32 {
		size = 4
	}
	if s.coded {
		if v > uint64(len(s.dict)) || int(v+1)*size > len(s.dict) {
			return errPage
		}
		entry, _ := plain(s.num[:0], s.dict[int(v)*size:], l.phys, 1)
		v = uint64(entry[0])
	} else if size == 4 {
		v = uint64(int64(int32(v)))
	}
	e.Int(c, "", int64(v))
	return nil
}

// entry is a text of the dictionary.
func (s *sparse) entry(code uint64) ([]byte, error) {
	if code >= uint64(len(s.offs)) {
		return nil, errPage
	}
	at := int(s.offs[code])
	n := int(binary.LittleEndian.Uint32(s.dict[at:]))
	return s.dict[at+4 : at+4+n], nil
}
