package search

import (
	"encoding/binary"
	"strings"
	"unicode"
	"unicode/utf8"
)

// finder finds a text in others without regard to case: what strings.Contains(fold(hay), fold(needle)) says, at the
// speed of a scan for its rarest byte. It is made by newFinder and safe for concurrent use.
type finder struct {
	needle   string   // folded
	ascii    bool     // needle is ASCII: hay is searched as it is
	caseless bool     // needle has no letters with case: the same
	rare     int      // index of the byte that is looked for
	odd      []string // characters outside of ASCII that fold to letters of the needle
}

// fold maps every character to its simple lower case, as SQL's lower() does.
func fold(s string) string { return strings.ToLower(s) }

func lower(r rune) rune { return unicode.ToLower(r) }

func newFinder(needle string) *finder {
	f := &finder{needle: fold(needle), ascii: true, caseless: true}
	best := -1
	for i := range len(f.needle) {
		c := f.needle[i]
		if c >= utf8.RuneSelf {
			f.ascii = false
		} else if rank := rareness(c); rank > best {
			best, f.rare = rank, i
		}
	}
	for _, letter := range oddLetters {
		if strings.IndexByte(f.needle, letter.to) >= 0 {
			f.odd = append(f.odd, letter.from)
		}
	}
	for _, r := range f.needle {
		ascii := r < utf8.RuneSelf && !unicode.IsLetter(r)
		f.caseless = f.caseless && (ascii || isUnspaced(r))
	}
	return f
}

// rareness orders ASCII bytes by how seldom they stand in log messages; the greater the rarer.
func rareness(c byte) int {
	const common = "e tasrionldcm0u1p2.-h3g45:6798\"/y_,fv=wbkx()zjq"
	if i := strings.IndexByte(common, c); i >= 0 {
		return i
	}
	return len(common)
}

// contains says whether hay holds the needle.
func (f *finder) contains(hay string) bool {
	if f.ascii {
		if f.index(hay, 0) >= 0 {
			return true
		}
		return f.foldsOddly(hay) && strings.Contains(fold(hay), f.needle)
	}
	if f.caseless {
		return strings.Contains(hay, f.needle)
	}
	return strings.Contains(fold(hay), f.needle)
}

// word is contains for a word: a token of the hay must not go on beyond either end of the needle.
func (f *finder) word(hay string) bool {
	if f.ascii {
		if f.wordIn(hay, f.index) {
			return true
		}
		if !f.foldsOddly(hay) {
			return false
		}
	}
	hay = fold(hay)
	return f.wordIn(hay, func(hay string, from int) int {
		i := strings.Index(hay[from:], f.needle)
		if i < 0 {
			return -1
		}
		return from + i
	})
}

func (f *finder) wordIn(hay string, index func(hay string, from int) int) bool {
	for i := index(hay, 0); i >= 0; i = index(hay, i+1) {
		if f.bounded(hay, i) {
			return true
		}
	}
	return false
}

// bounded says whether hay[i:i+len(needle)] cuts no token.
func (f *finder) bounded(hay string, i int) bool {
	if i > 0 {
		first, _ := utf8.DecodeRuneInString(f.needle)
		if before, _ := utf8.DecodeLastRuneInString(hay[:i]); isTokenRune(first) && isTokenRune(before) {
			return false
		}
	}
	if end := i + len(f.needle); end < len(hay) {
		last, _ := utf8.DecodeLastRuneInString(f.needle)
		if after, _ := utf8.DecodeRuneInString(hay[end:]); isTokenRune(last) && isTokenRune(after) {
			return false
		}
	}
	return true
}

// oddLetters are the characters outside of ASCII that fold to letters of ASCII: the Kelvin sign and the dotted capital I.
var oddLetters = []struct {
	from string
	to   byte
}{{"\u212A", 'k'}, {"\u0130", 'i'}}

// foldsOddly says whether folding hay makes letters of the needle from characters outside of ASCII.
func (f *finder) foldsOddly(hay string) bool {
	for _, c := range f.odd {
		if strings.Contains(hay, c) {
			return true
		}
	}
	return false
}

// index finds the ASCII needle at or after from by looking for its rarest byte in both cases.
func (f *finder) index(hay string, from int) int {
	return f.indexBy(f.rare, hay, from)
}

// indexBy is index with the byte of the needle to look for.
func (f *finder) indexBy(rare int, hay string, from int) int {
	n := len(f.needle)
	if n == 0 {
		return from
	}
	pos, end := from+rare, len(hay)-(n-1-rare) // where the rare byte can stand
	if pos >= end {
		return -1
	}
	c, upper := f.needle[rare], upperCase(f.needle[rare])
	lo := nextByte(hay, pos, end, c)
	hi := end
	if upper != c {
		hi = nextByte(hay, pos, end, upper)
	}
	for {
		at := min(lo, hi)
		if at >= end {
			return -1
		}
		if start := at - rare; equalFoldASCII(hay[start:start+n], f.needle) {
			return start
		}
		if at == lo {
			lo = nextByte(hay, at+1, end, c)
		} else {
			hi = nextByte(hay, at+1, end, upper)
		}
	}
}

func upperCase(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c - 0x20
	}
	return c
}

// rarest is the index of the byte of the needle that stands least often, in either case, at the head of a run of texts.
func (f *finder) rarest(run string) int {
	var seen [256]int
	for i := range min(len(run), 4<<10) {
		seen[run[i]]++
	}
	best, rare := len(run)+1, f.rare
	for i := range len(f.needle) {
		c := f.needle[i]
		n := seen[c]
		if u := upperCase(c); u != c {
			n += seen[u] + 1 // two bytes to look for instead of one
		}
		if n < best {
			best, rare = n, i
		}
	}
	return rare
}

// nextByte is where c stands in s[from:end], or end.
func nextByte(s string, from, end int, c byte) int {
	if i := strings.IndexByte(s[from:end], c); i >= 0 {
		return from + i
	}
	return end
}

// equalFoldASCII says whether s folds to want, which is folded ASCII of the same length.
func equalFoldASCII(s, want string) bool {
	for i := range len(s) {
		c := s[i]
		if c != want[i] && (c < 'A' || c > 'Z' || c|0x20 != want[i]) {
			return false
		}
	}
	return true
}

// equalFold says whether s folds to want, which is folded.
func equalFold(s, want string) bool {
	if len(s) == len(want) {
		i := 0
		for ; i < len(s); i++ {
			c := s[i]
			if c >= utf8.RuneSelf {
				break
			}
			if c != want[i] && (c < 'A' || c > 'Z' || c|0x20 != want[i]) {
				return false
			}
		}
		if i == len(s) {
			return true
		}
	}
	return hasNonASCII(s) && fold(s) == want
}

func hasNonASCII(s string) bool {
	b := []byte(s) // not copied: it does not leave
	for ; len(b) >= 32; b = b[32:] {
		w := binary.LittleEndian.Uint64(b) | binary.LittleEndian.Uint64(b[8:]) | binary.LittleEndian.Uint64(b[16:]) | binary.LittleEndian.Uint64(b[24:])
		if w&0x8080808080808080 != 0 {
			return true
		}
	}
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return true
		}
	}
	return false
}

// searchRun finds the needle in runs of texts; nil for needles that are not ASCII.
func (f *finder) searchRun() func(run string) func(from int) int {
	if !f.ascii || f.needle == "" {
		return nil
	}
	return func(run string) func(from int) int {
		if f.foldsOddly(run) {
			return func(from int) int { return from } // every text is asked
		}
		rare := f.rarest(run)
		return func(from int) int { return f.indexBy(rare, run, from) }
	}
}

// part is the needle, if it is ASCII.
func (f *finder) part() string {
	if !f.ascii {
		return ""
	}
	return f.needle
}
