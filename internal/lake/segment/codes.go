package segment

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// codeList is a list of dictionary codes as they stand in a data page: each in as many whole bytes as the dictionary's
// greatest code needs. zstd, which comes next, then finds the patterns, and unpacking is cheap.
type codeList struct {
	b     []byte
	width int // bytes of a code
	n     int
}

func (l *codeList) reset() { *l = codeList{b: l.b[:0], width: 1} }

// push appends codes of a dictionary that has so many entries by now.
func (l *codeList) push(codes []uint32, entries int) {
	if len(codes) == 0 {
		return
	}
	if w := (bits.Len(uint(entries-1)) + 7) / 8; w > l.width {
		l.widen(w)
	}
	l.n += len(codes)
	switch l.width {
	case 1:
		for _, c := range codes {
			l.b = append(l.b, byte(c))
		}
	case 2:
		for _, c := range codes {
			l.b = binary.LittleEndian.AppendUint16(l.b, uint16(c))
		}
	case 3:
		for _, c := range codes {
			l.b = append(l.b, byte(c), byte(c>>8), byte(c>>16))
		}
	default:
		for _, c := range codes {
			l.b = binary.LittleEndian.AppendUint32(l.b, c)
		}
	}
}

// widen gives each code more bytes, from the last to the first.
func (l *codeList) widen(width int) {
	was := l.width
	l.b = slices.Grow(l.b, l.n*(width-was))[:l.n*width]
	for i := l.n - 1; i >= 0; i-- {
		var code [8]byte
		copy(code[:was], l.b[i*was:])
		copy(l.b[i*width:(i+1)*width], code[:])
	}
	l.width = width
}

func (l *codeList) at(i int) uint32 {
	switch b := l.b[i*l.width:]; l.width {
	case 1:
		return uint32(b[0])
	case 2:
		return uint32(binary.LittleEndian.Uint16(b))
	case 3:
		return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16
	default:
		return binary.LittleEndian.Uint32(b)
	}
}

// set changes a code to one that is not greater than the greatest.
func (l *codeList) set(i int, c uint32) {
	for k := range l.width {
		l.b[i*l.width+k] = byte(c >> (8 * k))
	}
}

// appendTo appends the codes as the RLE hybrid, behind their width.
func (l *codeList) appendTo(dst []byte, entries int) []byte {
	dst = append(dst, byte(8*l.width))
	if entries == 1 {
		return appendRun(dst, 0, l.n, 8*l.width)
	}
	groups := (l.n + 7) / 8
	dst = binary.AppendUvarint(dst, uint64(groups)<<1|1)
	dst = append(dst, l.b...)
	return append(dst, make([]byte, (8*groups-l.n)*l.width)...)
}
