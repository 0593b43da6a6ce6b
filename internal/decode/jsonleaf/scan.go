package jsonleaf

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

const (
	ones   = 0x0101010101010101
	highs  = 0x8080808080808080
	quotes = ones * '"'
	slants = ones * '\\'
)

// stops has a bit in the first byte of w that is a quote or a backslash, and none when there is no such byte.
func stops(w uint64) uint64 {
	q, s := w^quotes, w^slants // a byte is zero where w has one
	return ((q-ones)&^q | (s-ones)&^s) & highs
}

// stringEnd finds the quote that closes the string whose text starts at i. end is -1 when there is none.
func stringEnd(b []byte, i int) (end int, escaped bool) {
	start := i
	for i+8 <= len(b) {
		if i == start+longString {
			if end := longEnd(b, i); end >= 0 {
				return end, escaped
			}
		}
		m := stops(binary.LittleEndian.Uint64(b[i:]))
		if m == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(m) / 8
		if b[i] == '"' {
			return i, escaped
		}
		escaped = true
		i += 2
	}
	for i < len(b) {
		switch b[i] {
		case '"':
			return i, escaped
		case '\\':
			escaped = true
			i++
		}
		i++
	}
	return -1, escaped
}

// longString is from where on the vector instructions of IndexByte pay.
const longString = 32

// longEnd is the end of a string that goes on at i without an escape, -1 when it has one or no end.
func longEnd(b []byte, i int) int {
	n := bytes.IndexByte(b[i:], '"')
	if n < 0 || bytes.IndexByte(b[i:i+n], '\\') >= 0 {
		return -1
	}
	return i + n
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// scalarEnd finds the end of the number or word at i. end is -1 when it is neither.
func scalarEnd(b []byte, i int) (end int, kind Kind) {
	switch b[i] {
	case 't':
		return wordEnd(b, i, "true"), Bool
	case 'f':
		return wordEnd(b, i, "false"), Bool
	case 'n':
		return wordEnd(b, i, "null"), Null
	}
	return numberEnd(b, i), Number
}

func wordEnd(b []byte, i int, word string) int {
	if len(b)-i < len(word) || string(b[i:i+len(word)]) != word {
		return -1
	}
	return i + len(word)
}

// numberEnd finds the end of a number (RFC 8259 section 6).
func numberEnd(b []byte, i int) int {
	if i < len(b) && b[i] == '-' {
		i++
	}
	whole := digitsEnd(b, i)
	if whole == i || b[i] == '0' && whole > i+1 {
		return -1
	}
	i = whole
	if i < len(b) && b[i] == '.' {
		end := digitsEnd(b, i+1)
		if end == i+1 {
			return -1
		}
		i = end
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		end := digitsEnd(b, i)
		if end == i {
			return -1
		}
		i = end
	}
	return i
}

func digitsEnd(b []byte, i int) int {
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	return i
}
