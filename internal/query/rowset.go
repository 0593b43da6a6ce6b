package query

import "math/bits"

// rowset is a set of rows of one row group, one bit a row. A set without rows need not have words.
type rowset struct {
	words []uint64
	rows  int
}

func newRowset(rows int) rowset { return rowset{make([]uint64, (rows+63)/64), rows} }

func fullRowset(rows int) rowset {
	s := newRowset(rows)
	s.addRange(0, rows)
	return s
}

func (s rowset) add(i int)      { s.words[i>>6] |= 1 << (i & 63) }
func (s rowset) remove(i int)   { s.words[i>>6] &^= 1 << (i & 63) }
func (s rowset) has(i int) bool { return i>>6 < len(s.words) && s.words[i>>6]&(1<<(i&63)) != 0 }

func (s rowset) addRange(first, n int) {
	for i := first; i < first+n && s.words != nil; {
		if i&63 == 0 && first+n-i >= 64 {
			s.words[i>>6] = ^uint64(0)
			i += 64
			continue
		}
		s.add(i)
		i++
	}
}

func (s rowset) or(o rowset) {
	for i := range s.words {
		s.words[i] |= o.words[i]
	}
}

func (s rowset) andNot(o rowset) {
	for i := range s.words {
		s.words[i] &^= o.words[i]
	}
}

func (s rowset) clone() rowset { return rowset{append([]uint64(nil), s.words...), s.rows} }

func (s rowset) empty() bool {
	for _, w := range s.words {
		if w != 0 {
			return false
		}
	}
	return true
}

func (s rowset) count() (n int) {
	for _, w := range s.words {
		n += bits.OnesCount64(w)
	}
	return n
}

// touches says whether a row of [first, first+n) is in the set.
func (s rowset) touches(first, n int) bool {
	for i := first; i < first+n && s.words != nil; {
		if i&63 == 0 && first+n-i >= 64 {
			if s.words[i>>6] != 0 {
				return true
			}
			i += 64
			continue
		}
		if s.has(i) {
			return true
		}
		i++
	}
	return false
}

// each calls f for every row, rising.
func (s rowset) each(f func(row int)) {
	for w, word := range s.words {
		for ; word != 0; word &= word - 1 {
			f(w<<6 + bits.TrailingZeros64(word))
		}
	}
}

// eachDown calls f for every row, falling: the newest rows of a group usually stand last.
func (s rowset) eachDown(f func(row int)) {
	for w := len(s.words) - 1; w >= 0; w-- {
		for word := s.words[w]; word != 0; {
			top := 63 - bits.LeadingZeros64(word)
			word &^= 1 << top
			f(w<<6 + top)
		}
	}
}
