package format

import (
	"strconv"
	"unicode/utf8"
)

// A text that was shortened ends in cutMark, the number of bytes that it has lost, and "]".
const cutMark = "...[cut "

func appendCut(dst []byte, n int) []byte {
	if n == 0 {
		return dst
	}
	dst = append(dst, cutMark...)
	dst = strconv.AppendInt(dst, int64(n), 10)
	return append(dst, ']')
}

// cutLength is how long the mark for at most n bytes is.
func cutLength(n int) int {
	length := len(cutMark) + len("]") + 1
	for ; n >= 10; n /= 10 {
		length++
	}
	return length
}

// runeLength is how many bytes the first rune of s has; a byte that is not UTF-8 counts as one.
func runeLength(s string) int {
	if s[0] < utf8.RuneSelf {
		return 1
	}
	_, n := utf8.DecodeRuneInString(s)
	return n
}

// escapedLength is how long s is when it is written.
func escapedLength(s string, escape func([]byte, string) []byte) int {
	return len(escape(nil, s))
}
