package segment

import (
	"math"
	"math/bits"
	"strings"
	"unicode/utf8"
	"unsafe"

	"kiroku/internal/event"
)

// Hasher appends the hash of every lower-cased token of s to dst.
type Hasher func(s string, dst []uint64) []uint64

// Level is a zstd level.
type Level int

// Levels: Fast for what just came in, Small for what is rewritten at leisure.
const (
	Fast  Level = 3
	Small Level = 9
)

// Builder collects rows, column by column, and encodes them as one row group. It keeps its memory from group to group.
// It is not safe for concurrent use.
type Builder struct {
	hasher Hasher
	enc    *encoder
	rows   int
	raw    int64
	bad    int // rows with a parse_error
	block  uint16
	cols   [event.NumColumns]column
	tokens tokenSet
	texts  []string // of the column at hand, for its dictionary
	texts2 []string // the same of the values of a map
	hashes []uint64
	blocks []filter // of finished blocks; their bytes are in filterBuf
	fbuf   []byte
	minT   int64
	maxT   int64
	grams  gramSet

	keepSeq bool
}

// column holds the values of one column until the group is finished.
type column struct {
	leaf   *leaf
	leaf2  *leaf // values of a map
	kind   event.Kind
	have   int      // rows with a value
	set    []uint64 // one bit a row
	nums   []int64
	dict   *dict
	dict2  *dict    // values of a map
	counts []uint32 // elements of each row that has a value
	text   *textCol
}

// textCol is a column of long or unique texts. Pages are compressed as soon as they are full.
type textCol struct {
	lens     []int64
	buf      []byte // headRoom bytes for what stands before the texts in a page, and the texts
	firstRow int
	out      []byte
	pages    []page
	raw      int
	hashes   []uint64 // for the bloom filter
	grams    []byte   // gram filters of the pages
	lo, hi   []byte   // least and greatest text, unless one is long
	long     bool
}

// headRoom has room for the levels and the lengths of a page of texts, of which a length takes at most 9 bytes.
var headRoom [9*textPageRows + 4<<10]byte

// NewBuilder makes a builder whose pages are compressed at level.
func NewBuilder(hasher Hasher, level Level) *Builder {
	b := &Builder{hasher: hasher, enc: newEncoder(level)}
	for i := range b.cols {
		c := &b.cols[i]
		c.kind = event.Column(i).Kind()
		c.leaf = &leaves[leafOf[i]]
		switch {
		case c.leaf.plain:
			c.text = &textCol{}
		case c.kind == event.StringMap:
			c.leaf2 = &leaves[leafOf[i]+1]
			c.dict, c.dict2 = &dict{}, &dict{}
		case c.kind == event.String || c.kind == event.StringList:
			c.dict = &dict{}
		}
	}
	b.reset()
	return b
}

func (b *Builder) reset() {
	b.rows, b.raw, b.bad, b.block = 0, 0, 0, 1
	b.minT, b.maxT = math.MaxInt64, math.MinInt64
	b.blocks, b.fbuf = b.blocks[:0], b.fbuf[:0]
	b.tokens.reset()
	for i := range b.cols {
		c := &b.cols[i]
		c.have = 0
		clear(c.set)
		c.nums, c.counts = c.nums[:0], c.counts[:0]
		if c.dict != nil {
			c.dict.reset()
		}
		if c.dict2 != nil {
			c.dict2.reset()
		}
		if t := c.text; t != nil {
			t.lens, t.buf, t.out, t.pages, t.hashes, t.grams = t.lens[:0], append(t.buf[:0], headRoom[:]...), t.out[:0], t.pages[:0], t.hashes[:0], t.grams[:0]
			t.firstRow, t.raw, t.long = 0, 0, false
		}
	}
}

// KeepSeq makes the builder take the rows' own sequence numbers, for rows that are rewritten.
func (b *Builder) KeepSeq() { b.keepSeq = true }

// Rows is how many rows the open group has.
func (b *Builder) Rows() int { return b.rows }

// Full says that the group should be finished now.
func (b *Builder) Full() bool { return b.rows >= GroupRows || b.raw >= GroupBytes }

// Room is how many rows the group still takes.
func (b *Builder) Room() int { return GroupRows - b.rows }

// Append adds rows, at most Room. Everything is copied. raw_data must be UTF-8; other texts are
// made so. Without KeepSeq the seq column is left to Assemble. Rows that come together cost less: each column takes its
// values of up to 64 of them in one go, which keeps what it looks them up in near.
func (b *Builder) Append(rows ...*event.Event) {
	for len(rows) > 0 {
		n := min(len(rows), 64-b.rows%64)
		b.fill(rows[:n])
		rows = rows[n:]
	}
}

// fill adds rows that share a word of the bitmaps.
func (b *Builder) fill(rows []*event.Event) {
	set, all := required, rows[0].Set()
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
	for w, word := range set {
		for ; word != 0; word &= word - 1 {
			i := w*64 + bits.TrailingZeros64(word)
			b.put(&b.cols[i], event.Column(i), rows, (all[w]|required[w])>>(i%64)&1 != 0)
		}
	}
	b.rows += len(rows)
	if b.rows%64 == 0 {
		b.endPages()
	}
	if b.rows%filterRows == 0 {
		b.endBlock()
	}
}

// required columns get a value in every row.
var required = func() (set [(event.NumColumns + 63) / 64]uint64) {
	for _, c := range event.Columns() {
		if c.Info().Required && c != event.ColSeq {
			set[c/64] |= 1 << (c % 64)
		}
	}
	return set
}()

// put adds the values of one column; all says that every row has one.
func (b *Builder) put(c *column, col event.Column, rows []*event.Event, all bool) {
	if col == event.ColSeq && !b.keepSeq {
		return
	}
	if c.leaf.maxDef > 0 {
		if c.set == nil {
			c.set = make([]uint64, GroupRows/64)
		}
		has := uint64(1)<<len(rows) - 1
		if !all {
			has = 0
			for i, e := range rows {
				if e.Has(col) {
					has |= 1 << i
				}
			}
		}
		c.set[b.rows>>6] |= has << (b.rows & 63)
	}
	b.texts, b.texts2 = b.texts[:0], b.texts2[:0]
	for _, e := range rows {
		if all || e.Has(col) {
			c.have++
			b.putValue(c, col, e)
		}
	}
	if c.dict != nil {
		b.putDict(c.dict, b.texts, c.leaf.tokens)
	}
	if c.dict2 != nil {
		b.putDict(c.dict2, b.texts2, c.leaf2.tokens)
	}
}

// putValue adds the value of a row; texts for the column's dictionaries are collected.
func (b *Builder) putValue(c *column, col event.Column, e *event.Event) {
	switch c.kind {
	case event.String:
		if c.text != nil {
			b.putText(c, e.GetStr(col))
			return
		}
		b.texts = append(b.texts, e.GetStr(col))
	case event.StringList:
		list := e.GetList(col)
		c.counts = append(c.counts, uint32(len(list)))
		b.texts = append(b.texts, list...)
	case event.StringMap:
		pairs := e.Unmapped()
		c.counts = append(c.counts, uint32(len(pairs)))
		for i := range pairs {
			b.texts, b.texts2 = append(b.texts, pairs[i].Key), append(b.texts2, pairs[i].Value)
		}
	case event.Double:
		c.nums = append(c.nums, int64(math.Float64bits(e.GetDouble(col))))
	default:
		c.nums = append(c.nums, e.GetInt(col))
	}
}

func (b *Builder) putDict(d *dict, texts []string, tokens bool) {
	probes := d.fetch(texts)
	for i, s := range texts {
		var code uint32
		var fresh bool
		if probes != nil {
			code, fresh = d.find(s, probes[i])
		} else {
			code, fresh = d.add(s)
		}
		if !tokens {
			continue
		}
		if fresh {
			b.hashes = b.hasher(d.value(int(code)), b.hashes[:0])
			for _, h := range b.hashes {
				d.toks = append(d.toks, uint32(h>>32))
			}
			d.tokOff = append(d.tokOff, uint32(len(d.toks)))
		}
		if d.seen[code] != b.block {
			d.seen[code] = b.block
			for _, h := range d.toks[d.tokOff[code]:d.tokOff[code+1]] {
				b.tokens.add(h)
			}
		}
	}
}

func (b *Builder) putText(c *column, s string) {
	if !c.leaf.valid && !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\ufffd")
	}
	t := c.text
	if c.leaf.ranged {
		t.extend(s)
	}
	t.lens = append(t.lens, int64(len(s)))
	t.buf = append(t.buf, s...)
	if c.leaf.tokens {
		b.hashes = b.hasher(s, b.hashes[:0])
		for _, h := range b.hashes {
			b.tokens.add(uint32(h >> 32))
		}
	}
	if c.leaf.bloom {
		t.hashes = append(t.hashes, hash64(s))
	}
}

// extend widens the range of the texts.
func (t *textCol) extend(s string) {
	switch {
	case len(s) > maxRangeText:
		t.long = true
	case len(t.lens) == 0 && t.firstRow == 0:
		t.lo, t.hi = append(t.lo[:0], s...), append(t.hi[:0], s...)
	case s > string(t.hi):
		t.hi = append(t.hi[:0], s...)
	case s < string(t.lo):
		t.lo = append(t.lo[:0], s...)
	}
}

// endPages closes the pages of texts that are full. It is called at every 64th row, so that pages begin at whole words
// of the bitmaps.
func (b *Builder) endPages() {
	for i := range b.cols {
		c := &b.cols[i]
		if c.text == nil || b.rows == c.text.firstRow {
			continue
		}
		if b.rows-c.text.firstRow >= c.leaf.rowsper || len(c.text.buf)-len(headRoom) >= pageBytes {
			b.endPage(c)
		}
	}
}

func (b *Builder) endPage(c *column) {
	t := c.text
	if b.rows == t.firstRow {
		return
	}
	head := b.enc.body[:0]
	rows := b.rows - t.firstRow
	if c.leaf.maxDef > 0 {
		head = appendLevels(head, c.set, t.firstRow, rows)
	}
	head = appendDelta(head, t.lens)
	b.enc.body = head
	at := len(headRoom) - len(head)
	copy(t.buf[at:], head)
	p := page{firstRow: t.firstRow, rows: rows, values: rows, gramOff: len(t.grams)}
	if c.leaf.grams {
		t.grams = b.grams.appendFilter(t.grams, t.buf[len(headRoom):])
		p.gramLen = len(t.grams) - p.gramOff
	}
	with := b.enc.zstd.texts
	if c.leaf.col == event.ColRawData {
		with = b.enc.zstd.records
	}
	t.out, p = b.enc.page(t.out, p, encText, with, t.buf[at:])
	t.pages = append(t.pages, p)
	t.raw += p.raw
	t.lens, t.buf, t.firstRow = t.lens[:0], t.buf[:len(headRoom)], b.rows
}

func (b *Builder) endBlock() {
	first := 0
	if n := len(b.blocks); n > 0 {
		first = b.blocks[n-1].firstRow + b.blocks[n-1].rows
	}
	if b.rows == first {
		return
	}
	at := len(b.fbuf)
	b.fbuf = b.tokens.appendFilter(b.fbuf)
	b.blocks = append(b.blocks, filter{off: at, len: len(b.fbuf) - at, firstRow: first, rows: b.rows - first})
	b.tokens.reset()
	b.block++
}

// Finish encodes the open group and empties the builder. It returns nil when there are no rows.
func (b *Builder) Finish() *Group {
	if b.rows == 0 {
		return nil
	}
	b.endBlock()
	g := &Group{Rows: b.rows, RawBytes: b.raw, Unparsed: b.bad, MinTime: b.minT, MaxTime: b.maxT, ownSeq: b.keepSeq, chunks: make([]chunk, len(leaves))}
	out := b.enc.out[:0]
	for i := range b.cols {
		c := &b.cols[i]
		if event.Column(i) == event.ColSeq && !b.keepSeq {
			continue
		}
		out = b.finishColumn(g, out, c)
	}
	for _, f := range b.blocks {
		f.off += len(out)
		g.filters = append(g.filters, f)
	}
	out = append(out, b.fbuf...)
	b.enc.out = out
	g.data = append([]byte(nil), out...)
	b.reset()
	return g
}

func (b *Builder) finishColumn(g *Group, out []byte, c *column) []byte {
	li := leafOf[c.leaf.col]
	ch := &g.chunks[li]
	if c.have == 0 && c.leaf.maxDef > 0 {
		out = b.enc.nullChunk(out, ch, c.leaf, b.rows)
		if c.leaf2 != nil {
			out = b.enc.nullChunk(out, &g.chunks[li+1], c.leaf2, b.rows)
		}
		return out
	}
	switch {
	case c.text != nil:
		return b.finishText(out, ch, c)
	case c.kind == event.String:
		levels := levels{set: c.set, rows: b.rows, have: c.have, leaf: c.leaf}
		return b.enc.texts(out, ch, c.leaf, c.dict, levels)
	case c.kind == event.StringList:
		levels := levels{set: c.set, rows: b.rows, have: c.have, leaf: c.leaf, counts: c.counts}
		return b.enc.texts(out, ch, c.leaf, c.dict, levels)
	case c.kind == event.StringMap:
		levels := levels{set: c.set, rows: b.rows, have: c.have, leaf: c.leaf, counts: c.counts}
		out = b.enc.texts(out, ch, c.leaf, c.dict, levels)
		levels.leaf = c.leaf2
		return b.enc.texts(out, &g.chunks[li+1], c.leaf2, c.dict2, levels)
	default:
		return b.enc.numbers(out, ch, c, b.rows)
	}
}

func (b *Builder) finishText(out []byte, ch *chunk, c *column) []byte {
	b.endPage(c)
	t := c.text
	*ch = chunk{enc: encText, packed: true, start: len(out), dataAt: len(out), values: b.rows, nulls: b.rows - c.have, bytes: allBytes}
	if c.leaf.maxDef == 0 {
		ch.nulls = 0
	}
	if c.leaf.ranged && !t.long {
		ch.minText, ch.maxText, ch.hasText = string(t.lo), string(t.hi), true
	}
	for _, p := range t.pages {
		p.off += len(out)
		p.gramOff += len(out) + len(t.out)
		ch.pages = append(ch.pages, p)
	}
	out = append(out, t.out...)
	ch.size = len(out) - ch.start
	ch.raw = t.raw + (len(t.out) - sumComp(t.pages))
	ch.grams = c.leaf.grams
	out = append(out, t.grams...)
	if c.leaf.bloom {
		out = b.enc.bloom(out, ch, t.hashes)
	}
	return out
}

func sumComp(ps []page) (n int) {
	for i := range ps {
		n += ps[i].comp
	}
	return n
}

func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
