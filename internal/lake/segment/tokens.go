package segment

import (
	"encoding/binary"
	"unsafe"

	"kiroku/internal/prefetch"
)

// The token filter of a run of rows is a split-block bloom filter (the shape of Parquet's) over 32-bit hashes of the
// lower-cased tokens of all texts of those rows. A row can hold a token only if the filter has it.
// https://github.com/apache/parquet-format/blob/master/BloomFilter.md

const (
	filterBits  = 10 // bits a distinct token: about 1 % of absent tokens are not recognised
	filterBlock = 32 // bytes
)

var salts = [8]uint32{0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31}

// tokenSet collects the distinct token hashes of a block of rows.
type tokenSet struct {
	table []uint32
	n     int
	zero  bool

	coming  []uint32 // to be added
	offsets []uint32
}

func (s *tokenSet) reset() {
	clear(s.table)
	s.n, s.zero = 0, false
}

const tokenMix = 0x9e3779b1

// manyTokens is about how many tokens wait for addAll.
const manyTokens = 32 << 10

// ask takes hashes for addAll, and has the processor fetch their places meanwhile.
func (s *tokenSet) ask(hashes []uint32) {
	if len(s.table) == 0 {
		s.grow()
	}
	if len(s.coming) > manyTokens {
		s.addAll()
	}
	s.coming = append(s.coming, hashes...)
	s.offsets = s.offsets[:0]
	mask := uint32(len(s.table) - 1)
	for _, h := range hashes {
		s.offsets = append(s.offsets, h*tokenMix&mask*4)
	}
	prefetch.At(unsafe.Pointer(unsafe.SliceData(s.table)), s.offsets)
}

// addAll adds what was asked for.
func (s *tokenSet) addAll() {
	for _, h := range s.coming {
		s.add(h)
	}
	s.coming = s.coming[:0]
}

func (s *tokenSet) add(h uint32) {
	if h == 0 {
		s.zero = true
		return
	}
	if 2*s.n >= len(s.table) {
		s.grow()
	}
	mask := uint32(len(s.table) - 1)
	i := h * tokenMix & mask
	for {
		switch s.table[i] {
		case h:
			return
		case 0:
			s.table[i] = h
			s.n++
			return
		}
		i = (i + 1) & mask
	}
}

func (s *tokenSet) grow() {
	old := s.table
	s.table = make([]uint32, max(1<<14, 2*len(old)))
	mask := uint32(len(s.table) - 1)
	for _, h := range old {
		if h == 0 {
			continue
		}
		i := h * tokenMix & mask
		for s.table[i] != 0 {
			i = (i + 1) & mask
		}
		s.table[i] = h
	}
}

// appendFilter appends the set as a filter.
func (s *tokenSet) appendFilter(dst []byte) []byte {
	blocks := max(1, (s.n*filterBits+8*filterBlock-1)/(8*filterBlock))
	at := len(dst)
	dst = append(dst, make([]byte, blocks*filterBlock)...)
	f := dst[at:]
	for _, h := range s.table {
		if h != 0 {
			filterAdd(f, h)
		}
	}
	if s.zero {
		filterAdd(f, 0)
	}
	return dst
}

// filterPlace is the offset of the block of a filter of n bytes that would hold h.
func filterPlace(n int, h uint32) int {
	return int(uint64(h)*uint64(n/filterBlock)>>32) * filterBlock
}

func filterAdd(f []byte, h uint32) {
	b := f[filterPlace(len(f), h):]
	x := h*0x85ebca6b ^ h>>15
	for i, salt := range salts {
		bit := (x * salt) >> 27
		p := b[4*i : 4*i+4]
		binary.LittleEndian.PutUint32(p, binary.LittleEndian.Uint32(p)|1<<bit)
	}
}

// filterHas looks into one block of a filter.
func filterHas(block []byte, h uint32) bool {
	x := h*0x85ebca6b ^ h>>15
	for i, salt := range salts {
		bit := (x * salt) >> 27
		if binary.LittleEndian.Uint32(block[4*i:4*i+4])&(1<<bit) == 0 {
			return false
		}
	}
	return true
}

// sbbf builds a Parquet split-block bloom filter over 64-bit xxHash values.
func appendSBBF(dst []byte, hashes []uint64) []byte {
	blocks := max(1, (len(hashes)*10+255)/256)
	at := len(dst)
	dst = append(dst, make([]byte, blocks*filterBlock)...)
	f := dst[at:]
	for _, h := range hashes {
		b := f[int((h>>32)*uint64(blocks)>>32)*filterBlock:]
		for i, salt := range salts {
			bit := (uint32(h) * salt) >> 27
			p := b[4*i : 4*i+4]
			binary.LittleEndian.PutUint32(p, binary.LittleEndian.Uint32(p)|1<<bit)
		}
	}
	return dst
}
