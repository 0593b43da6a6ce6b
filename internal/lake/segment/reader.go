package segment

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"unsafe"

	"github.com/DataDog/zstd"

	"kiroku/internal/event"
)

// File is an open segment or data file. It is safe for concurrent use; Close only when nobody reads any more.
type File struct {
	f      *os.File
	Size   int64
	Groups []*Group
}

// Open opens a file that Assemble wrote and reads its index.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	file := &File{f: f}
	if err := file.readIndex(); err != nil {
		f.Close()
		return nil, fmt.Errorf("open segment %s: %w", path, err)
	}
	return file, nil
}

// Close closes the file.
func (f *File) Close() error { return f.f.Close() }

func (f *File) readIndex() error {
	st, err := f.f.Stat()
	if err != nil {
		return err
	}
	f.Size = st.Size()
	var tail [8]byte
	if f.Size < 48 {
		return errors.New("file is too short")
	}
	if _, err := f.f.ReadAt(tail[:], f.Size-8); err != nil {
		return err
	}
	if string(tail[4:]) != magic {
		return errors.New("file does not end as a Parquet file")
	}
	foot := f.Size - 8 - int64(binary.LittleEndian.Uint32(tail[:4]))
	var tr [24]byte
	if foot < 28 {
		return errIndex
	}
	if _, err := f.f.ReadAt(tr[:], foot-24); err != nil {
		return err
	}
	at, n := int64(binary.LittleEndian.Uint64(tr[:8])), int64(binary.LittleEndian.Uint64(tr[8:16]))
	if string(tr[16:]) != indexMagic || at < 4 || n < 0 || at+n != foot-24 {
		return errors.New("file has no Kiroku index: it was not written by Kiroku")
	}
	b := make([]byte, n)
	if _, err := f.f.ReadAt(b, at); err != nil {
		return err
	}
	f.Groups, err = parseIndex(b)
	if err != nil {
		return err
	}
	for _, g := range f.Groups {
		if g.base < 4 || g.size < 0 || g.base+int64(g.size) > at {
			return errIndex
		}
		g.src = f.f
	}
	return nil
}

// Reader decodes columns of row groups. It keeps its memory between calls: what a method returns is valid until the
// Reader is asked for the same kind of thing again. It is not safe for concurrent use.
type Reader struct {
	zstd  zstd.Ctx
	in    []byte
	body  []byte
	def   []uint32
	rep   []uint32
	codes []uint32
	lens  []int64
	Bytes int64 // read so far
}

// NewReader makes a reader.
func NewReader() *Reader { return &Reader{zstd: zstd.NewCtx()} }

// Texts is one column of texts of some rows of a group.
//
// Row i has a value if Codes is nil or Codes[i] is not NoCode. With a dictionary the value is Dict(Codes[i]), else the
// i-th of the run of texts.
type Texts struct {
	First, Rows int
	IsDict      bool
	Codes       []uint32 // by row: code of the dictionary, or place in the run of texts; NoCode: null
	offs        []uint32
	bytes       []byte
	block       []byte // what bytes is part of
}

// NoCode stands in Texts.Codes for a row without a value.
const NoCode = ^uint32(0)

func (t *Texts) reset(rows int) {
	*t = Texts{Rows: rows, Codes: t.Codes[:0], offs: t.offs[:0], bytes: t.block[:0], block: t.block[:0]}
}

// Len is how many entries there are: of the dictionary, or texts.
func (t *Texts) Len() int { return max(0, len(t.offs)-1) }

// At is an entry. It is valid as long as the Texts are.
func (t *Texts) At(code uint32) string {
	b := t.bytes[t.offs[code]:t.offs[code+1]]
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// All is the bytes of all entries, one behind the other.
func (t *Texts) All() []byte { return t.bytes }

// Offsets are the starts of the entries in All, and its length.
func (t *Texts) Offsets() []uint32 { return t.offs }

var errPage = errors.New("page is damaged")

// load reads a page and uncompresses it. The result is valid until the next load.
func (r *Reader) load(g *Group, p *page, packed bool) ([]byte, error) {
	if p.off < 0 || p.comp < 0 || p.off+p.comp > g.size || p.raw < 0 || p.raw > 1<<31 {
		return nil, errPage
	}
	r.in = grow(r.in, p.comp)
	if _, err := g.src.ReadAt(r.in, g.base+int64(p.off)); err != nil {
		return nil, err
	}
	r.Bytes += int64(p.comp)
	if !packed {
		return r.in, nil
	}
	r.body = grow(r.body, p.raw)
	n, err := r.zstd.DecompressInto(r.body, r.in)
	if err != nil || n != p.raw {
		return nil, fmt.Errorf("uncompress page: %w", errors.Join(err, errPage))
	}
	return r.body, nil
}

func grow(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n, n+n/4)
	}
	return b[:n]
}

// scalarLevels returns the definition levels of a page of an optional scalar (nil: all present) and what follows.
func (r *Reader) scalarLevels(body []byte, l *leaf, rows int) (def []uint32, rest []byte, err error) {
	if l.maxDef == 0 {
		return nil, body, nil
	}
	if r.def, rest, err = hybridBlock(body, 1, rows, r.def); err != nil {
		return nil, nil, err
	}
	for _, d := range r.def {
		if d == 0 {
			return r.def, rest, nil
		}
	}
	return nil, rest, nil
}

func hybridBlock(body []byte, width, n int, scratch []uint32) (vals []uint32, rest []byte, err error) {
	if len(body) < 4 {
		return nil, nil, errPage
	}
	size := int(binary.LittleEndian.Uint32(body))
	if size > len(body)-4 {
		return nil, nil, errPage
	}
	vals, err = decodeHybrid(scratch[:0], body[4:4+size], width, n)
	return vals, body[4+size:], err
}

// Empty says that no row of the group has a value in the column.
func (g *Group) Empty(c event.Column) bool { return g.chunks[leafOf[c]].enc == encNull }

// MayHold says whether a text of the column may hold all these bytes of ASCII, letters in either case. values means the
// values of a map column instead of its keys.
func (g *Group) MayHold(c event.Column, values bool, lower []byte) bool {
	li := leafOf[c]
	if values {
		li++
	}
	ch := &g.chunks[li]
	if ch.enc != encDict && ch.enc != encText || ch.bytes[2]|ch.bytes[3] != 0 {
		return true // characters beyond ASCII may fold to these
	}
	for _, b := range lower {
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

// Dict decodes only the dictionary of a column for which HasDict holds; Codes then decodes the rest.
func (r *Reader) Dict(g *Group, c event.Column, t *Texts) error {
	ch := &g.chunks[leafOf[c]]
	t.reset(g.Rows)
	return r.dictionary(g, ch, t)
}

// Codes decodes the codes of a column whose dictionary is in t.
func (r *Reader) Codes(g *Group, c event.Column, t *Texts) error {
	li := leafOf[c]
	ch, l := &g.chunks[li], &leaves[li]
	if len(ch.pages) != 1 {
		return errPage
	}
	return r.texts(g, ch, l, &ch.pages[0], t)
}

// Texts decodes a column of kind String. For columns with pages of their own rows, only the page that holds row is
// decoded; for all others the whole group is.
func (r *Reader) Texts(g *Group, c event.Column, row int, t *Texts) error {
	li := leafOf[c]
	ch, l := &g.chunks[li], &leaves[li]
	t.reset(g.Rows)
	if ch.enc == encNull {
		for range g.Rows {
			t.Codes = append(t.Codes, NoCode)
		}
		t.IsDict = true
		return nil
	}
	if ch.enc == encDict {
		if err := r.dictionary(g, ch, t); err != nil {
			return err
		}
	}
	p := ch.pageOf(row)
	if p == nil {
		return errPage
	}
	return r.texts(g, ch, l, p, t)
}

// texts decodes one page.
func (r *Reader) texts(g *Group, ch *chunk, l *leaf, p *page, t *Texts) error {
	t.First, t.Rows = p.firstRow, p.rows
	body, err := r.load(g, p, ch.packed)
	if err != nil {
		return err
	}
	def, body, err := r.scalarLevels(body, l, p.rows)
	if err != nil {
		return err
	}
	have := count(def, 1, p.rows)
	if ch.enc == encDict {
		if t.Codes, err = codes(t.Codes, body, have, t.Len()); err != nil {
			return err
		}
	} else {
		if err := r.run(body, have, t); err != nil {
			return err
		}
		for i := range have {
			t.Codes = append(t.Codes, uint32(i))
		}
	}
	if def != nil {
		t.Codes = spread(t.Codes, def)
	}
	return nil
}

func (c *chunk) pageOf(row int) *page {
	for i := range c.pages {
		if p := &c.pages[i]; row >= p.firstRow && row < p.firstRow+p.rows {
			return p
		}
	}
	return nil
}

func count(def []uint32, want uint32, rows int) int {
	if def == nil {
		return rows
	}
	n := 0
	for _, d := range def {
		if d == want {
			n++
		}
	}
	return n
}

// spread puts dense values at the rows that have one.
func spread(dense []uint32, def []uint32) []uint32 {
	k := len(dense)
	dense = append(dense, make([]uint32, len(def)-k)...)
	for i := len(def) - 1; i >= 0; i-- {
		if def[i] == 0 {
			dense[i] = NoCode
			continue
		}
		k--
		dense[i] = dense[k]
	}
	return dense
}

func codes(dst []uint32, body []byte, n, entries int) ([]uint32, error) {
	if n == 0 {
		return dst, nil
	}
	if len(body) < 1 || body[0] > 32 {
		return dst, errPage
	}
	at := len(dst)
	dst, err := decodeHybrid(dst, body[1:], int(body[0]), n)
	if err != nil {
		return dst, err
	}
	for _, c := range dst[at:] {
		if c >= uint32(entries) {
			return dst, errPage
		}
	}
	return dst, nil
}

// dictionary decodes the dictionary page of texts.
func (r *Reader) dictionary(g *Group, ch *chunk, t *Texts) error {
	body, err := r.load(g, &ch.dict, ch.packed)
	if err != nil {
		return err
	}
	t.IsDict = true
	t.offs = append(t.offs, 0)
	for range ch.dict.values {
		if len(body) < 4 {
			return errPage
		}
		n := int(binary.LittleEndian.Uint32(body))
		if n > len(body)-4 {
			return errPage
		}
		t.bytes = append(t.bytes, body[4:4+n]...)
		t.offs = append(t.offs, uint32(len(t.bytes)))
		body = body[4+n:]
	}
	t.block = t.bytes
	return nil
}

// run decodes n texts of DELTA_LENGTH_BYTE_ARRAY.
func (r *Reader) run(body []byte, n int, t *Texts) error {
	lens, rest, err := decodeDelta(r.lens[:0], body, n)
	r.lens = lens
	if err != nil || len(lens) != n {
		return errors.Join(err, errPage)
	}
	t.offs = append(t.offs, 0)
	at := int64(0)
	for _, v := range lens {
		at += v
		if v < 0 || at > int64(len(rest)) {
			return errPage
		}
		t.offs = append(t.offs, uint32(at))
	}
	// The page's memory goes to the texts, and theirs is used for the next page.
	t.bytes = rest[:at]
	t.block, r.body = r.body, t.block
	return nil
}

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

// Lists is a list column, or the keys or values of a map column, of a whole group: row i has the elements
// Elems.At(Elems.Codes[k]) for k from Starts[i] to Starts[i+1]-1.
type Lists struct {
	Starts []uint32
	Null   []bool // rows without the column
	Elems  Texts
}

// Lists decodes a column of kind StringList, or the keys of a StringMap.
func (r *Reader) Lists(g *Group, c event.Column, t *Lists) error { return r.nested(g, leafOf[c], t) }

// MapValues decodes the values of a StringMap.
func (r *Reader) MapValues(g *Group, c event.Column, t *Lists) error {
	return r.nested(g, leafOf[c]+1, t)
}

// NestedDict decodes only the dictionary of a list column, or of the keys or values of a map column; false when it has none.
func (r *Reader) NestedDict(g *Group, c event.Column, values bool, t *Texts) (bool, error) {
	li := leafOf[c]
	if values {
		li++
	}
	ch := &g.chunks[li]
	if ch.enc != encDict {
		return false, nil
	}
	t.reset(g.Rows)
	return true, r.dictionary(g, ch, t)
}

func (r *Reader) nested(g *Group, li int, t *Lists) error {
	ch := &g.chunks[li]
	t.Starts, t.Null = t.Starts[:0], t.Null[:0]
	e := &t.Elems
	e.reset(g.Rows)
	if ch.enc == encNull {
		t.Starts = append(t.Starts, make([]uint32, g.Rows+1)...)
		for range g.Rows {
			t.Null = append(t.Null, true)
		}
		return nil
	}
	if ch.enc == encDict {
		if err := r.dictionary(g, ch, e); err != nil {
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
	if r.rep, body, err = hybridBlock(body, 1, ch.values, r.rep); err != nil {
		return err
	}
	if r.def, body, err = hybridBlock(body, 2, ch.values, r.def); err != nil {
		return err
	}
	have := 0
	for i, d := range r.def {
		if r.rep[i] == 0 {
			t.Starts = append(t.Starts, uint32(have))
			t.Null = append(t.Null, d == 0)
		}
		if d == 2 {
			have++
		}
	}
	t.Starts = append(t.Starts, uint32(have))
	if len(t.Starts) != g.Rows+1 {
		return errPage
	}
	if ch.enc == encDict {
		e.Codes, err = codes(e.Codes, body, have, e.Len())
		return err
	}
	if err := r.run(body, have, e); err != nil {
		return err
	}
	for i := range have {
		e.Codes = append(e.Codes, uint32(i))
	}
	return nil
}

// Blocks lists the runs of rows of the group that may match: may is called once a run and asks has for the hashes of
// tokens, as the Hasher gives them. has may say yes wrongly, never no.
func (r *Reader) Blocks(g *Group, may func(has func(hash uint64) bool) bool) ([]Block, error) {
	var out []Block
	var b [filterBlock]byte
	var failed error
	for _, f := range g.filters {
		yes := may(func(hash uint64) bool {
			t := uint32(hash >> 32)
			if _, err := g.src.ReadAt(b[:], g.base+int64(f.off+filterPlace(f.len, t))); err != nil {
				failed = err
				return true
			}
			r.Bytes += filterBlock
			return filterHas(b[:], t)
		})
		if failed != nil {
			return nil, failed
		}
		if yes {
			out = append(out, Block{f.firstRow, f.rows})
		}
	}
	return out, nil
}

// Block is a run of rows of a group.
type Block struct{ First, Rows int }

// Verify reads every page of the group and checks its checksum and that it decodes.
func (r *Reader) Verify(g *Group) error {
	for i := range g.chunks {
		ch := &g.chunks[i]
		pages := ch.pages
		if ch.enc == encDict {
			pages = append([]page{ch.dict}, pages...)
		}
		rows := 0
		for k := range pages {
			if _, err := r.load(g, &pages[k], ch.packed); err != nil {
				return fmt.Errorf("column %s: %w", leaves[i].col, err)
			}
			rows += pages[k].rows
		}
		if len(ch.pages) > 0 && rows != g.Rows {
			return fmt.Errorf("column %s has %d rows, its group has %d", leaves[i].col, rows, g.Rows)
		}
	}
	return nil
}

// Seqs appends the sequence numbers of the group's rows to dst.
func (r *Reader) Seqs(g *Group, dst []int64) ([]int64, error) {
	var n Numbers
	err := r.Numbers(g, event.ColSeq, &n)
	return append(dst, n.Vals...), err
}
