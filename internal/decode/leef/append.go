package leef

import "bytes"

// delimiters are tried in this order; the first that no pair holds is used. Letters, digits, and what could be part of a
// line's framing are left out.
var delimiters = []byte("\t^~`;,\x1f\x1e\x1d\x1c\x01\x02\x03")

// Append appends m as LEEF 2.0 in one line without a line end. The format has no escapes, so line breaks in values
// become spaces, and so do "|" in header fields and a "\" at their end; where values hold all delimiters, the tabs in them become spaces.
func Append(dst []byte, m *Message) []byte {
	delimiter, free := pick(m.Fields)
	dst = append(dst, marker...)
	dst = append(dst, "2.0"...)
	for _, part := range [headerFields][]byte{m.Vendor, m.Product, m.ProductVer, m.EventID} {
		dst = append(dst, '|')
		dst = appendWithout(dst, part, '|')
		if dst[len(dst)-1] == '\\' { // it would take the bar behind it for a part of the name
			dst[len(dst)-1] = ' '
		}
	}
	dst = append(dst, '|')
	dst = appendDelimiter(dst, delimiter)
	dst = append(dst, '|')
	for i, f := range m.Fields {
		if i > 0 {
			dst = append(dst, delimiter)
		}
		unwanted := byte('\n')
		if !free {
			unwanted = delimiter
		}
		if len(f.Key) > 0 {
			dst = appendWithout(dst, f.Key, unwanted)
			dst = append(dst, '=')
		}
		dst = appendWithout(dst, f.Value, unwanted)
	}
	return dst
}

func pick(fields []Field) (delimiter byte, free bool) {
	for _, d := range delimiters {
		held := false
		for _, f := range fields {
			held = held || bytes.IndexByte(f.Key, d) >= 0 || bytes.IndexByte(f.Value, d) >= 0
		}
		if !held {
			return d, true
		}
	}
	return delimiters[0], false
}

// appendDelimiter writes control characters by their code, as people would not see them.
func appendDelimiter(dst []byte, d byte) []byte {
	if d > ' ' {
		return append(dst, d)
	}
	const digits = "0123456789abcdef"
	return append(dst, 'x', digits[d>>4], digits[d&15])
}

func appendWithout(dst, part []byte, unwanted byte) []byte {
	for _, c := range part {
		if c == unwanted || c == '\n' || c == '\r' {
			c = ' '
		}
		dst = append(dst, c)
	}
	return dst
}
