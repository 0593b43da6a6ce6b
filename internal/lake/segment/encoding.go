package segment

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"slices"
)

// Encodings of values, as Parquet defines them:
// https://github.com/apache/parquet-format/blob/master/Encodings.md

var errShort = errors.New("encoded values end too early")

// appendRun appends n times v as one run of the RLE hybrid.
func appendRun(dst []byte, v uint32, n, width int) []byte {
	dst = binary.AppendUvarint(dst, uint64(n)<<1)
	for w := 0; w < width; w += 8 {
		dst = append(dst, byte(v>>w))
	}
	return dst
}

// appendBitmap appends the first n bits of words as levels of width 1.
func appendBitmap(dst []byte, words []uint64, n int) []byte {
	groups := (n + 7) / 8
	dst = binary.AppendUvarint(dst, uint64(groups)<<1|1)
	start := len(dst)
	for i := 0; i < groups; i += 8 {
		var w uint64
		if i/8 < len(words) {
			w = words[i/8]
		}
		dst = binary.LittleEndian.AppendUint64(dst, w)
	}
	return dst[:start+groups]
}

// decodeHybrid decodes n values of the RLE hybrid into dst.
func decodeHybrid(dst []uint32, src []byte, width, n int) ([]uint32, error) {
	for n > 0 {
		h, k := binary.Uvarint(src)
		if k <= 0 {
			return dst, errShort
		}
		src = src[k:]
		if h&1 == 0 {
			run := min(int(h>>1), n)
			nb := (width + 7) / 8
			if len(src) < nb || run == 0 {
				return dst, errShort
			}
			var v uint32
			for i := range nb {
				v |= uint32(src[i]) << (8 * i)
			}
			src = src[nb:]
			at := len(dst)
			dst = slices.Grow(dst, run)[:at+run]
			for i := at; i < len(dst); i++ {
				dst[i] = v
			}
			n -= run
			continue
		}
		groups := int(min(h>>1, 1<<40))
		nb := groups * width
		if groups == 0 || len(src) < nb {
			return dst, errShort
		}
		take := min(groups*8, n)
		dst = unpack(dst, src[:nb], width, take)
		src = src[nb:]
		n -= take
	}
	return dst, nil
}

// unpack appends n values of width bits each.
func unpack(dst []uint32, src []byte, width, n int) []uint32 {
	if width == 0 {
		return append(dst, make([]uint32, n)...)
	}
	mask := uint64(1)<<width - 1
	at := len(dst)
	dst = slices.Grow(dst, n)[:at+n]
	out := dst[at:]
	switch width {
	case 8:
		for i := range out {
			out[i] = uint32(src[i])
		}
		return dst
	case 16:
		for i := range out {
			out[i] = uint32(binary.LittleEndian.Uint16(src[2*i:]))
		}
		return dst
	}
	i, bit := 0, 0
	// Eight bytes from the value's first byte hold any value of up to 57 bits.
	for last := len(src) - 8; i < n && bit>>3 <= last; i++ {
		out[i] = uint32(binary.LittleEndian.Uint64(src[bit>>3:]) >> (bit & 7) & mask)
		bit += width
	}
	for ; i < n; i++ {
		var w uint64
		for k, b := range src[bit>>3:] {
			if k == 8 {
				break
			}
			w |= uint64(b) << (8 * k)
		}
		out[i] = uint32(w >> (bit & 7) & mask)
		bit += width
	}
	return dst
}

// DELTA_BINARY_PACKED: blocks of 128 values in 4 miniblocks of 32.
const (
	deltaBlock = 128
	deltaMini  = 4
	miniLen    = deltaBlock / deltaMini
)

// appendDelta appends vals in the encoding DELTA_BINARY_PACKED.
func appendDelta(dst []byte, vals []int64) []byte {
	dst = binary.AppendUvarint(dst, deltaBlock)
	dst = binary.AppendUvarint(dst, deltaMini)
	dst = binary.AppendUvarint(dst, uint64(len(vals)))
	if len(vals) == 0 {
		return binary.AppendVarint(dst, 0)
	}
	dst = binary.AppendVarint(dst, vals[0])
	var d [deltaBlock]uint64
	for at := 1; at < len(vals); at += deltaBlock {
		n := min(deltaBlock, len(vals)-at)
		least := vals[at] - vals[at-1]
		for i := range n {
			v := vals[at+i] - vals[at+i-1]
			d[i] = uint64(v)
			least = min(least, v)
		}
		dst = binary.AppendVarint(dst, least)
		var width [deltaMini]byte
		for m := range deltaMini {
			var all uint64
			for i := m * miniLen; i < min((m+1)*miniLen, n); i++ {
				d[i] -= uint64(least)
				all |= d[i]
			}
			width[m] = byte(bits.Len64(all))
		}
		for i := n; i < deltaBlock; i++ {
			d[i] = 0
		}
		dst = append(dst, width[:]...)
		for m := 0; m*miniLen < n; m++ {
			dst = packMini(dst, d[m*miniLen:(m+1)*miniLen], int(width[m]))
		}
	}
	return dst
}

func packMini(dst []byte, d []uint64, width int) []byte {
	if width == 0 {
		return dst
	}
	var acc uint64
	have := 0
	for _, v := range d {
		acc |= v << have
		if have+width >= 64 {
			dst = binary.LittleEndian.AppendUint64(dst, acc)
			acc = 0
			if have > 0 {
				acc = v >> (64 - have)
			}
			have += width - 64
			continue
		}
		have += width
	}
	for ; have > 0; have -= 8 {
		dst = append(dst, byte(acc))
		acc >>= 8
	}
	return dst
}

// deltaHead reads the header of a DELTA_BINARY_PACKED run.
func deltaHead(src []byte, limit int) (n int, first int64, rest []byte, err error) {
	var head [3]uint64
	for i := range head {
		v, k := binary.Uvarint(src)
		if k <= 0 {
			return 0, 0, src, errShort
		}
		head[i], src = v, src[k:]
	}
	first, k := binary.Varint(src)
	if k <= 0 || head[0] != deltaBlock || head[1] != deltaMini || head[2] > uint64(limit) {
		return 0, 0, src, errShort
	}
	return int(head[2]), first, src[k:], nil
}

// skipDelta returns what follows a DELTA_BINARY_PACKED run.
func skipDelta(src []byte, limit int) ([]byte, error) {
	n, _, src, err := deltaHead(src, limit)
	if err != nil {
		return src, err
	}
	for left := n - 1; left > 0; left -= deltaBlock {
		_, k := binary.Varint(src)
		if k <= 0 || len(src) < k+deltaMini {
			return src, errShort
		}
		size := k + deltaMini
		for m := 0; m < deltaMini && m*miniLen < left; m++ {
			size += miniLen * int(src[k+m]) / 8
		}
		if size > len(src) {
			return src, errShort
		}
		src = src[size:]
	}
	return src, nil
}

// decodeDelta appends the values of a DELTA_BINARY_PACKED run to dst and returns what follows the run.
func decodeDelta(dst []int64, src []byte, limit int) ([]int64, []byte, error) {
	left, first, src, err := deltaHead(src, limit)
	if err != nil {
		return dst, src, err
	}
	if left == 0 {
		return dst, src, nil
	}
	dst = append(slices.Grow(dst, left), first)
	left--
	v := first
	for left > 0 {
		least, k := binary.Varint(src)
		if k <= 0 || len(src) < k+deltaMini {
			return dst, src, errShort
		}
		width := src[k : k+deltaMini]
		src = src[k+deltaMini:]
		for m := 0; m < deltaMini && left > 0; m++ {
			w := int(width[m])
			nb := miniLen * w / 8
			if w > 64 || len(src) < nb {
				return dst, src, errShort
			}
			n := min(miniLen, left)
			at := len(dst)
			dst = dst[:at+n] // grown above
			v = undelta(dst[at:], src, w, least, v)
			src = src[nb:]
			left -= n
		}
	}
	return dst, src, nil
}

// undelta fills dst with the values of the miniblock at the head of src that follow v and returns the last of them. What
// stands in src behind the miniblock is not looked at, but makes that it can be read in whole words.
func undelta(dst []int64, src []byte, width int, least, v int64) int64 {
	if width == 0 {
		for i := range dst {
			v += least
			dst[i] = v
		}
		return v
	}
	i, bit := 0, 0
	if width <= 56 { // eight bytes from the value's first byte hold it
		mask := uint64(1)<<width - 1
		for last := 8*len(src) - 64; i < len(dst) && bit <= last; i++ {
			v += least + int64(binary.LittleEndian.Uint64(src[bit>>3:])>>(bit&7)&mask)
			dst[i] = v
			bit += width
		}
	}
	for ; i < len(dst); i++ {
		v += least + int64(bitsAt(src, i*width, width))
		dst[i] = v
	}
	return v
}

// bitsAt reads width bits from bit offset at, least significant first.
func bitsAt(src []byte, at, width int) uint64 {
	if width == 0 {
		return 0
	}
	var w uint64
	p, sh := at>>3, at&7
	if p+8 <= len(src) {
		w = binary.LittleEndian.Uint64(src[p:]) >> sh
	} else {
		for k, b := range src[p:] {
			w |= uint64(b) << (8 * k)
		}
		w >>= sh
	}
	if sh+width > 64 {
		w |= uint64(src[p+8]) << (64 - sh)
	}
	if width < 64 {
		w &= 1<<width - 1
	}
	return w
}
