package search

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"
)

// scanner walks over the characters of a query. Outside quotes it sees them normalised (see ascii), so that a query
// typed with a Japanese input method means the same; offsets are always those of the text as it was typed.
type scanner struct {
	raw  []rune
	offs []int // offs[i] is the byte offset of raw[i]; one more entry at the end
	i    int
}

func newScanner(text string) scanner {
	s := scanner{raw: make([]rune, 0, len(text)), offs: make([]int, 0, len(text)+1)}
	for i, r := range text {
		s.raw = append(s.raw, r)
		s.offs = append(s.offs, i)
	}
	s.offs = append(s.offs, len(text))
	return s
}

// ascii turns the full-width marks and curly quotes that input methods type into the marks of the language.
func ascii(r rune) rune {
	switch r {
	case '：':
		return ':'
	case '（':
		return '('
	case '）':
		return ')'
	case '＊':
		return '*'
	case '－':
		return '-'
	case '＂', '“', '”':
		return '"'
	case '\u3000':
		return ' '
	}
	return r
}

const eof = rune(-1)

// at is the normalised character n places ahead.
func (s *scanner) at(n int) rune {
	if s.i+n >= len(s.raw) {
		return eof
	}
	return ascii(s.raw[s.i+n])
}

func (s *scanner) span(from, to int) Span { return Span{s.offs[from], s.offs[to]} }

// last is the span of the last character that is no space, where errors about a missing rest stand.
func (s *scanner) last() Span {
	n := len(s.raw)
	for n > 0 && unicode.IsSpace(s.raw[n-1]) {
		n--
	}
	return s.span(max(0, n-1), n)
}

func (s *scanner) space() {
	for s.i < len(s.raw) && unicode.IsSpace(s.raw[s.i]) {
		s.i++
	}
}

func isDelimiter(r rune) bool {
	switch r {
	case eof, '(', ')', '[', ']', '{', '}', ',', '"':
		return true
	}
	return unicode.IsSpace(r)
}

// wordEnd is the index after the word that starts at from.
func (s *scanner) wordEnd(from int) int {
	i := from
	for i < len(s.raw) && !isDelimiter(ascii(s.raw[i])) {
		if s.raw[i] == '\\' && i+1 < len(s.raw) {
			i++
		}
		i++
	}
	return min(i, len(s.raw))
}

// keyword is the word ahead if it is an operator, else "".
func (s *scanner) keyword() string {
	end := s.wordEnd(s.i)
	if end-s.i > 3 {
		return ""
	}
	switch w := string(s.raw[s.i:end]); w {
	case "AND", "OR", "NOT", "TO":
		return w
	}
	return ""
}

// word reads a word. A backslash takes the special meaning from the mark behind it; before a letter or digit it is an
// ordinary character, so that DOMAIN\user means what it says.
func (s *scanner) word() Str {
	end := s.wordEnd(s.i)
	var text, pattern strings.Builder
	wild := false
	for ; s.i < end; s.i++ {
		r := s.at(0)
		switch {
		case r == '*' || r == '?':
			wild = true
			text.WriteRune(r)
			pattern.WriteRune(r)
			continue
		case r == '\\' && s.i+1 < end && !isWordRune(s.raw[s.i+1]):
			s.i++
			r = s.at(0)
		}
		text.WriteRune(r)
		if r == '*' || r == '?' || r == '\\' {
			pattern.WriteByte('\\')
		}
		pattern.WriteRune(r)
	}
	if wild {
		return Str{Wildcard, pattern.String()}
	}
	return Str{Word, text.String()}
}

// phrase reads a phrase whose opening quote is ahead. Inside, characters stand as they were typed.
func (s *scanner) phrase() (Str, error) {
	start, open := s.i, s.raw[s.i]
	closes := func(r rune) bool { return r == '"' || open != '"' && ascii(r) == '"' }
	var b strings.Builder
	for s.i++; s.i < len(s.raw); s.i++ {
		r := s.raw[s.i]
		switch {
		case closes(r):
			s.i++
			return Str{Phrase, b.String()}, nil
		case r == '\\' && s.i+1 < len(s.raw):
			s.i++
			switch e := s.raw[s.i]; {
			case e == 'n':
				b.WriteByte('\n')
			case e == 't':
				b.WriteByte('\t')
			case e == '\\' || closes(e):
				b.WriteRune(e)
			default: // no escape: patterns like \d stay as they are
				b.WriteByte('\\')
				b.WriteRune(e)
			}
		default:
			b.WriteRune(r)
		}
	}
	return Str{}, fail(s.span(start, start+1), UnclosedQuote, `close the phrase with "`, "the quote is not closed")
}

func isWordRune(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

func isFieldRune(r rune) bool { return isWordRune(r) || r == '.' || r == '-' || r == '@' }

// isBareField says whether name can stand before a colon without back quotes.
func isBareField(name string) bool {
	for i, r := range name {
		if i == 0 && r != '_' && !unicode.IsLetter(r) || !isFieldRune(r) {
			return false
		}
	}
	return name != ""
}

// fieldEnd is the index of the colon that ends the field ahead, or -1 when what is ahead is no clause.
func (s *scanner) fieldEnd() int {
	i := s.i
	if s.at(0) == '@' {
		i++
	}
	start := i
	for i < len(s.raw) && isFieldRune(ascii(s.raw[i])) {
		i++
	}
	if i == len(s.raw) || ascii(s.raw[i]) != ':' || !isBareField(string(s.raw[start:i])) {
		return -1
	}
	if isPasted(string(s.raw[s.i:s.wordEnd(s.i)])) {
		return -1
	}
	return i
}

// isPasted says whether a word with colons is a thing people paste rather than a clause: an address, a URL, an ARN, a
// path with a drive letter.
func isPasted(word string) bool {
	head, tail, _ := strings.Cut(word, ":")
	switch strings.ToLower(head) {
	case "http", "https", "ftp", "ftps", "sftp", "ssh", "ldap", "ldaps", "s3", "file", "ws", "wss", "tcp", "udp":
		if strings.HasPrefix(tail, "//") {
			return true
		}
	case "arn":
		return strings.HasPrefix(tail, "aws")
	}
	if len(head) == 1 && strings.HasPrefix(tail, `\`) {
		return true
	}
	return isAddress(word) || isMAC(word)
}

func isAddress(word string) bool {
	if _, err := netip.ParseAddr(word); err == nil {
		return true
	}
	_, err := netip.ParsePrefix(word)
	return err == nil
}

func isMAC(word string) bool {
	if len(word) != 17 {
		return false
	}
	for i := range len(word) {
		c := word[i] | 0x20
		if i%3 == 2 {
			if word[i] != ':' {
				return false
			}
		} else if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// validText says where text is no UTF-8, or -1.
func validText(text string) int {
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}
