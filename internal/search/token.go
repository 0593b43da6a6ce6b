package search

import (
	"math/bits"
	"strings"
	"unicode"
	"unicode/utf8"
)

// foldTable maps an ASCII byte of a token to its lower-case form, a byte that separates tokens to 0, and bytes of longer
// characters to 0xFF.
var foldTable = func() (t [256]byte) {
	for c := range 256 {
		switch {
		case c >= utf8.RuneSelf:
			t[c] = 0xFF
		case 'A' <= c && c <= 'Z':
			t[c] = byte(c) | 0x20
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '_':
			t[c] = byte(c)
		}
	}
	return t
}()

// Tokens calls f with the byte range of every token of s, in order. A token is a maximal run of letters, marks, digits
// and underscores of scripts that put spaces between words.
func Tokens(s string, f func(from, to int)) {
	start := -1
	for i := 0; i < len(s); {
		token, n := foldTable[s[i]] != 0, 1
		if s[i] >= utf8.RuneSelf {
			var r rune
			r, n = utf8.DecodeRuneInString(s[i:])
			token = isTokenRune(r)
		}
		switch {
		case token && start < 0:
			start = i
		case !token && start >= 0:
			f(start, i)
			start = -1
		}
		i += n
	}
	if start >= 0 {
		f(start, len(s))
	}
}

// HashTokens appends the hash of every token of s in lower case to dst, and of every pair of neighbouring characters of
// scripts without spaces, so that an index of these hashes never denies a text that a query would find. The order is
// that of the text; hashes repeat when tokens do. It allocates only to grow dst.
func HashTokens(s string, dst []uint64) []uint64 {
	i := 0
	for i < len(s) {
		c := foldTable[s[i]]
		if c == 0 {
			i++
			continue
		}
		start := i
		h, w, n := uint64(hashSeed), uint64(0), 0
		for c != 0 && c != 0xFF {
			w = w<<8 | uint64(c)
			if n++; n&7 == 0 {
				h = mix(h^w, hashPrime)
				w = 0
			}
			if i++; i == len(s) {
				break
			}
			c = foldTable[s[i]]
		}
		if i < len(s) && c == 0xFF {
			dst, i = hashUnicode(s, start, dst)
			continue
		}
		dst = append(dst, finish(h, w, n))
	}
	return dst
}

// HashToken is the hash that HashTokens gives for a token.
func HashToken(token string) uint64 {
	var st hashState
	st.reset()
	for _, r := range token {
		st.rune(unicode.ToLower(r))
	}
	return finish(st.h, st.w, st.n)
}

const (
	hashSeed  = 0x9E3779B97F4A7C15
	hashPrime = 0xA0761D6478BD642F
	hashLast  = 0xE7037ED1A0B428DB
)

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

func finish(h, w uint64, n int) uint64 { return mix(h^w, hashLast^uint64(n)) }

// hashState is the hash of a token so far: whole words of eight bytes are in h, the rest is in w.
type hashState struct {
	h, w uint64
	n    int
}

func (st *hashState) reset() { *st = hashState{h: hashSeed} }

func (st *hashState) rune(r rune) {
	var buf [utf8.UTFMax]byte
	for _, b := range buf[:utf8.EncodeRune(buf[:], r)] {
		st.w = st.w<<8 | uint64(b)
		if st.n++; st.n&7 == 0 {
			st.h = mix(st.h^st.w, hashPrime)
			st.w = 0
		}
	}
}

// hashUnicode hashes from start, where a token or another character starts, to the end of the run of characters that
// are no ASCII separators. It returns where it stopped.
func hashUnicode(s string, start int, dst []uint64) ([]uint64, int) {
	var st hashState
	st.reset()
	before := rune(-1) // the character before, when it is of a script without spaces
	i := start
	for i < len(s) && foldTable[s[i]] != 0 {
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		if isTokenRune(r) {
			st.rune(unicode.ToLower(r))
			before = -1
			continue
		}
		if st.n > 0 {
			dst = append(dst, finish(st.h, st.w, st.n))
			st.reset()
		}
		if !isUnspaced(r) {
			before = -1
			continue
		}
		if before >= 0 {
			dst = append(dst, hashPair(before, r))
		}
		before = r
	}
	if st.n > 0 {
		dst = append(dst, finish(st.h, st.w, st.n))
	}
	return dst, i
}

func hashPair(a, b rune) uint64 {
	var st hashState
	st.reset()
	st.rune(a)
	st.rune(b)
	return finish(st.h, st.w, st.n)
}

// unspaced are the scripts that put no spaces between words, with their marks. None of them has upper case.
var unspaced = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x0E01, Hi: 0x0EFF, Stride: 1}, // Thai, Lao
		{Lo: 0x1000, Hi: 0x109F, Stride: 1}, // Myanmar
		{Lo: 0x1100, Hi: 0x11FF, Stride: 1}, // Hangul Jamo
		{Lo: 0x1780, Hi: 0x17FF, Stride: 1}, // Khmer
		{Lo: 0x2E80, Hi: 0x2FDF, Stride: 1}, // radicals
		{Lo: 0x3005, Hi: 0x3007, Stride: 1},
		{Lo: 0x3021, Hi: 0x3029, Stride: 1},
		{Lo: 0x3031, Hi: 0x3035, Stride: 1},
		{Lo: 0x3038, Hi: 0x303C, Stride: 1},
		{Lo: 0x3041, Hi: 0x318F, Stride: 1}, // kana, Bopomofo, Hangul
		{Lo: 0x31A0, Hi: 0x31BF, Stride: 1},
		{Lo: 0x31F0, Hi: 0x31FF, Stride: 1},
		{Lo: 0x3400, Hi: 0x4DBF, Stride: 1},
		{Lo: 0x4E00, Hi: 0x9FFF, Stride: 1}, // Han
		{Lo: 0xA960, Hi: 0xA97F, Stride: 1},
		{Lo: 0xAC00, Hi: 0xD7FF, Stride: 1}, // Hangul syllables
		{Lo: 0xF900, Hi: 0xFAFF, Stride: 1},
		{Lo: 0xFF66, Hi: 0xFFDC, Stride: 1}, // half-width kana and Hangul
	},
	R32: []unicode.Range32{
		{Lo: 0x1AFF0, Hi: 0x1B16F, Stride: 1},
		{Lo: 0x20000, Hi: 0x3FFFF, Stride: 1},
	},
}

func isUnspaced(r rune) bool { return r >= 0x0E01 && unicode.Is(unspaced, r) }

// hasUnspaced says whether s holds a character of a script that puts no spaces between words.
func hasUnspaced(s string) bool {
	return strings.ContainsFunc(s, isUnspaced)
}

// isTokenRune says whether r belongs to tokens.
func isTokenRune(r rune) bool {
	if r <= unicode.MaxASCII {
		return r == '_' || 'a' <= r|0x20 && r|0x20 <= 'z' || '0' <= r && r <= '9'
	}
	return (unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)) && !isUnspaced(r)
}
