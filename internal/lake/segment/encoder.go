package segment

import (
	"encoding/binary"
	"hash/crc32"
	"math/bits"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"

	"kiroku/internal/event"
)

func hash64(s string) uint64 { return xxhash.Sum64String(s) }

// encoder turns columns into Parquet column chunks. It owns the memory that they are made in.
type encoder struct {
	zstd *compressor
	body []byte
	comp []byte
	out  []byte
	nest []byte // levels of a list or map
	ints []int64
	nums numDict

	entries []byte // of a dictionary page
	ranks   ranking
}

func newEncoder(level Level) *encoder { return &encoder{zstd: newCompressor(level)} }

// levels says which rows of a leaf have values.
type levels struct {
	leaf   *leaf
	set    []uint64
	rows   int
	have   int
	counts []uint32 // elements of each row that has a value: lists and maps
	nest   []byte   // the levels of a list or map as they stand in a data page
}

// values is how many values and nulls the chunk has, and how many of them are nulls or empty lists.
func (l *levels) values() (values, nulls int) {
	if l.leaf.maxRep == 0 {
		return l.rows, l.rows - l.have
	}
	values = l.rows - l.have
	nulls = values
	for _, n := range l.counts {
		values += max(1, int(n))
		if n == 0 {
			nulls++
		}
	}
	return values, nulls
}

func (l *levels) has(row int) bool {
	return l.leaf.maxDef == 0 || row>>6 < len(l.set) && l.set[row>>6]&(1<<(row&63)) != 0
}

// append appends the levels as they stand in a data page (version 1).
func (l *levels) append(dst []byte) []byte {
	switch {
	case l.leaf.maxRep > 0:
		return append(dst, l.nest...)
	case l.leaf.maxDef == 0:
		return dst
	case l.have == l.rows:
		return appendConstLevels(dst, 1, l.rows, 1)
	default:
		return appendLevels(dst, l.set, 0, l.rows)
	}
}

// nested makes the levels of a list or a map. The keys and the values of a map have the same.
func (e *encoder) nested(l levels) levels {
	values, _ := l.values()
	e.nest = appendPrefixed(e.nest[:0], func(b []byte) []byte { return l.appendNested(b, values, 1, 0, 0, 1) })
	e.nest = appendPrefixed(e.nest, func(b []byte) []byte { return l.appendNested(b, values, 2, 1, 2, 2) })
	l.nest = e.nest
	return l
}

// appendNested appends a level of width bits for each value: of an empty list, and of the first element and the others of
// one that is not. That of a row without a list is 0.
func (l *levels) appendNested(dst []byte, values, width int, empty, first, other uint64) []byte {
	groups := (values + 7) / 8
	dst = binary.AppendUvarint(dst, uint64(groups)<<1|1)
	end := len(dst) + groups*width
	var acc uint64
	have, k := 0, 0
	put := func(level uint64) {
		acc |= level << have
		if have += width; have == 64 {
			dst = binary.LittleEndian.AppendUint64(dst, acc)
			acc, have = 0, 0
		}
	}
	for r := range l.rows {
		if !l.has(r) {
			put(0)
			continue
		}
		n := l.counts[k]
		k++
		if n == 0 {
			put(empty)
			continue
		}
		put(first)
		for range n - 1 {
			put(other)
		}
	}
	return binary.LittleEndian.AppendUint64(dst, acc)[:end]
}

func appendPrefixed(dst []byte, f func([]byte) []byte) []byte {
	at := len(dst)
	dst = f(append(dst, 0, 0, 0, 0))
	binary.LittleEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}

func appendConstLevels(dst []byte, v uint32, n, width int) []byte {
	return appendPrefixed(dst, func(b []byte) []byte { return appendRun(b, v, n, width) })
}

// appendLevels appends the definition levels of rows [first, first+n) of an optional scalar; first is a multiple of 64.
func appendLevels(dst []byte, set []uint64, first, n int) []byte {
	var words []uint64
	if w := first / 64; w < len(set) {
		words = set[w:]
	}
	return appendPrefixed(dst, func(b []byte) []byte { return appendBitmap(b, words, n) })
}

// page compresses body and appends it with its header to dst. The page's offset is relative to dst.
func (e *encoder) page(dst []byte, p page, enc encoding, with parameters, body []byte) ([]byte, page) {
	e.comp = e.zstd.compress(e.comp, body, with)
	return e.storedPage(dst, p, enc, e.comp, len(body))
}

func (e *encoder) storedPage(dst []byte, p page, enc encoding, stored []byte, raw int) ([]byte, page) {
	t := thrift{b: dst}
	t.i32(1, 0) // DATA_PAGE
	t.i32(2, raw)
	t.i32(3, len(stored))
	t.i32(4, int(int32(crc32.ChecksumIEEE(stored))))
	t.open(5)
	t.i32(1, p.values)
	t.i32(2, parquetEncoding[enc])
	t.i32(3, 3) // RLE
	t.i32(4, 3)
	t.close()
	dst = append(t.b, 0)
	p.off, p.comp, p.raw = len(dst), len(stored), raw
	return append(dst, stored...), p
}

// parquetEncoding are the numbers of Parquet's enum Encoding.
var parquetEncoding = [...]int{encNull: 0, encPlain: 0, encDict: 8, encText: 6, encDelta: 5}

func (e *encoder) dictPage(dst []byte, p page, body []byte) ([]byte, page) {
	e.comp = e.zstd.compress(e.comp, body, e.zstd.texts)
	comp := e.comp
	t := thrift{b: dst}
	t.i32(1, 2) // DICTIONARY_PAGE
	t.i32(2, len(body))
	t.i32(3, len(comp))
	t.i32(4, int(int32(crc32.ChecksumIEEE(comp))))
	t.open(7)
	t.i32(1, p.values)
	t.i32(2, 0) // PLAIN
	t.close()
	dst = append(t.b, 0)
	p.off, p.comp, p.raw = len(dst), len(comp), len(body)
	return append(dst, comp...), p
}

// nullChunk writes a chunk without any value; it is not compressed.
func (e *encoder) nullChunk(out []byte, ch *chunk, l *leaf, rows int) []byte {
	*ch = chunk{enc: encNull, start: len(out), dataAt: len(out), values: rows, nulls: rows}
	body := e.body[:0]
	if l.maxRep > 0 {
		body = appendConstLevels(body, 0, rows, 1)
	}
	body = appendConstLevels(body, 0, rows, bits.Len(uint(l.maxDef)))
	e.body = body
	out, p := e.storedPage(out, page{rows: rows, values: rows}, encPlain, body, len(body))
	ch.pages = []page{p}
	ch.size = len(out) - ch.start
	ch.raw = ch.size
	return out
}

// texts writes a chunk of texts with a dictionary, or, when nearly every value is distinct, without.
func (e *encoder) texts(out []byte, ch *chunk, l *leaf, d *dict, lv levels) []byte {
	values, nulls := lv.values()
	*ch = chunk{packed: true, start: len(out), values: values, nulls: nulls}
	ch.bytes.add(event.Bytes(d.arena))
	body := e.body[:0]
	body = lv.append(body)
	headers, with := 0, e.zstd.codes
	if n := d.codes.n; 2*d.len() > n && len(d.arena) > 64<<10 {
		ch.enc, with = encText, e.zstd.texts
		e.ints = e.ints[:0]
		for i := range n {
			e.ints = append(e.ints, int64(d.entries[d.codes.at(i)].len))
		}
		body = appendDelta(body, e.ints)
		for i := range n {
			body = append(body, d.bytes(d.codes.at(i))...)
		}
	} else {
		ch.enc = encDict
		ch.dictAt = len(out)
		e.entries = d.appendEntries(e.entries[:0], &e.ranks)
		out, ch.dict = e.dictPage(out, page{values: d.len()}, e.entries)
		headers = ch.dict.raw - ch.dict.comp
		body = d.codes.appendTo(body, d.len())
	}
	e.body = body
	ch.dataAt = len(out)
	out, p := e.page(out, page{rows: lv.rows, values: values}, ch.enc, with, body)
	ch.pages = []page{p}
	ch.size = len(out) - ch.start
	ch.raw = ch.size + headers + p.raw - p.comp
	textRange(ch, d)
	if l.bloom {
		hs := make([]uint64, d.len())
		for c := range hs {
			hs[c] = hash64(d.value(c))
		}
		out = e.bloom(out, ch, hs)
	}
	return out
}

// maxRangeText is the length up to which texts are kept as the bounds of a chunk.
const maxRangeText = 64

// textRange sets the chunk's least and greatest text, unless one is long.
func textRange(ch *chunk, d *dict) {
	lo, hi := d.value(0), d.value(0)
	for c := 1; c < d.len(); c++ {
		v := d.value(c)
		if v < lo {
			lo = v
		}
		if v > hi {
			hi = v
		}
	}
	if len(lo) <= maxRangeText && len(hi) <= maxRangeText {
		ch.minText, ch.maxText, ch.hasText = strings.Clone(lo), strings.Clone(hi), true
	}
}

func (e *encoder) bloom(out []byte, ch *chunk, hashes []uint64) []byte {
	at := len(out)
	t := thrift{b: out}
	blocks := max(1, (len(hashes)*10+255)/256)
	t.i32(1, blocks*filterBlock)
	t.open(2) // algorithm: BLOCK
	t.empty(1)
	t.close()
	t.open(3) // hash: XXHASH
	t.empty(1)
	t.close()
	t.open(4) // compression: UNCOMPRESSED
	t.empty(1)
	t.close()
	out = appendSBBF(append(t.b, 0), hashes)
	ch.bloomAt, ch.bloomLen = at, len(out)-at
	return out
}

// numbers writes a chunk of numbers or truth values.
func (e *encoder) numbers(out []byte, ch *chunk, c *column, rows int) []byte {
	*ch = chunk{packed: true, start: len(out), values: rows, nulls: rows - c.have}
	if c.leaf.maxDef == 0 {
		ch.nulls = 0
	}
	lv := levels{leaf: c.leaf, set: c.set, rows: rows, have: c.have}
	body := e.body[:0]
	body = lv.append(body)
	headers := 0
	switch {
	case c.kind == event.Bool:
		ch.enc = encPlain
		body = appendBools(body, c.nums)
	case c.leaf.delta && c.leaf.col != event.ColIngestTime:
		ch.enc = encDelta
		body = appendDelta(body, c.nums)
	case c.kind != event.Double && e.nums.fill(c.nums):
		ch.enc = encDict
		ch.dictAt = len(out)
		pg := appendPlain(nil, e.nums.entries, c.leaf.phys)
		out, ch.dict = e.dictPage(out, page{values: len(e.nums.entries)}, pg)
		headers = ch.dict.raw - ch.dict.comp
		body = e.nums.list.appendTo(body, len(e.nums.entries))
	case c.leaf.delta:
		ch.enc = encDelta
		body = appendDelta(body, c.nums)
	default:
		ch.enc = encPlain
		body = appendPlain(body, c.nums, c.leaf.phys)
	}
	e.body = body
	ch.dataAt = len(out)
	out, p := e.page(out, page{rows: rows, values: rows}, ch.enc, e.zstd.codes, body)
	ch.pages = []page{p}
	ch.size = len(out) - ch.start
	ch.raw = ch.size + headers + p.raw - p.comp
	if c.kind != event.Double && c.kind != event.Bool {
		ch.min, ch.max, ch.hasRange = slices.Min(c.nums), slices.Max(c.nums), true
	}
	return out
}

func appendBools(dst []byte, vals []int64) []byte {
	for i := 0; i < len(vals); i += 8 {
		var b byte
		for k, v := range vals[i:min(i+8, len(vals))] {
			b |= byte(v) << k
		}
		dst = append(dst, b)
	}
	return dst
}

func appendPlain(dst []byte, vals []int64, phys physical) []byte {
	if phys == physInt32 {
		for _, v := range vals {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(v))
		}
		return dst
	}
	for _, v := range vals {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(v))
	}
	return dst
}

// numDict gives distinct numbers codes.
type numDict struct {
	table   []int32
	entries []int64
	codes   []uint32
	list    codeList
}

const numDictMax = 4096

// fill makes the dictionary of vals; false when there are too many distinct ones.
func (d *numDict) fill(vals []int64) bool {
	if d.table == nil {
		d.table = make([]int32, 4*numDictMax)
	}
	clear(d.table)
	d.entries, d.codes = d.entries[:0], d.codes[:0]
	mask := uint64(len(d.table) - 1)
	var last int64
	code := uint32(0)
	for n, v := range vals {
		if n > 0 && v == last {
			d.codes = append(d.codes, code)
			continue
		}
		i := (uint64(v) * 0x9e3779b97f4a7c15) >> 40 & mask
		for d.table[i] != 0 && d.entries[d.table[i]-1] != v {
			i = (i + 1) & mask
		}
		if d.table[i] == 0 {
			if len(d.entries) == numDictMax {
				return false
			}
			d.entries = append(d.entries, v)
			d.table[i] = int32(len(d.entries))
		}
		code, last = uint32(d.table[i]-1), v
		d.codes = append(d.codes, code)
	}
	if 2*len(d.entries) > max(8, len(vals)) {
		return false
	}
	d.list.reset()
	d.list.push(d.codes, len(d.entries))
	return true
}
