package segment

import (
	"encoding/binary"
	"kiroku/internal/event"
)

// Numbers is a column of numbers, truth values or time stamps of a whole group. Doubles are their IEEE bits.
type Numbers struct {
	Vals []int64 // by row; 0 where there is none
	Have []bool  // by row; nil: all have one
}

// Numbers decodes a column of kind Int, Long, Bool, Timestamp or Double.
func (r *Reader) Numbers(g *Group, c event.Column, n *Numbers) error {
	li := leafOf[c]
	ch, l := &g.chunks[li], &leaves[li]
	n.Vals, n.Have = n.Vals[:0], nil
	if ch.enc == encNull {
		n.Vals = append(n.Vals, make([]int64, g.Rows)...)
		n.Have = make([]bool, g.Rows)
		return nil
	}
	var entries []int64
	if ch.enc == encDict {
		body, err := r.load(g, &ch.dict, ch.packed)
		if err != nil {
			return err
		}
		if entries, err = plain(nil, body, l.phys, ch.dict.values); err != nil {
			return err
		}
	}
	if len(ch.pages) != 1 {
		return errPage
	}
	body, err := r.load(g, &ch.pages[0], ch.packed)
	if err != nil {
		return err
	}
	def, body, err := r.scalarLevels(body, l, g.Rows)
	if err != nil {
		return err
	}
	have := count(def, 1, g.Rows)
	switch {
	case ch.enc == encDict:
		if r.codes, err = codes(r.codes[:0], body, have, len(entries)); err != nil {
			return err
		}
		for _, k := range r.codes {
			n.Vals = append(n.Vals, entries[k])
		}
	case ch.enc == encDelta:
		if n.Vals, _, err = decodeDelta(n.Vals, body, have); err != nil {
			return err
		}
	case l.phys == physBool:
		for i := range have {
			if i/8 >= len(body) {
				return errPage
			}
			n.Vals = append(n.Vals, int64(body[i/8]>>(i&7)&1))
		}
	default:
		if n.Vals, err = plain(n.Vals, body, l.phys, have); err != nil {
			return err
		}
	}
	if len(n.Vals) != have {
		return errPage
	}
	if def != nil {
		n.spread(def)
	}
	return nil
}

func (n *Numbers) spread(def []uint32) {
	k := len(n.Vals)
	n.Vals = append(n.Vals, make([]int64, len(def)-k)...)
	n.Have = make([]bool, len(def))
	for i := len(def) - 1; i >= 0; i-- {
		if def[i] == 0 {
			n.Vals[i] = 0
			continue
		}
		k--
		n.Vals[i], n.Have[i] = n.Vals[k], true
	}
}

func plain(dst []int64, body []byte, phys physical, n int) ([]int64, error) {
	size := 8
	if phys == physInt32 {
		size = 4
	}
	if len(body) < n*size {
		return dst, errPage
	}
	for i := range n {
		if size == 4 {
			dst = append(dst, int64(int32(binary.LittleEndian.Uint32(body[4*i:]))))
		} else {
			dst = append(dst, int64(binary.LittleEndian.Uint64(body[8*i:])))
		}
	}
	return dst, nil
}
