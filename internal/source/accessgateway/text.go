package accessgateway

import "strings"

// blank returns the length of the blank at i: space, tab, other ASCII white space, or U+00A0, which the vendor's pages
// have between columns; 0 when there is none.
func blank(s string, i int) int {
	if i >= len(s) {
		return 0
	}
	switch c := s[i]; {
	case c == ' ' || c >= '\t' && c <= '\r':
		return 1
	case c == 0xC2 && i+1 < len(s) && s[i+1] == 0xA0:
		return 2
	}
	return 0
}

func skipBlanks(s string, i int) int {
	for {
		n := blank(s, i)
		if n == 0 {
			return i
		}
		i += n
	}
}

// word returns the end of the run without blanks that starts at i.
func word(s string, i int) int {
	for i < len(s) && (solid(s[i]) || blank(s, i) == 0) {
		i++
	}
	return i
}

// solid is the quick half of blank: c can start no blank.
func solid(c byte) bool { return c > ' ' && c != 0xC2 }

// cutWord splits off the first word. rest starts with the next one.
func cutWord(s string) (first, rest string) {
	i := word(s, 0)
	return s[:i], s[skipBlanks(s, i):]
}

func trimRight(s string) string {
	for len(s) > 0 {
		switch n := len(s); {
		case s[n-1] == 0 || blank(s, n-1) == 1:
			s = s[:n-1]
		case n > 1 && s[n-1] == 0xA0 && s[n-2] == 0xC2:
			s = s[:n-2]
		default:
			return s
		}
	}
	return s
}

func trim(s string) string { return trimRight(s[skipBlanks(s, 0):]) }

func digits(s string) int {
	i := 0
	for i < len(s) && s[i]-'0' <= 9 {
		i++
	}
	return i
}

func number(s string) int {
	v := 0
	for i := range len(s) {
		v = v*10 + int(s[i]-'0')
	}
	return v
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func upper(c byte) bool { return c >= 'A' && c <= 'Z' }

// The characters of keys, one bit each: '-', '.', the digits, the letters and '_'.
const (
	keyLow  = 1<<'-' | 1<<'.' | (1<<10-1)<<'0'
	keyHigh = (1<<26-1)<<('A'-64) | 1<<('_'-64) | (1<<26-1)<<('a'-64)
)

// keyByte says whether c can stand inside a key.
func keyByte(c byte) bool {
	if c < 64 {
		return uint64(keyLow)>>c&1 == 1
	}
	return c < 128 && uint64(keyHigh)>>(c-64)&1 == 1
}

// oneBlank writes the words of s with one blank between them.
func oneBlank(s string) string {
	for i := 0; i < len(s); i++ {
		if n := blank(s, i); n > 1 || n == 1 && (s[i] != ' ' || blank(s, i+1) > 0) {
			return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r >= '\t' && r <= '\r' || r == 0xA0 }), " ")
		}
	}
	return s
}
