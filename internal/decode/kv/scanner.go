package kv

import "bytes"

// Pair is one key with its value.
type Pair struct {
	Key     []byte
	Value   []byte // without its quotes
	Escaped bool   // Value holds backslash escapes: see Unescape
}

// maxKey is how long a word may be to count as a key.
const maxKey = 128

// Scanner reads the pairs of Text in order. The zero value with a Text is ready.
type Scanner struct {
	Text []byte
	// Skipped counts the bytes that belong to no pair, separators aside.
	Skipped int

	pos int
}

// Next reads the next pair into p; false at the end of the text.
func (s *Scanner) Next(p *Pair) bool {
	for s.pos < len(s.Text) {
		c := s.Text[s.pos]
		if separator(c) {
			s.pos++
			continue
		}
		n := key(s.Text[s.pos:])
		if n == 0 {
			s.skipWord()
			continue
		}
		open := byte(0)
		if s.pos > 0 {
			open = s.Text[s.pos-1]
		}
		p.Key = s.Text[s.pos : s.pos+n]
		s.pos += n + 1
		if s.bare(p) && closes(open, p.Value) {
			p.Value = p.Value[:len(p.Value)-1]
		}
		return true
	}
	return false
}

func (s *Scanner) skipWord() {
	for s.pos < len(s.Text) && !separator(s.Text[s.pos]) {
		s.pos++
		s.Skipped++
	}
}

// key returns the length of the key at the start of b, 0 when none stands there.
func key(b []byte) int {
	for i := 0; i < len(b) && i <= maxKey; i++ {
		if b[i] == '=' {
			// "==" compares, it does not assign.
			if i+1 < len(b) && b[i+1] == '=' {
				return 0
			}
			return i
		}
		if !keyByte(b[i]) {
			return 0
		}
	}
	return 0
}

func keyByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80 ||
		c == '_' || c == '-' || c == '.' || c == '@' || c == ':' || c == '/' || c == '%' || c == '#' || c == '$'
}

func separator(c byte) bool {
	switch c {
	case ' ', '\t', ',', ';', '|', '(', '[', '{', '\r', '\n':
		return true
	}
	return false
}

// closes says whether a value ends with the bracket that closes the one in front of its key.
func closes(open byte, value []byte) bool {
	if len(value) == 0 {
		return false
	}
	last := value[len(value)-1]
	return open == '(' && last == ')' || open == '[' && last == ']' || open == '{' && last == '}'
}

// bare reads the value; true when it stands without quotes.
func (s *Scanner) bare(p *Pair) bool {
	rest := s.Text[s.pos:]
	p.Value, p.Escaped = nil, false
	if len(rest) > 0 && (rest[0] == '"' || rest[0] == '\'') {
		if end, escaped := quoteEnd(rest); end > 0 {
			p.Value, p.Escaped = rest[1:end], escaped
			s.pos += end + 1
			return false
		}
	}
	end := bareEnd(rest)
	p.Value = rest[:end]
	s.pos += end
	return true
}

// quoteEnd finds the quote that closes the one at the start of b, 0 when there is none.
func quoteEnd(b []byte) (end int, escaped bool) {
	quote := b[0]
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case quote:
			return i, escaped
		case '\\':
			escaped = true
			i++
		}
	}
	return 0, false
}

// bareEnd finds the end of a value without quotes.
func bareEnd(b []byte) int {
	for i, c := range b {
		switch c {
		case ' ', '\t', '\r', '\n':
			return i
		case ',', ';', '|':
			if endsValue(b[i+1:]) {
				return i
			}
		}
	}
	return len(b)
}

// endsValue says whether a comma in front of b separates pairs: blanks, another key or nothing follow.
func endsValue(b []byte) bool {
	return len(b) == 0 || b[0] == ' ' || b[0] == '\t' || key(b) > 0
}

// Unescape appends value without its backslash escapes: \" \' \\ \n \r \t. Any other backslash stands for itself.
func Unescape(dst, value []byte) []byte {
	for {
		i := bytes.IndexByte(value, '\\')
		if i < 0 || i+1 == len(value) {
			return append(dst, value...)
		}
		dst = append(dst, value[:i]...)
		switch c := value[i+1]; c {
		case '"', '\'', '\\':
			dst = append(dst, c)
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		default:
			dst = append(dst, '\\', c)
		}
		value = value[i+2:]
	}
}
