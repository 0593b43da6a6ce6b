package trailfile

import (
	"encoding/binary"
	"math/bits"
)

// scan is how far the end of a value was looked for.
type scan struct {
	depth   int
	quoted  bool
	escaped bool
}

// extent is where a value ends.
type extent struct {
	n     int  // bytes of it in the window
	cut   bool // it is longer than that: bytes in its middle were dropped
	whole bool // its end was found
}

// value finds the end of the value that begins the window, which is not empty. Of a value longer than keep, not more than
// its beginning needs to stay in memory.
func (r *Reader) value(keep int) extent {
	var s scan
	open := isOpen(r.w.data()[0])
	i, cut := 0, false
	for {
		end, done := s.find(r.w.data(), i)
		i = end
		if i > keep && (cut || !done) {
			r.w.discard(keep, i)
			i, cut = keep, true
		}
		if done {
			return extent{i, cut, true}
		}
		if !r.w.fill() {
			return extent{i, cut, !open}
		}
	}
}

// isOpen says whether a value that begins so has an end of its own; numbers and words end where the text does.
func isOpen(c byte) bool { return c == '"' || c == '{' || c == '[' }

// structural marks the bytes that mean something outside of strings.
var structural = [256]bool{'"': true, '{': true, '}': true, '[': true, ']': true, ',': true, ':': true, ' ': true, '\n': true, '\t': true, '\r': true}

// find goes on at b[i]. It returns the place behind the value's last byte and true, or len(b) and false.
func (s *scan) find(b []byte, i int) (int, bool) {
	for i < len(b) {
		if s.quoted {
			if i = s.unquote(b, i); s.quoted {
				return len(b), false
			}
			if s.depth == 0 {
				return i, true
			}
			continue
		}
		for i < len(b) && !structural[b[i]] {
			i++
		}
		if i == len(b) {
			break
		}
		switch b[i] {
		case '"':
			if s.depth == 0 && i > 0 {
				return i, true // a word that a string follows: two values without a comma
			}
			s.quoted = true
		case '{', '[':
			if s.depth == 0 && i > 0 {
				return i, true
			}
			s.depth++
		case '}', ']':
			if s.depth == 0 {
				return i, true
			}
			s.depth--
			if s.depth == 0 {
				return i + 1, true
			}
		default:
			if s.depth == 0 {
				return i, true
			}
		}
		i++
	}
	return len(b), false
}

const (
	ones   = 0x0101010101010101
	highs  = 0x8080808080808080
	quotes = ones * '"'
	slants = ones * '\\'
)

// unquote looks for the quote that closes the string in which b[i] stands, and returns the place behind it.
func (s *scan) unquote(b []byte, i int) int {
	if s.escaped && i < len(b) {
		s.escaped = false
		i++
	}
	for i+8 <= len(b) {
		// Eight bytes at a time: a byte of q or e is zero where b has a quote or a backslash.
		w := binary.LittleEndian.Uint64(b[i:])
		q, e := w^quotes, w^slants
		m := ((q-ones)&^q | (e-ones)&^e) & highs
		if m == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(m) / 8
		if b[i] == '"' {
			s.quoted = false
			return i + 1
		}
		i += 2
	}
	for i < len(b) {
		switch b[i] {
		case '"':
			s.quoted = false
			return i + 1
		case '\\':
			i++
		}
		i++
	}
	s.escaped = i > len(b)
	return len(b)
}
