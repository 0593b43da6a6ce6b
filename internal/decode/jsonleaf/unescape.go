package jsonleaf

import (
	"unicode/utf16"
	"unicode/utf8"
)

// Unescape appends the text of a JSON string to dst, raw being what stands between its quotes. An escape that JSON does
// not know is appended as it stands, and bad is the offset in raw of the first one; -1 when all are good. Half
// surrogates become U+FFFD.
func Unescape(dst, raw []byte) (text []byte, bad int) {
	bad = -1
	for i := 0; i < len(raw); {
		c := raw[i]
		if c != '\\' || i+1 == len(raw) {
			dst = append(dst, c)
			i++
			continue
		}
		n := 2
		switch c = raw[i+1]; c {
		case '"', '\\', '/':
			dst = append(dst, c)
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r, used := runeAt(raw[i:])
			if used > 0 {
				dst = utf8.AppendRune(dst, r)
				n = used
				break
			}
			fallthrough
		default:
			dst = append(dst, raw[i:i+2]...)
			if bad < 0 {
				bad = i
			}
		}
		i += n
	}
	return dst, bad
}

// runeAt reads "\uXXXX", or two of them that are a surrogate pair, and returns how many bytes it used; 0 when the
// digits are bad.
func runeAt(b []byte) (r rune, used int) {
	hi, ok := hex4(b)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(hi) {
		return hi, 6
	}
	if lo, ok := hex4(b[6:]); ok {
		if r := utf16.DecodeRune(hi, lo); r != utf8.RuneError {
			return r, 12
		}
	}
	return utf8.RuneError, 6
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range b[2:6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// badEscape is Unescape without the text.
func badEscape(raw []byte) int {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		if i+1 == len(raw) {
			return i
		}
		switch raw[i+1] {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			i++
		case 'u':
			if _, ok := hex4(raw[i:]); !ok {
				return i
			}
			i += 5
		default:
			return i
		}
	}
	return -1
}
