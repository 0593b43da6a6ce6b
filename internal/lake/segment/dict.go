package segment

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode/utf8"
	"unsafe"
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

const fetchFrom = 1 << 12 // slots; fewer stay in the cache anyhow

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
// memory, so what is looked at first is small.
type dict struct {
	table   []slot   // open addressing
	entries []entry  // by code
	offs    []uint32 // by code; len(offs) = codes + 1
	arena   []byte
	codes   []uint32 // one a value
	fetched uint32
	last    uint32 // code + 1 of the value before; 0 at first
	probes  []probe

	// For the token index: hashes of the tokens of each entry, and the block in which it was last counted.
	toks   []uint32
	tokOff []uint32
	seen   []uint16
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
}

// probe is a text to be looked up.
type probe struct {
	ends ends
	hash uint32
}

func (d *dict) reset() {
	clear(d.table)
	d.entries = d.entries[:0]
	d.offs = append(d.offs[:0], 0)
	d.arena = d.arena[:0]
	d.codes = d.codes[:0]
	d.toks = d.toks[:0]
	d.tokOff = append(d.tokOff[:0], 0)
	d.seen = d.seen[:0]
	d.last = 0
}

func (d *dict) len() int { return len(d.offs) - 1 }

// value is the text of a code; valid until the next add.
func (d *dict) value(code int) string {
	b := d.arena[d.offs[code]:d.offs[code+1]]
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// is says whether the entry holds s.
func (d *dict) is(p *entry, s string, e ends) bool {
	return p.ends == e && int(p.len) == len(s) && (len(s) <= wholeText || string(d.arena[p.off:p.off+p.len]) == s)
}

// fetch looks where find will look for the texts. Nothing waits for what it finds, so that the processor fetches the places
// of a large table at the same time instead of one after the other. It returns nil when the table is small.
func (d *dict) fetch(texts []string) []probe {
	if len(d.table) < fetchFrom {
		return nil
	}
	d.probes = d.probes[:0]
	mask := uint32(len(d.table) - 1)
	for _, s := range texts {
		e := endsOf(s)
		h := hashText(s, e)
		d.fetched += d.table[h&mask].entry
		d.probes = append(d.probes, probe{e, h})
	}
	for i := range d.probes {
		if p := d.table[d.probes[i].hash&mask]; p.hash == d.probes[i].hash && p.entry != 0 {
			d.fetched += d.entries[p.entry-1].len
		}
	}
	return d.probes
}

// add appends s to the column. fresh says that it was not in the dictionary before.
func (d *dict) add(s string) (code uint32, fresh bool) {
	e := endsOf(s)
	if d.last != 0 && d.is(&d.entries[d.last-1], s, e) {
		d.codes = append(d.codes, d.last-1)
		return d.last - 1, false
	}
	return d.find(s, probe{e, hashText(s, e)})
}

// find is add of a text whose probe is known.
func (d *dict) find(s string, at probe) (code uint32, fresh bool) {
	if len(d.table) < 2*len(d.offs) {
		d.grow()
	}
	mask := uint32(len(d.table) - 1)
	i := at.hash & mask
	for d.table[i].entry != 0 {
		if p := d.table[i]; p.hash == at.hash && d.is(&d.entries[p.entry-1], s, at.ends) {
			d.last = p.entry
			d.codes = append(d.codes, p.entry-1)
			return p.entry - 1, false
		}
		i = (i + 1) & mask
	}
	if !utf8.ValidString(s) {
		return d.add(strings.ToValidUTF8(s, "\ufffd")) // texts in Parquet and Iceberg are UTF-8
	}
	code = uint32(d.len())
	d.last = code + 1
	d.table[i] = slot{at.hash, d.last}
	d.entries = append(d.entries, entry{at.ends, uint32(len(d.arena)), uint32(len(s))})
	d.arena = append(d.arena, s...)
	d.offs = append(d.offs, uint32(len(d.arena)))
	d.seen = append(d.seen, 0)
	d.codes = append(d.codes, code)
	return code, true
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
	for c := range d.len() {
		if order != nil {
			c = int(order[c])
		}
		dst = binary.LittleEndian.AppendUint32(dst, d.offs[c+1]-d.offs[c])
		dst = append(dst, d.arena[d.offs[c]:d.offs[c+1]]...)
	}
	return dst
}

// rank gives the codes anew and returns the entries in their new order.
func (d *dict) rank(r *ranking) (order []uint32) {
	r.counts, r.place, r.order = zeros(r.counts, d.len()), zeros(r.place, d.len()), r.order[:0]
	for _, c := range d.codes {
		r.counts[c]++
	}
	many := uint32(max(rankSome, len(d.codes)/rankMany))
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
	for i, c := range d.codes {
		d.codes[i] = r.place[c]
	}
	return r.order
}

// zeros is s with n zeros.
func zeros(s []uint32, n int) []uint32 {
	s = slices.Grow(s[:0], n)[:n]
	clear(s)
	return s
}
