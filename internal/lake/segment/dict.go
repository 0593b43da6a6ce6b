package segment

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode/utf8"
	"unsafe"

	"kiroku/internal/event"
	"kiroku/internal/prefetch"
)

// hashSeed keeps senders from choosing texts that collide.
var hashSeed = rand.Uint64() | 1

const (
	mixA = 0xa0761d6478bd642f
	mixB = 0xe7037ed1a0b428db
)

// ends are the first and the last bytes of a text. Of two texts of the same length up to wholeText, they are the same
// only if the texts are.
type ends struct{ x, y uint64 }

const wholeText = 16

const farFrom = 1 << 12 // slots; fewer stay in the cache anyhow

func endsOf(s string) ends {
	b := bytesOf(s)
	switch n := len(b); {
	case n >= 8:
		return ends{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[n-8:])}
	case n >= 4:
		return ends{uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[n-4:]))}
	case n > 0:
		return ends{uint64(b[0])<<16 | uint64(b[n>>1])<<8 | uint64(b[n-1]), 0}
	}
	return ends{}
}

// hashText is a multiply-and-fold hash (as in wyhash): a few nanoseconds for the short texts that columns hold.
func hashText(s string, e ends) uint32 {
	h := hashSeed
	for b := bytesOf(s); len(b) > wholeText; b = b[16:] {
		hi, lo := bits.Mul64(binary.LittleEndian.Uint64(b)^mixA, binary.LittleEndian.Uint64(b[8:])^h)
		h = hi ^ lo
	}
	if n := len(s); n > wholeText {
		e.x = binary.LittleEndian.Uint64(bytesOf(s)[n-16:])
	}
	hi, lo := bits.Mul64(e.x^mixB^uint64(len(s)), e.y^h)
	return uint32(hi ^ lo)
}

// dict gives each distinct text of a column a code, in the order of first appearance. Most of what that costs is waiting for
// memory, so what is looked at first is small, and what is far away is asked for ahead.
type dict struct {
	table   []slot  // open addressing
	entries []entry // by code
	arena   []byte
	codes   codeList // one a value
	last    uint32   // code + 1 of the value before; 0 at first

	coming  []string // values to be added
	probes  []probe  // of these, when they were asked for ahead
	offsets []uint32
	found   []uint32 // their codes

	toks []uint32 // hashes of the tokens of the entries, for the token index
}

type slot struct {
	hash  uint32
	entry uint32 // code + 1; 0: free
}

// entry has all that a text is compared with in one place.
type entry struct {
	ends ends
	off  uint32 // in the arena
	len  uint32
	tok  uint32 // where its tokens begin
	seen uint16 // the block in which they were last counted
}

// probe is a text to be looked up.
type probe struct {
	ends ends
	hash uint32
}

func (d *dict) reset() {
	clear(d.table)
	d.entries, d.arena, d.toks = d.entries[:0], d.arena[:0], d.toks[:0]
	d.codes.reset()
	d.last = 0
}

func (d *dict) len() int { return len(d.entries) }

// bytes is the text of a code; valid until the next add.
func (d *dict) bytes(code uint32) []byte {
	p := &d.entries[code]
	return d.arena[p.off : p.off+p.len]
}

func (d *dict) value(code int) string { return event.Bytes(d.bytes(uint32(code))) }

// is says whether the entry holds s.
func (d *dict) is(p *entry, s string, e ends) bool {
	return p.ends == e && int(p.len) == len(s) && (len(s) <= wholeText || string(d.arena[p.off:p.off+p.len]) == s)
}

// far says that looking up a text mostly waits for memory.
func (d *dict) far() bool { return d != nil && len(d.table) >= farFrom }

// ask has the processor fetch the places of the coming texts, while it does something else.
func (d *dict) ask() {
	d.offsets = d.offsets[:0]
	mask := uint32(len(d.table) - 1)
	for _, s := range d.coming {
		e := endsOf(s)
		h := hashText(s, e)
		d.probes = append(d.probes, probe{e, h})
		d.offsets = append(d.offsets, h&mask*uint32(unsafe.Sizeof(slot{})))
	}
	prefetch.At(unsafe.Pointer(unsafe.SliceData(d.table)), d.offsets)
}

// askEntries has it fetch the entries that the texts will be compared with.
func (d *dict) askEntries() {
	d.offsets = d.offsets[:0]
	mask := uint32(len(d.table) - 1)
	for i := range d.probes {
		if p := d.table[d.probes[i].hash&mask]; p.hash == d.probes[i].hash && p.entry != 0 {
			d.offsets = append(d.offsets, (p.entry-1)*uint32(unsafe.Sizeof(entry{})))
		}
	}
	prefetch.At(unsafe.Pointer(unsafe.SliceData(d.entries)), d.offsets)
}

// add looks s up, and makes it an entry if it is none. fresh says that it was not in the dictionary before.
func (d *dict) add(s string) (code uint32, fresh bool) {
	e := endsOf(s)
	if d.last != 0 && d.is(&d.entries[d.last-1], s, e) {
		return d.last - 1, false
	}
	return d.find(s, probe{e, hashText(s, e)})
}

// find is add of a text whose probe is known.
func (d *dict) find(s string, at probe) (code uint32, fresh bool) {
	if len(d.table) <= 2*len(d.entries) {
		d.grow()
	}
	mask := uint32(len(d.table) - 1)
	i := at.hash & mask
	for d.table[i].entry != 0 {
		if p := d.table[i]; p.hash == at.hash && d.is(&d.entries[p.entry-1], s, at.ends) {
			d.last = p.entry
			return p.entry - 1, false
		}
		i = (i + 1) & mask
	}
	if !utf8.ValidString(s) {
		return d.add(strings.ToValidUTF8(s, "\ufffd")) // texts in Parquet and Iceberg are UTF-8
	}
	d.entries = append(d.entries, entry{at.ends, uint32(len(d.arena)), uint32(len(s)), uint32(len(d.toks)), 0})
	d.arena = append(d.arena, s...)
	d.last = uint32(len(d.entries))
	d.table[i] = slot{at.hash, d.last}
	return d.last - 1, true
}

// added ends the adding of the coming texts.
func (d *dict) added() {
	d.codes.push(d.found, len(d.entries))
	if cap(d.coming) > 2*manyValues { // a record far larger than others
		d.coming, d.probes, d.offsets, d.found = nil, nil, nil, nil
		return
	}
	clear(d.coming) // they would keep the records' memory
	d.coming, d.probes, d.found = d.coming[:0], d.probes[:0], d.found[:0]
}

// tokens are the hashes of the tokens of an entry, unless they were asked for in the same block before.
func (d *dict) tokens(code uint32, block uint16) []uint32 {
	p := &d.entries[code]
	if p.seen == block {
		return nil
	}
	p.seen = block
	if n := int(code) + 1; n < len(d.entries) {
		return d.toks[p.tok:d.entries[n].tok]
	}
	return d.toks[p.tok:]
}

func (d *dict) grow() {
	old := d.table
	d.table = make([]slot, max(64, 2*len(old)))
	mask := uint32(len(d.table) - 1)
	for _, p := range old {
		if p.entry == 0 {
			continue
		}
		i := p.hash & mask
		for d.table[i].entry != 0 {
			i = (i + 1) & mask
		}
		d.table[i] = p
	}
}

// Of a large dictionary the values that stand in many places get the least codes, then those that stand in some: the
// high bytes of their codes are then alike, which is what zstd sees.
const (
	rankFrom = 256 // entries; below, a code is one byte
	rankMany = 512 // one in so many values
	rankSome = 8   // places
)

// ranking is the memory of rank.
type ranking struct{ counts, order, place []uint32 }

// appendEntries appends the entries as they stand in a dictionary page, after it may have given the codes anew.
func (d *dict) appendEntries(dst []byte, r *ranking) []byte {
	var order []uint32
	if d.len() > rankFrom {
		order = d.rank(r)
	}
	for c := range uint32(d.len()) {
		if order != nil {
			c = order[c]
		}
		dst = binary.LittleEndian.AppendUint32(dst, d.entries[c].len)
		dst = append(dst, d.bytes(c)...)
	}
	return dst
}

// rank gives the codes anew and returns the entries in their new order.
func (d *dict) rank(r *ranking) (order []uint32) {
	r.counts, r.place, r.order = zeros(r.counts, d.len()), zeros(r.place, d.len()), r.order[:0]
	for i := range d.codes.n {
		r.counts[d.codes.at(i)]++
	}
	many := uint32(max(rankSome, d.codes.n/rankMany))
	kind := func(n uint32) int {
		switch {
		case n >= many:
			return 0
		case n >= rankSome:
			return 1
		}
		return 2
	}
	for k := range 3 {
		for c, n := range r.counts {
			if kind(n) == k {
				r.place[c] = uint32(len(r.order))
				r.order = append(r.order, uint32(c))
			}
		}
	}
	for i := range d.codes.n {
		d.codes.set(i, r.place[d.codes.at(i)])
	}
	return r.order
}

// zeros is s with n zeros.
func zeros(s []uint32, n int) []uint32 {
	s = slices.Grow(s[:0], n)[:n]
	clear(s)
	return s
}
