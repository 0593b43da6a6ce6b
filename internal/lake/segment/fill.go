package segment

import (
	"iter"
	"math"
	"math/bits"
	"unsafe"

	"kiroku/internal/event"
)

// Append adds rows, at most Room. Everything is copied. raw_data must be UTF-8; other texts are
// made so. Without KeepSeq the seq column is left to Assemble. Rows that come together cost less: each column takes its
// values of up to 64 of them in one go, which keeps what it looks them up in near.
func (b *Builder) Append(rows ...*event.Event) {
	for len(rows) > 0 {
		n := portion(rows[:min(len(rows), 64-b.rows%64)])
		b.fill(rows[:n])
		rows = rows[n:]
	}
}

// manyValues is about how many values of a map or list are gathered at a time.
const manyValues = 32 << 10

// portion is how many of the rows, at least one, have no more values in their maps than are gathered at a time.
func portion(rows []*event.Event) int {
	values := 0
	for i, e := range rows {
		if values += len(e.Unmapped()); values > manyValues && i > 0 {
			return i
		}
	}
	return len(rows)
}

// fill adds rows that share a word of the bitmaps.
func (b *Builder) fill(rows []*event.Event) {
	set, all := columnSet(rows[0].Set()), columnSet(rows[0].Set())
	for _, e := range rows {
		for w, word := range e.Set() {
			set[w] |= word
			all[w] &= word
		}
		t := e.GetInt(event.ColTime)
		b.minT, b.maxT = min(b.minT, t), max(b.maxT, t)
		b.raw += int64(len(e.GetStr(event.ColRawData)))
		if e.Has(event.ColParseError) {
			b.bad++
		}
	}
	for w, word := range required {
		set[w] |= word
		all[w] |= word
	}
	if !b.keepSeq {
		set.remove(event.ColSeq)
	}
	far := b.far
	for c := range set.each {
		if far.has(c) {
			b.gather(c, rows, all.has(c))
			b.ask(c)
		}
	}
	for c := range set.each {
		if !far.has(c) {
			b.gather(c, rows, all.has(c))
			b.add(c)
		}
	}
	for c := range set.each {
		if far.has(c) {
			b.add(c)
		}
	}
	b.tokens.addAll()
	b.rows += len(rows)
	if b.rows%64 == 0 {
		b.endPages()
	}
	if b.rows%filterRows == 0 {
		b.endBlock()
	}
}

// columnSet is a set of columns, one bit each.
type columnSet [(event.NumColumns + 63) / 64]uint64

func (s *columnSet) add(c event.Column)      { s[c/64] |= 1 << (c % 64) }
func (s *columnSet) remove(c event.Column)   { s[c/64] &^= 1 << (c % 64) }
func (s *columnSet) has(c event.Column) bool { return s[c/64]>>(c%64)&1 != 0 }

func (s *columnSet) each(yield func(event.Column) bool) {
	for w, word := range s {
		for ; word != 0; word &= word - 1 {
			if !yield(event.Column(w*64 + bits.TrailingZeros64(word))) {
				return
			}
		}
	}
}

// required columns get a value in every row.
var required = func() (set columnSet) {
	for _, c := range event.Columns() {
		if c.Info().Required {
			set.add(c)
		}
	}
	return set
}()

// gather takes the values of one column; all says that every row has one. Texts for its dictionaries are left to add.
func (b *Builder) gather(col event.Column, rows []*event.Event, all bool) {
	c := &b.cols[col]
	has := uint64(1)<<len(rows) - 1
	if !all {
		has = 0
		for i, e := range rows {
			if e.Has(col) {
				has |= 1 << i
			}
		}
	}
	if c.leaf.maxDef > 0 {
		if c.set == nil {
			c.set = make([]uint64, GroupRows/64)
		}
		c.set[b.rows>>6] |= has << (b.rows & 63)
	}
	c.have += bits.OnesCount64(has)
	switch {
	case c.text != nil:
		for e := range having(rows, has) {
			b.putText(c, e.GetStr(col))
		}
	case c.kind == event.String:
		texts := c.dict.coming
		for e := range having(rows, has) {
			texts = append(texts, e.GetStr(col))
		}
		c.dict.coming = texts
	case c.kind == event.StringList:
		for e := range having(rows, has) {
			list := e.GetList(col)
			c.counts = append(c.counts, uint32(len(list)))
			c.dict.coming = append(c.dict.coming, list...)
		}
	case c.kind == event.StringMap:
		for e := range having(rows, has) {
			pairs := e.Unmapped()
			c.counts = append(c.counts, uint32(len(pairs)))
			for i := range pairs {
				c.dict.coming, c.dict2.coming = append(c.dict.coming, pairs[i].Key), append(c.dict2.coming, pairs[i].Value)
			}
		}
	case c.kind == event.Double:
		for e := range having(rows, has) {
			c.nums = append(c.nums, int64(math.Float64bits(e.GetDouble(col))))
		}
	default:
		nums := c.nums
		for e := range having(rows, has) {
			nums = append(nums, e.GetInt(col))
		}
		c.nums = nums
	}
}

// having are the rows whose bit is set.
func having(rows []*event.Event, has uint64) iter.Seq[*event.Event] {
	return func(yield func(*event.Event) bool) {
		for ; has != 0; has &= has - 1 {
			if !yield(rows[bits.TrailingZeros64(has)]) {
				return
			}
		}
	}
}

// ask has the processor fetch what add will wait for.
func (b *Builder) ask(col event.Column) {
	c := &b.cols[col]
	if c.dict.far() {
		c.dict.ask()
	}
	if c.dict2.far() {
		c.dict2.ask()
	}
}

// add adds the texts that were gathered to the column's dictionaries.
func (b *Builder) add(col event.Column) {
	c := &b.cols[col]
	if c.dict != nil {
		b.addTexts(c.dict, c.leaf.tokens)
	}
	if c.dict2 != nil {
		b.addTexts(c.dict2, c.leaf2.tokens)
	}
	if c.dict.far() || c.dict2.far() {
		b.far.add(col)
	}
}

func (b *Builder) addTexts(d *dict, tokens bool) {
	asked := len(d.probes) > 0
	if asked {
		d.askEntries()
	}
	b.toks = b.toks[:0]
	for i, s := range d.coming {
		if i > 0 && identical(s, d.coming[i-1]) { // a word of our own
			d.found = append(d.found, d.found[i-1])
			continue
		}
		var code uint32
		var fresh bool
		if asked {
			code, fresh = d.find(s, d.probes[i])
		} else {
			code, fresh = d.add(s)
		}
		d.found = append(d.found, code)
		if !tokens {
			continue
		}
		if fresh {
			d.toks = b.appendTokens(d.toks, d.value(int(code)))
		}
		b.toks = append(b.toks, d.tokens(code, b.block)...)
	}
	d.added()
	b.tokens.ask(b.toks)
}

// identical says that a and b are the same place in memory.
func identical(a, b string) bool {
	return unsafe.StringData(a) == unsafe.StringData(b) && len(a) == len(b)
}

// appendTokens appends the hashes of the tokens of s, as the filters have them.
func (b *Builder) appendTokens(dst []uint32, s string) []uint32 {
	b.hashes = b.hasher(s, b.hashes[:0])
	for _, h := range b.hashes {
		dst = append(dst, uint32(h>>32))
	}
	return dst
}
