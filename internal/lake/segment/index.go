package segment

import (
	"encoding/binary"
	"errors"
	"fmt"
)

const indexMagic = "KIRIDX01"

var errIndex = errors.New("index is damaged")

// appendIndex writes what our own reader needs to find any page without Parquet's footer. See FORMAT.md.
func appendIndex(dst []byte, groups []*Group) []byte {
	w := indexWriter{dst}
	w.int(formatVersion)
	w.int(len(leaves))
	for i := range leaves {
		l := &leaves[i]
		w.int(l.col.Info().FieldID)
		w.int(int(l.role))
	}
	w.int(len(groups))
	for _, g := range groups {
		w.int(g.Rows)
		w.i64(g.RawBytes)
		w.int(g.Unparsed)
		w.i64(g.MinTime)
		w.i64(g.MaxTime)
		w.i64(g.FirstSeq)
		w.int(boolInt(g.ownSeq))
		w.i64(g.base)
		w.int(g.size)
		for i := range g.chunks {
			w.chunk(&g.chunks[i])
		}
		w.int(len(g.filters))
		for _, f := range g.filters {
			w.int(f.off)
			w.int(f.len)
			w.int(f.firstRow)
			w.int(f.rows)
		}
	}
	return w.b
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

type indexWriter struct{ b []byte }

func (w *indexWriter) int(v int)   { w.b = binary.AppendVarint(w.b, int64(v)) }
func (w *indexWriter) i64(v int64) { w.b = binary.AppendVarint(w.b, v) }
func (w *indexWriter) text(v string) {
	w.int(len(v))
	w.b = append(w.b, v...)
}

func (w *indexWriter) chunk(c *chunk) {
	flags := 0
	for i, f := range []bool{c.packed, c.hasRange, c.hasText, c.bloomLen > 0, c.grams} {
		if f {
			flags |= 1 << i
		}
	}
	w.int(int(c.enc))
	w.int(flags)
	w.int(c.start)
	w.int(c.size)
	w.int(c.raw)
	w.int(c.values)
	w.int(c.nulls)
	w.int(c.dataAt)
	if c.enc == encDict {
		w.int(c.dictAt)
		w.page(&c.dict)
	}
	w.int(len(c.pages))
	for i := range c.pages {
		w.page(&c.pages[i])
	}
	if c.grams {
		for i := range c.pages {
			w.int(c.pages[i].gramOff)
			w.int(c.pages[i].gramLen)
		}
	}
	if c.hasRange {
		w.i64(c.min)
		w.i64(c.max)
	}
	if c.hasText {
		w.text(c.minText)
		w.text(c.maxText)
	}
	if c.bloomLen > 0 {
		w.int(c.bloomAt)
		w.int(c.bloomLen)
	}
	if c.enc == encDict || c.enc == encText {
		for _, word := range c.bytes {
			w.b = binary.LittleEndian.AppendUint64(w.b, word)
		}
	}
}

func (w *indexWriter) page(p *page) {
	w.int(p.off)
	w.int(p.comp)
	w.int(p.raw)
	w.int(p.firstRow)
	w.int(p.rows)
	w.int(p.values)
}

// parseIndex reads an index. Leaves that the file does not have get chunks without values; leaves of the file that we do
// not know are an error of a newer version.
func parseIndex(b []byte) ([]*Group, error) {
	r := indexReader{b: b}
	if v := r.int(); v < 1 || v > formatVersion {
		return nil, fmt.Errorf("segment format version %d, this program reads 1 to %d", v, formatVersion)
	}
	order, err := r.leaves()
	if err != nil {
		return nil, err
	}
	n := r.int()
	if r.bad || n < 0 || n > len(b) {
		return nil, errIndex
	}
	groups := make([]*Group, 0, n)
	for range n {
		if r.bad {
			return nil, errIndex
		}
		g := &Group{Rows: r.int(), RawBytes: r.i64(), Unparsed: r.int(), MinTime: r.i64(), MaxTime: r.i64(), FirstSeq: r.i64(), ownSeq: r.int() != 0,
			base: r.i64(), size: r.int(), chunks: make([]chunk, len(leaves))}
		for i := range g.chunks {
			g.chunks[i] = chunk{enc: encNull, values: g.Rows, nulls: g.Rows}
		}
		if g.Rows < 0 || g.Rows > maxRows || g.base < 0 || g.size < 0 {
			return nil, errIndex
		}
		for _, i := range order {
			r.chunk(&g.chunks[i])
			if !g.chunks[i].possible(&leaves[i], g) {
				return nil, errIndex
			}
		}
		nf := r.int()
		for range nf {
			if r.bad {
				return nil, errIndex
			}
			g.filters = append(g.filters, filter{off: r.int(), len: r.int(), firstRow: r.int(), rows: r.int()})
		}
		groups = append(groups, g)
	}
	if r.bad || len(r.b) != 0 {
		return nil, errIndex
	}
	return groups, nil
}

// Bounds that no file of ours comes near; they keep a damaged index from asking for all memory.
const (
	maxRows   = 1 << 20
	maxValues = 1 << 27 // of a list or map in a group
	maxPage   = 1 << 30
)

// possible says whether the chunk's figures can be right.
func (c *chunk) possible(l *leaf, g *Group) bool {
	if c.values < 0 || c.values > maxValues || l.maxRep == 0 && c.values != g.Rows || c.enc > encPlain {
		return false
	}
	pages := c.pages
	if c.enc == encDict {
		if c.dict.values < 0 || c.dict.values > c.dict.raw {
			return false
		}
		pages = append([]page{c.dict}, pages...)
	}
	for i := range pages {
		p := &pages[i]
		if p.off < 0 || p.comp < 0 || p.off > g.size-p.comp || p.raw < 0 || p.raw > maxPage || p.rows < 0 || p.rows > g.Rows || p.firstRow < 0 || p.firstRow > g.Rows {
			return false
		}
		if p.gramLen < 0 || p.gramLen > 1<<(maxGramBits-3) || p.gramLen&(p.gramLen-1) != 0 || p.gramOff < 0 || p.gramOff > g.size-p.gramLen {
			return false
		}
	}
	return true
}

type indexReader struct {
	b   []byte
	bad bool
}

func (r *indexReader) i64() int64 {
	v, k := binary.Varint(r.b)
	if k <= 0 {
		r.bad = true
		r.b = nil
		return 0
	}
	r.b = r.b[k:]
	return v
}

func (r *indexReader) int() int { return int(r.i64()) }

func (r *indexReader) text() string {
	n := r.int()
	if n < 0 || n > len(r.b) {
		r.bad = true
		return ""
	}
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}

func (r *indexReader) leaves() ([]int, error) {
	known := make(map[[2]int]int, len(leaves))
	for i := range leaves {
		known[[2]int{leaves[i].col.Info().FieldID, int(leaves[i].role)}] = i
	}
	n := r.int()
	var order []int
	for range n {
		i, ok := known[[2]int{r.int(), r.int()}]
		if r.bad {
			return nil, errIndex
		}
		if !ok {
			return nil, errors.New("segment has a column that this program does not know: it was written by a newer version")
		}
		order = append(order, i)
	}
	return order, nil
}

func (r *indexReader) chunk(c *chunk) {
	*c = chunk{enc: encoding(r.int())}
	flags := r.int()
	c.packed, c.hasRange, c.hasText, c.grams = flags&1 != 0, flags&2 != 0, flags&4 != 0, flags&16 != 0
	c.start, c.size, c.raw, c.values, c.nulls, c.dataAt = r.int(), r.int(), r.int(), r.int(), r.int(), r.int()
	if c.enc == encDict {
		c.dictAt = r.int()
		r.page(&c.dict)
	}
	n := r.int()
	if n < 0 || n > len(r.b) {
		r.bad = true
		return
	}
	c.pages = make([]page, n)
	for i := range c.pages {
		r.page(&c.pages[i])
	}
	if c.grams {
		for i := range c.pages {
			c.pages[i].gramOff, c.pages[i].gramLen = r.int(), r.int()
		}
	}
	if c.hasRange {
		c.min, c.max = r.i64(), r.i64()
	}
	if c.hasText {
		c.minText, c.maxText = r.text(), r.text()
	}
	if flags&8 != 0 {
		c.bloomAt, c.bloomLen = r.int(), r.int()
	}
	if c.enc == encDict || c.enc == encText {
		if len(r.b) < 32 {
			r.bad = true
			return
		}
		for i := range c.bytes {
			c.bytes[i] = binary.LittleEndian.Uint64(r.b[8*i:])
		}
		r.b = r.b[32:]
	}
}

func (r *indexReader) page(p *page) {
	p.off, p.comp, p.raw, p.firstRow, p.rows, p.values = r.int(), r.int(), r.int(), r.int(), r.int(), r.int()
}
