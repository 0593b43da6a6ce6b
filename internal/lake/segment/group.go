package segment

import "kiroku/internal/event"

// Empty says that no row of the group has a value in the column.
func (g *Group) Empty(c event.Column) bool { return g.chunks[leafOf[c]].enc == encNull }

// MayHold says whether a text of the column may hold all bytes of part, ASCII with letters in lower case, in either case of
// letters. values means the values of a map column instead of its keys.
func (g *Group) MayHold(c event.Column, values bool, part string) bool {
	li := leafOf[c]
	if values {
		li++
	}
	ch := &g.chunks[li]
	if ch.enc != encDict && ch.enc != encText || ch.bytes[2]|ch.bytes[3] != 0 {
		return true // characters beyond ASCII may fold to these
	}
	for i := range len(part) {
		b := part[i]
		if !ch.bytes.has(b) && (b < 'a' || b > 'z' || !ch.bytes.has(b-0x20)) {
			return false
		}
	}
	return true
}

// HasDict says whether the column of the group is written with a dictionary.
func (g *Group) HasDict(c event.Column) bool { return g.chunks[leafOf[c]].enc == encDict }

// Pages are the runs of rows that Texts decodes at a time.
func (g *Group) Pages(c event.Column) []Block {
	ch := &g.chunks[leafOf[c]]
	out := make([]Block, len(ch.pages))
	for i, p := range ch.pages {
		out[i] = Block{p.firstRow, p.rows}
	}
	return out
}

// Range is the least and the greatest number of the column in the group; false when that is not known.
func (g *Group) Range(c event.Column) (lo, hi int64, ok bool) {
	ch := &g.chunks[leafOf[c]]
	return ch.min, ch.max, ch.hasRange
}

// TextRange is the least and the greatest text of the column in the group; false when that is not known.
func (g *Group) TextRange(c event.Column) (lo, hi string, ok bool) {
	ch := &g.chunks[leafOf[c]]
	return ch.minText, ch.maxText, ch.hasText
}
