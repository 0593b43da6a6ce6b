package segment

import (
	"encoding/binary"
	"math/bits"
	"strings"

	"kiroku/internal/event"
)

// The gram filter of a page of texts is a set of runs of three bytes, each by one bit of its hash. A text of the page can
// hold a part only if the filter has all runs of three bytes of the part. Bit 5 of every byte is set before, so that letters
// are the same in either case. Runs that begin in one text and end in the next are in it too.

const (
	maxGramBits = 14 // log2 of the bits of the largest filter
	minGramBits = 9
)

// gramSet collects the grams of a page, a byte each: setting a bit would have to wait for the one before.
type gramSet [1 << maxGramBits]byte

// gramHash is the hash of the lower three bytes of w.
func gramHash(w uint32) uint32 { return w & 0xFFFFFF * 0x9e3779b1 >> (32 - maxGramBits) }

// appendFilter appends the filter of the texts in run. None at all says that it would not tell the truth: the texts hold one
// of the characters outside of ASCII whose lower case is in ASCII.
func (s *gramSet) appendFilter(dst, run []byte) []byte {
	if text := event.Bytes(run); strings.Contains(text, "\u212A") || strings.Contains(text, "\u0130") {
		return dst
	}
	clear(s[:])
	i := 0
	for ; i+8 <= len(run); i += 6 {
		w := binary.LittleEndian.Uint64(run[i:]) | 0x2020202020202020
		s[gramHash(uint32(w))] = 1
		s[gramHash(uint32(w>>8))] = 1
		s[gramHash(uint32(w>>16))] = 1
		s[gramHash(uint32(w>>24))] = 1
		s[gramHash(uint32(w>>32))] = 1
		s[gramHash(uint32(w>>40))] = 1
	}
	for ; i+3 <= len(run); i++ {
		s[gramHash(gramAt(run[i:i+3]))] = 1
	}
	at := len(dst)
	for i := 0; i < len(s); i += 8 {
		dst = append(dst, byte(binary.LittleEndian.Uint64(s[i:])*0x0102040810204080>>56))
	}
	return dst[:at+halve(dst[at:])]
}

// gramAt is the gram of three bytes.
func gramAt[T string | []byte](b T) uint32 {
	return uint32(b[0]|0x20) | uint32(b[1]|0x20)<<8 | uint32(b[2]|0x20)<<16
}

// halve makes a filter as small as it can be with less than half of its bits set: a bit of the smaller one stands for two
// neighbours. It returns the bytes that are left.
func halve(f []byte) int {
	n := len(f)
	for n > 1<<(minGramBits-3) {
		set := 0
		for i := 0; i < n; i += 8 {
			w := binary.LittleEndian.Uint64(f[i:])
			set += bits.OnesCount64((w | w>>1) & 0x5555555555555555)
		}
		if set >= n*2 { // half of n*4 bits
			break
		}
		for i := range n / 2 {
			f[i] = pairBits(f[2*i]) | pairBits(f[2*i+1])<<4
		}
		n /= 2
	}
	return n
}

// pairBits has a bit for each two bits of b, of which any is set.
func pairBits(b byte) byte {
	b = (b | b>>1) & 0x55
	b = (b | b>>1) & 0x33
	return (b | b>>2) & 0x0F
}

// gramsHave says whether a filter has all grams of part.
func gramsHave(filter []byte, part string) bool {
	shift := maxGramBits - bits.Len(uint(8*len(filter)-1))
	for i := 0; i+3 <= len(part); i++ {
		if h := gramHash(gramAt(part[i:i+3])) >> shift; filter[h>>3]&(1<<(h&7)) == 0 {
			return false
		}
	}
	return true
}

// PageMayHold says whether a text of the column may hold part, ASCII with letters in lower case, in either case of letters, in
// one of the rows of the page that holds row.
func (r *Reader) PageMayHold(g *Group, c event.Column, row int, part string) (bool, error) {
	p := g.chunks[leafOf[c]].pageOf(row)
	if p == nil || p.gramLen == 0 || len(part) < 3 {
		return true, nil
	}
	var f [1 << (maxGramBits - 3)]byte
	if _, err := g.src.ReadAt(f[:p.gramLen], g.base+int64(p.gramOff)); err != nil {
		return false, err
	}
	r.Bytes += int64(p.gramLen)
	return gramsHave(f[:p.gramLen], part), nil
}
