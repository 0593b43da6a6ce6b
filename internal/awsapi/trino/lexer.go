package trino

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenKind is the kind of a token.
type tokenKind uint8

const (
	tokEnd    tokenKind = iota
	tokWord             // name or keyword, as typed
	tokQuoted           // "name": text without quotes; also an event data store's id, which is written bare
	tokString           // 'text': text without quotes
	tokInteger
	tokDecimal // 1.5
	tokDouble  // 1.5e3
	tokBinary  // X'0f'
	tokSymbol
	tokDigitWord // a word that starts with a digit: part of a bare id, or a mistake
)

// token is one token. text is its meaning, the statement's bytes from pos to end how it is written.
type token struct {
	kind tokenKind
	text string
	pos  Pos
	end  Pos
}

// is says whether the token is a keyword; keywords are written in upper case here.
func (t token) is(keyword string) bool {
	return t.kind == tokWord && strings.EqualFold(t.text, keyword)
}

func (t token) isSymbol(s string) bool { return t.kind == tokSymbol && t.text == s }

// lexer splits a statement into tokens.
type lexer struct {
	text string
	pos  int
}

// symbols, longer ones first.
var symbols = [...]string{"<>", "!=", "<=", ">=", "||", "->", "=>", "(", ")", "[", "]", ",", ".", ";", "+", "-", "*", "/", "%", "=", "<", ">", "?", ":"}

// tokens splits the whole statement; the last token is tokEnd.
func tokens(text string) []token {
	l := lexer{text: text}
	list := make([]token, 0, len(text)/4+1)
	for {
		t := l.next()
		list = append(list, t)
		if t.kind == tokEnd {
			return list
		}
	}
}

func (l *lexer) next() token {
	l.skip()
	start := l.pos
	if start >= len(l.text) {
		return token{tokEnd, "", Pos(start), Pos(start)}
	}
	c := l.text[start]
	switch {
	case c == '\'':
		return l.quoted(tokString, '\'', start)
	case c == '"':
		return l.quoted(tokQuoted, '"', start)
	case c|0x20 == 'u' && (strings.HasPrefix(l.text[start+1:], "&'") || strings.HasPrefix(l.text[start+1:], `&"`)):
		return l.unicode(start)
	case (c == 'x' || c == 'X') && start+1 < len(l.text) && l.text[start+1] == '\'':
		l.pos++
		return l.quoted(tokBinary, '\'', start)
	case isDigit(c) || c == '.' && start+1 < len(l.text) && isDigit(l.text[start+1]):
		if n := storeID(l.text[start:]); n > 0 {
			return l.take(tokQuoted, start+n)
		}
		return l.number()
	case isLetter(c):
		if n := storeID(l.text[start:]); n > 0 {
			return l.take(tokQuoted, start+n)
		}
		end := start
		for end < len(l.text) && (isLetter(l.text[end]) || isDigit(l.text[end])) {
			end++
		}
		return l.take(tokWord, end)
	}
	for _, s := range symbols {
		if strings.HasPrefix(l.text[start:], s) {
			t := l.take(tokSymbol, start+len(s))
			if s == "!=" {
				t.text = "<>"
			}
			return t
		}
	}
	l.unexpected(start)
	return token{}
}

func (l *lexer) take(kind tokenKind, end int) token {
	t := token{kind, l.text[l.pos:end], Pos(l.pos), Pos(end)}
	l.pos = end
	return t
}

// skip goes over white space and comments.
func (l *lexer) skip() {
	for l.pos < len(l.text) {
		rest := l.text[l.pos:]
		switch {
		case strings.HasPrefix(rest, "--"):
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				n = len(rest)
			}
			l.pos += n
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest[2:], "*/")
			if n < 0 {
				fail(Pos(l.pos), "Close the comment with */.", "comment is not closed")
			}
			l.pos += n + 4
		default:
			r, n := utf8.DecodeRuneInString(rest)
			if !unicode.IsSpace(r) && r != '\ufeff' && r != '\u200b' {
				return
			}
			l.pos += n
		}
	}
}

// quoted reads up to the closing quote; a doubled quote stands for one.
func (l *lexer) quoted(kind tokenKind, q byte, start int) token {
	var b strings.Builder
	for i := l.pos + 1; i < len(l.text); i++ {
		if l.text[i] != q {
			b.WriteByte(l.text[i])
			continue
		}
		if i+1 < len(l.text) && l.text[i+1] == q {
			b.WriteByte(q)
			i++
			continue
		}
		if kind == tokQuoted && b.Len() == 0 {
			fail(Pos(start), "Write a name between the quotes; text stands in single quotes.", "name is empty")
		}
		l.pos = i + 1
		return token{kind, b.String(), Pos(start), Pos(i + 1)}
	}
	fail(Pos(start), "Close it with "+string(q)+".", "%s is not closed", map[bool]string{true: "quoted name", false: "text"}[kind == tokQuoted])
	return token{}
}

// unicode reads U&'…' and U&"…", where \0041 and \+01F600 stand for characters and \\ for a backslash.
func (l *lexer) unicode(start int) token {
	l.pos += 2
	kind := tokString
	if l.text[l.pos] == '"' {
		kind = tokQuoted
	}
	t := l.quoted(kind, l.text[l.pos], start)
	before, rest, found := strings.Cut(t.text, `\`)
	for text := before; ; text += before {
		if !found {
			t.text = text
			return t
		}
		digits := 4
		if strings.HasPrefix(rest, "+") {
			rest, digits = rest[1:], 6
		}
		n, err := strconv.ParseUint(rest[:min(digits, len(rest))], 16, 32)
		switch {
		case strings.HasPrefix(rest, `\`):
			text, rest = text+`\`, rest[1:]
		case err != nil || len(rest) < digits || !utf8.ValidRune(rune(n)) || n == 0:
			fail(Pos(start), `Write \ and four hexadecimal digits, \+ and six, or \\.`, "incomplete or invalid escape in Unicode text")
		default:
			text, rest = text+string(rune(n)), rest[digits:]
		}
		before, rest, found = strings.Cut(rest, `\`)
	}
}

// number reads 1, 1.5, .5, 1e3 and what wrongly goes on with letters.
func (l *lexer) number() token {
	i := l.pos
	digits := func() {
		for i < len(l.text) && (isDigit(l.text[i]) || l.text[i] == '_' && i+1 < len(l.text) && isDigit(l.text[i+1])) {
			i++
		}
	}
	kind := tokInteger
	digits()
	if i < len(l.text) && l.text[i] == '.' && (i+1 >= len(l.text) || !isLetter(l.text[i+1]) || isExponent(l.text[i+1:])) {
		kind = tokDecimal
		i++
		digits()
	}
	if isExponent(l.text[i:]) {
		kind = tokDouble
		i++
		if l.text[i] == '+' || l.text[i] == '-' {
			i++
		}
		digits()
	}
	if i < len(l.text) && isLetter(l.text[i]) {
		kind = tokDigitWord
		for i < len(l.text) && (isLetter(l.text[i]) || isDigit(l.text[i])) {
			i++
		}
	}
	return l.take(kind, i)
}

// isExponent says whether s starts with e, a sign or none, and a digit.
func isExponent(s string) bool {
	if len(s) < 2 || s[0]|0x20 != 'e' {
		return false
	}
	if s[1] == '+' || s[1] == '-' {
		s = s[1:]
	}
	return len(s) > 1 && isDigit(s[1])
}

// storeID is the length of the event data store's id that s starts with, 0 for none. Ids are UUIDs and are written bare,
// although in SQL such text would be a calculation.
func storeID(s string) int {
	const n = 36
	if len(s) < n || len(s) > n && (isLetter(s[n]) || isDigit(s[n])) {
		return 0
	}
	for i := range n {
		c := s[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return 0
			}
		default:
			if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
				return 0
			}
		}
	}
	return n
}

// bareStore is the length of the name of an event data store that s starts with, where a table must stand: letters,
// digits and - as in an id, : and / too when it is an ARN.
func bareStore(s string) int {
	arn := len(s) > 4 && strings.EqualFold(s[:4], "arn:")
	i := 0
	for i < len(s) {
		c := s[i]
		if !isLetter(c) && !isDigit(c) && c != '-' && (!arn || c != ':' && c != '/') || strings.HasPrefix(s[i:], "--") || strings.HasPrefix(s[i:], "/*") {
			break
		}
		i++
	}
	return i
}

func (l *lexer) unexpected(at int) {
	r, _ := utf8.DecodeRuneInString(l.text[at:])
	switch r {
	case '`':
		fail(Pos(at), "Put the name into double quotes.", "backquoted names are not supported")
	case '‘', '’', '“', '”':
		fail(Pos(at), "Type straight quotes: ' for text, \" for names.", "%q is a typographic quote", r)
	}
	fail(Pos(at), "Remove it, or put it into single quotes if it is text.", "unexpected character %q", r)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' || c == '$' || c == '@' }
