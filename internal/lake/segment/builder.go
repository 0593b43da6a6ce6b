package segment

import (
	"math"
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
	far    columnSet // columns whose dictionaries are asked for ahead
	tokens tokenSet
	hashes []uint64
	toks   []uint32
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
		levels := b.enc.nested(levels{set: c.set, rows: b.rows, have: c.have, leaf: c.leaf, counts: c.counts})
		return b.enc.texts(out, ch, c.leaf, c.dict, levels)
	case c.kind == event.StringMap:
		levels := b.enc.nested(levels{set: c.set, rows: b.rows, have: c.have, leaf: c.leaf, counts: c.counts})
		out = b.enc.texts(out, ch, c.leaf, c.dict, levels)
		levels.leaf = c.leaf2
		return b.enc.texts(out, &g.chunks[li+1], c.leaf2, c.dict2, levels)
	default:
		return b.enc.numbers(out, ch, c, b.rows)
	}
}

func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
