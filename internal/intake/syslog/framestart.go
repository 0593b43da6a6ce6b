package syslog

import (
	"bytes"
	"strings"
)

// match says whether the bytes at hand are what is looked for. Only partly may change when more bytes come.
type match int

const (
	no match = iota
	partly
	yes
)

// maxPrefix is the longest octet count with its space and the PRI that must follow.
const maxPrefix = maxCountDigits + 1 + maxPRI

const (
	maxCountDigits = 10
	maxPRI         = len("<191>")
)

// pri looks for a PRI part, "<" one to three digits ">", and returns its length.
func pri(b []byte) (int, match) {
	for i := range maxPRI {
		switch {
		case i == len(b):
			return 0, partly
		case i == 0:
			if b[i] != '<' {
				return 0, no
			}
		case b[i] == '>' && i > 1:
			return i + 1, yes
		case b[i] < '0' || b[i] > '9':
			return 0, no
		}
	}
	return 0, no
}

// octetPrefix looks for MSG-LEN, one space and a PRI. It returns the length of MSG-LEN with its space, and MSG-LEN.
// A count too small for the PRI that follows is none.
func octetPrefix(b []byte) (prefix, count int, m match) {
	i := 0
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		if i == maxCountDigits || b[0] == '0' {
			return 0, 0, no
		}
		count = count*10 + int(b[i]-'0')
		i++
	}
	if i == len(b) {
		return 0, 0, partly
	}
	if i == 0 || b[i] != ' ' {
		return 0, 0, no
	}
	n, m := pri(b[i+1:])
	if m == yes && count < n {
		return 0, 0, no
	}
	return i + 1, count, m
}

// emptyFrame looks for an octet count of zero in front of another frame.
func emptyFrame(b []byte) match {
	if len(b) < 3 {
		if bytes.HasPrefix([]byte("0 "), b) {
			return partly
		}
		return no
	}
	if b[0] != '0' || b[1] != ' ' {
		return no
	}
	if b[2] == '<' {
		_, m := pri(b[2:])
		return m
	}
	_, _, m := octetPrefix(b[2:])
	return m
}

const byteOrderMark = "\xef\xbb\xbf"

// marked looks for a byte order mark in front of a PRI or an octet count.
func marked(b []byte) match {
	head := b[:min(len(b), len(byteOrderMark))]
	if !strings.HasPrefix(byteOrderMark, string(head)) {
		return no
	}
	rest := b[len(head):]
	if len(rest) == 0 {
		return partly
	}
	if rest[0] == '<' {
		_, m := pri(rest)
		return m
	}
	_, _, m := octetPrefix(rest)
	return m
}

// frameStart says whether a frame may begin at b, where another one ended.
func frameStart(b []byte, final bool) match {
	if len(b) == 0 {
		if final {
			return yes
		}
		return partly
	}
	m := no
	switch c := b[0]; {
	case isDelimiter(c):
		return yes
	case c == '<':
		_, m = pri(b)
	case c == '0':
		m = emptyFrame(b)
	case c >= '1' && c <= '9':
		_, _, m = octetPrefix(b)
	}
	if m == partly && final {
		return no
	}
	return m
}

// runEnd finds where a run of bytes ends, not before from: at LF, NUL, a PRI or an octet count. When it finds nothing
// it returns partly and how many bytes surely belong to the run; with final that is a yes.
func runEnd(b []byte, from int, final bool) (int, match) {
	for i := from; i < len(b); i++ {
		switch b[i] {
		case '\n', 0:
			return i, yes
		case '<':
			_, m := pri(b[i:])
			if m == no || m == partly && final {
				continue
			}
			return countBefore(b, i, from), m
		}
	}
	if final {
		return len(b), yes
	}
	return countBefore(b, len(b), from), partly
}

// countBefore returns where the octet count in front of the PRI at i begins, or i where there is none. At the end of
// b it returns where one may have begun.
func countBefore(b []byte, i, from int) int {
	start := i
	if i == len(b) && start > from && b[start-1] != ' ' {
		start++ // the space has not come yet
	}
	if start-1 < from || start <= len(b) && b[start-1] != ' ' {
		return i
	}
	digits := start - 1
	for digits > from && start-1-digits < maxCountDigits && b[digits-1] >= '0' && b[digits-1] <= '9' {
		digits--
	}
	if digits > 0 && isDigit(b[digits-1]) {
		return i // a number that begins earlier, or is too long, is no count
	}
	if i < len(b) {
		if _, _, m := octetPrefix(b[digits:]); m == no {
			return i
		}
	}
	return digits
}

func isDigit(c byte) bool { return c-'0' <= 9 }

// verifiedStart finds an octet-counted frame in a run that has no delimiter, so that a stream that was joined in the
// middle of a frame comes back into step. The frame's count must lead to another count. It returns 0 when there is none.
func verifiedStart(b []byte) int {
	for from := 1; from < len(b); {
		i, _ := runEnd(b, from, true)
		if i >= len(b) {
			return 0
		}
		prefix, count, m := octetPrefix(b[i:])
		if m != yes {
			from = i + 1
			continue
		}
		if end := i + prefix + count; end < len(b) {
			if _, _, m := octetPrefix(b[end:]); m == yes {
				return i
			}
		}
		from = i + prefix + 1
	}
	return 0
}

// doubtful says whether the octet count of a frame could be wrong: a line ends in the middle of the frame, or the frame
// ends in the middle of a JSON object.
func doubtful(payload []byte) bool {
	text := trim(payload)
	if bytes.IndexByte(text, '\n') >= 0 {
		return true
	}
	return openJSON(text)
}

func openJSON(text []byte) bool {
	return len(text) > 0 && text[len(text)-1] != '}' && bytes.Contains(text, []byte(`{"`))
}

// meantEnd finds where a doubtful frame should have ended, as an offset into payload followed by rest. It answers yes
// when the octet count is wrong, no when it stands, partly when more of rest is needed.
func meantEnd(payload, rest []byte, final bool, limit int) (int, match) {
	next := frameStart(rest, final)
	lf, inside := lineInside(payload, rest)
	switch {
	case inside == yes && (next == no || straddles(payload, rest, lf)):
		return lf, yes
	case next == partly, inside == partly && !final:
		return 0, partly
	case next == yes, !openJSON(trim(payload)):
		return 0, no
	}
	return objectEnd(payload, rest, final, limit)
}

// objectEnd finds where the JSON object that payload leaves open ends in rest: in front of a delimiter, of the next
// octet count or of the end of the stream.
func objectEnd(payload, rest []byte, final bool, limit int) (int, match) {
	for from := 0; ; {
		end, m := runEnd(rest, from, final)
		if m != yes {
			return 0, m
		}
		tail := trim(rest[:end])
		delimited := end == len(rest) || isDelimiter(rest[end])
		closed := len(tail) > 0 && tail[len(tail)-1] == '}' && len(payload)+len(tail) <= limit
		if closed && (delimited || rest[end] != '<') {
			return len(payload) + len(tail), yes
		}
		if delimited {
			return 0, no
		}
		from = end + 1 + bytes.IndexByte(rest[end:], '<')
	}
}

// lineInside finds the first LF within payload and says whether a frame begins behind it, which may reach into rest.
func lineInside(payload, rest []byte) (int, match) {
	lf := bytes.IndexByte(payload, '\n')
	if lf < 0 || lf+1 == len(payload) {
		return 0, no
	}
	var joined [maxPrefix]byte
	n := copy(joined[:], payload[lf+1:])
	n += copy(joined[n:], rest)
	if joined[0] == '<' {
		_, m := pri(joined[:n])
		return lf, m
	}
	_, _, m := octetPrefix(joined[:n])
	return lf, m
}

// straddles says whether the frame that begins behind the LF at lf has its count in payload and its PRI in rest, so
// that what looks like the start of a frame at rest is the middle of one.
func straddles(payload, rest []byte, lf int) bool {
	head := payload[lf+1:]
	if len(head) >= maxPrefix || len(head) == 0 || head[0] == '<' {
		return false
	}
	var joined [maxPrefix]byte
	n := copy(joined[:], head)
	n += copy(joined[n:], rest)
	prefix, _, m := octetPrefix(joined[:n])
	return m == yes && len(head) <= prefix
}

// headerReach is how far into a line a time stamp may begin: Okta Access Gateway writes a phrase in front of it, relays
// an octet count, a version or a header of their own.
const headerReach = 64

// headerless says whether a line without PRI begins at b: a JSON object or a list of them, CEF, LEEF, WELF, the time
// stamp of RFC 3164 in front, or an ISO time stamp within headerReach and before anything that begins a frame.
func headerless(b []byte) match {
	b, m := skip("\xef\xbb\xbf", b)
	if m == partly {
		return partly
	}
	best := no
	for _, start := range [...]string{"{", "[{", "CEF:", "LEEF:", "id=firewall"} {
		_, m := skip(start, b)
		best = max(best, m)
	}
	return max(best, bsdStamp(b), isoStamp(b))
}

// skip cuts prefix off b; partly says that b is the beginning of prefix.
func skip(prefix string, b []byte) ([]byte, match) {
	n := min(len(prefix), len(b))
	switch {
	case string(b[:n]) != prefix[:n]:
		return b, no
	case n < len(prefix):
		return b, partly
	}
	return b[n:], yes
}

// bsdStamp looks for "Oct 19", as RFC 3164 begins a time stamp, also with the mark of a clock that is not set.
func bsdStamp(b []byte) match {
	if len(b) > 0 && (b[0] == '*' || b[0] == '.') {
		b = b[1:]
	}
	if len(b) < len("Oct 1") {
		for _, month := range months {
			if _, m := skip(month, b); m != no {
				return partly
			}
		}
		return no
	}
	for _, month := range months {
		if string(b[:4]) == month && (isDigit(b[4]) || b[4] == ' ') {
			return yes
		}
	}
	return no
}

var months = [...]string{"Jan ", "Feb ", "Mar ", "Apr ", "May ", "Jun ", "Jul ", "Aug ", "Sep ", "Oct ", "Nov ", "Dec "}

// isoStamp looks for "2026-06-30T09:15", or the same with a space.
func isoStamp(b []byte) match {
	for i := range min(len(b), headerReach) {
		switch c := b[i]; {
		case c == '\n' || c == 0:
			return no
		case c == '<':
			switch _, m := pri(b[i:]); m {
			case yes:
				return no
			case partly:
				return partly
			}
		case isDigit(c):
			if m := isoStampAt(b[i:]); m != no {
				return m
			}
		}
	}
	if len(b) < headerReach {
		return partly
	}
	return no
}

func isoStampAt(b []byte) match {
	const form = "0000-00-00T00:00"
	for i := range len(form) {
		if i == len(b) {
			return partly
		}
		switch c := form[i]; {
		case c == '0' && isDigit(b[i]), c == b[i], c == 'T' && (b[i] == 't' || b[i] == ' '):
		default:
			return no
		}
	}
	return yes
}
