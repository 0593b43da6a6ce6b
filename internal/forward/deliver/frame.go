package deliver

import (
	"bytes"
	"strconv"

	"kiroku/internal/forward/wire"
)

// appendFrame appends a record with what tells it apart from the next (RFC 6587). Encoders write no line breaks; should a
// line have one, it becomes a blank: one record stays one record.
func appendFrame(dst []byte, line []byte, f wire.Framing) []byte {
	switch f {
	case wire.Octet:
		dst = strconv.AppendInt(dst, int64(len(line)), 10)
		dst = append(dst, ' ')
		return append(dst, line...)
	case wire.NUL:
		return append(appendWithout(dst, line, 0), 0)
	}
	return append(appendWithout(dst, line, '\n'), '\n')
}

func appendWithout(dst, line []byte, c byte) []byte {
	start := len(dst)
	dst = append(dst, line...)
	for rest := dst[start:]; ; {
		i := bytes.IndexByte(rest, c)
		if i < 0 {
			return dst
		}
		rest[i] = ' '
		rest = rest[i+1:]
	}
}
