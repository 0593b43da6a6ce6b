package search

import (
	"math/bits"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The classes of bytes.
const (
	separator = iota // ends a token
	tokenByte        // an ASCII letter, digit or underscore
	longByte         // part of a longer character
)

var byteClass = func() (t [256]uint8) {
	for c := range 256 {
		switch {
		case c >= utf8.RuneSelf:
			t[c] = longByte
		case isTokenRune(rune(c)):
			t[c] = tokenByte
		}
	}
	return t
}()

// Tokens calls f with the byte range of every token of s, in order. A token is a maximal run of letters, marks, digits
// and underscores of scripts that put spaces between words.
func Tokens(s string, f func(from, to int)) {
	start := -1
	for i := 0; i < len(s); {
		token, n := byteClass[s[i]] != separator, 1
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
// scripts without spaces, so that an index of these hashes never denies a text that a query would find. Hashes repeat
// when tokens do. It allocates only to grow dst.
//
// The hashes stand in the files of the lake: the same text must give the same hashes for ever.
func HashTokens(s string, dst []uint64) []uint64 {
	start := -1 // of a token that the block before left open
	for base := 0; base < len(s); base += 64 {
		size := min(64, len(s)-base)
		mask, long := tokenMask(s[base : base+size])
		if long {
			if start < 0 {
				start = base
			}
			return hashBytewise(s, start, dst)
		}
		if start >= 0 {
			end := bits.TrailingZeros64(^mask)
			if end == 64 {
				continue
			}
			dst = append(dst, hashASCII(s, start, base+end))
			start = -1
			mask &^= 1<<end - 1
		}
		for mask != 0 {
			from := bits.TrailingZeros64(mask)
			to := from + bits.TrailingZeros64(^(mask >> from))
			if to >= 64 {
				start = base + from
				break
			}
			dst = append(dst, hashASCII(s, base+from, base+to))
			mask &^= 1<<to - 1
		}
	}
	if start >= 0 {
		dst = append(dst, hashASCII(s, start, len(s)))
	}
	return dst
}

// tokenMask has a bit for every byte of s, at most 64, that belongs to a token; long says that s holds a byte of a longer
// character. Eight bytes are looked at together: adding to seven bits sets the eighth where a limit is reached.
func tokenMask(s string) (mask uint64, long bool) {
	const ones = 0x0101010101010101
	const high = 0x80 * ones
	var seen uint64
	i := 0
	for ; i+8 <= len(s); i += 8 {
		x := load8(s[i:])
		seen |= x
		x &^= high
		letter := x | lowerBits
		letters := (letter + (0x80-'a')*ones) &^ (letter + (0x7F-'z')*ones)
		digits := (x + (0x80-'0')*ones) &^ (x + (0x7F-'9')*ones)
		notLow := (x ^ '_'*ones) + 0x7F*ones
		tokens := (letters | digits | ^notLow) & high
		mask |= (tokens >> 7 * 0x0102040810204080 >> 56) << i
	}
	for ; i < len(s); i++ {
		seen |= uint64(s[i])
		if byteClass[s[i]] != separator {
			mask |= 1 << i
		}
	}
	return mask, seen&high != 0
}

// hashBytewise is HashTokens for s[from:], where a token starts or none is open.
func hashBytewise(s string, from int, dst []uint64) []uint64 {
	for i := from; i < len(s); i++ {
		if byteClass[s[i]] == separator {
			continue
		}
		start := i
		for i < len(s) && byteClass[s[i]] == tokenByte {
			i++
		}
		if i < len(s) && byteClass[s[i]] == longByte {
			dst, i = hashUnicode(s, start, dst)
			continue
		}
		dst = append(dst, hashASCII(s, start, i))
	}
	return dst
}

// hashASCII hashes the token s[from:to] eight bytes at a time. Setting bit 5 lowers letters, leaves digits as they are and
// makes of "_" a byte that no token has.
func hashASCII(s string, from, to int) uint64 {
	h, n := uint64(hashSeed), to-from
	for ; to-from > 8; from += 8 {
		h = mix(h^(load8(s[from:])|lowerBits), hashPrime)
	}
	if from+8 <= len(s) {
		unused := (8 * (8 - (to - from))) & 63
		return finish(h, (load8(s[from:])|lowerBits)<<unused>>unused, n)
	}
	var w uint64
	for i := to - 1; i >= from; i-- {
		w = w<<8 | uint64(s[i]|0x20)
	}
	return finish(h, w, n)
}

func load8(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
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
	lowerBits = 0x2020202020202020
)

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

func finish(h, w uint64, n int) uint64 { return mix(h^w, hashLast^uint64(n)) }

// hashState is the hash of a token so far: all but the last one to eight bytes are in h, those are in w.
type hashState struct {
	h, w uint64
	n    int
}

func (st *hashState) reset() { *st = hashState{h: hashSeed} }

func (st *hashState) rune(r rune) {
	var buf [utf8.UTFMax]byte
	for _, b := range buf[:utf8.EncodeRune(buf[:], r)] {
		if b < utf8.RuneSelf {
			b |= 0x20
		}
		if st.n > 0 && st.n&7 == 0 {
			st.h = mix(st.h^st.w, hashPrime)
			st.w = 0
		}
		st.w |= uint64(b) << (8 * (st.n & 7))
		st.n++
	}
}

// hashUnicode hashes from start, where a token or another character starts, to the end of the run of characters that
// are no ASCII separators. It returns where it stopped.
func hashUnicode(s string, start int, dst []uint64) ([]uint64, int) {
	var st hashState
	st.reset()
	before := rune(-1) // the character before, when it is of a script without spaces
	i := start
	for i < len(s) && byteClass[s[i]] != separator {
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
