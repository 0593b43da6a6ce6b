package event

import (
	"slices"
	"strconv"
)

// Unmap keeps a leaf that has no column, by its dotted name. Empty values carry nothing and are left to raw_data.
//
// Records may write a name twice, and "a.b" beside "b" within "a". The names of a map are unique: the second leaf of a name is kept as
// "name#2", the third as "name#3" and so on; one that says the same as the leaf before it is kept once.
func (e *Event) Unmap(key, v string) {
	if v == "" {
		return
	}
	name := key
	if e.names.mayHold(key) || len(e.unmapped) >= manyLeaves {
		var again bool
		if name, again = e.freeName(key, v); again {
			return
		}
	}
	e.unmapped = append(e.unmapped, Pair{name, v})
	e.mark(ColUnmapped, key)
}

// manyLeaves is how many leaves are looked through for a name; for more there is an index.
const manyLeaves = 64

// leafNames tells names in unmapped that are new from those that may be there: most records repeat none.
type leafNames struct {
	bits  [4]uint64
	index map[string]leafPlace // empty until there are many leaves
}

// leafPlace is where the last leaf of a name stands in unmapped, and its number.
type leafPlace struct{ last, number int }

func (n *leafNames) reset() {
	n.bits = [4]uint64{}
	clear(n.index)
}

// mayHold adds a name. False: it is new.
func (n *leafNames) mayHold(name string) bool {
	h := uint64(len(name))
	if h > 0 {
		h = h<<24 | uint64(name[0])<<16 | uint64(name[len(name)/2])<<8 | uint64(name[len(name)-1])
	}
	bit := h * 0x9E3779B97F4A7C15 >> 56
	word, mask := &n.bits[bit>>6], uint64(1)<<(bit&63)
	if *word&mask != 0 {
		return true
	}
	*word |= mask
	return false
}

// freeName is the name that a leaf gets. again says that the leaf of that name before it has the same value.
func (e *Event) freeName(key, v string) (name string, again bool) {
	if len(e.unmapped) >= manyLeaves {
		return e.indexedName(key, v)
	}
	last, number, known := 0, 0, false
	for i := range e.unmapped {
		k := e.unmapped[i].Key
		switch {
		case k == key:
			known = true
		case len(k) <= len(key) || k[len(key)] != '#' || k[:len(key)] != key:
			continue
		}
		last, number = i, number+1
	}
	if !known {
		return key, false
	}
	if e.unmapped[last].Value == v {
		return "", true
	}
	for {
		number++
		name = numbered(key, number)
		if !slices.ContainsFunc(e.unmapped, func(p Pair) bool { return p.Key == name }) {
			e.names.mayHold(name)
			return name, false
		}
	}
}

// indexedName is freeName for many leaves.
func (e *Event) indexedName(key, v string) (name string, again bool) {
	index := e.names.index
	if len(index) == 0 {
		if index == nil {
			index = make(map[string]leafPlace, 2*manyLeaves)
			e.names.index = index
		}
		for i := range e.unmapped {
			index[e.unmapped[i].Key] = leafPlace{i, 1}
		}
	}
	next := len(e.unmapped)
	place, repeated := index[key]
	if !repeated {
		index[key] = leafPlace{next, 1}
		return key, false
	}
	for {
		name = numbered(key, place.number+1)
		other, taken := index[name]
		if !taken {
			break
		}
		place = leafPlace{other.last, place.number + 1}
	}
	if e.unmapped[place.last].Value == v {
		index[key] = place
		return "", true
	}
	index[name] = leafPlace{next, 1}
	index[key] = leafPlace{next, place.number + 1}
	return name, false
}

func numbered(key string, n int) string { return key + "#" + strconv.Itoa(n) }
