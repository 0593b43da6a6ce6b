package jsonpath

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// Kind is the type of a value.
type Kind uint8

// The kinds of value.
const (
	String Kind = iota
	Number
	Bool
	Null
	Array
	Object
)

// Value is one value of a document, as it stands there; of a string what is between its quotes.
type Value struct {
	Kind Kind
	Raw  []byte
}

// Find returns the value at the path. It returns false when the document has none, or stops being JSON before it. Of two
// members with one key the first counts.
func (p Path) Find(doc []byte) (Value, bool) {
	v, _, ok := valueAt(doc, 0)
	for _, s := range p.steps {
		if !ok {
			return Value{}, false
		}
		v, ok = v.step(s)
	}
	return v, ok
}

func (v Value) step(s step) (found Value, ok bool) {
	if s.index >= 0 {
		n := 0
		v.Elements(func(e Value) bool {
			if n == s.index {
				found, ok = e, true
			}
			n++
			return !ok
		})
		return found, ok
	}
	var unescaped []byte
	v.Members(func(key []byte, e Value) bool {
		if bytes.IndexByte(key, '\\') >= 0 {
			unescaped = appendUnescaped(unescaped[:0], key)
			key = unescaped
		}
		if string(key) == s.key {
			found, ok = e, true
		}
		return !ok
	})
	return found, ok
}

// Members calls f with every member of an object in order, the key as it stands between its quotes, until f returns
// false. It returns false when v is no object or stops being one.
func (v Value) Members(f func(key []byte, e Value) bool) bool {
	if v.Kind != Object {
		return false
	}
	b := v.Raw
	i := space(b, 1)
	if i < len(b) && b[i] == '}' {
		return true
	}
	for i < len(b) && b[i] == '"' {
		end := stringEnd(b, i+1)
		if end < 0 {
			return false
		}
		key := b[i+1 : end]
		if i = space(b, end+1); i >= len(b) || b[i] != ':' {
			return false
		}
		e, next, ok := valueAt(b, i+1)
		if !ok {
			return false
		}
		if !f(key, e) {
			return true
		}
		if i = space(b, next); i >= len(b) {
			return false
		}
		if b[i] == '}' {
			return true
		}
		if b[i] != ',' {
			return false
		}
		i = space(b, i+1)
	}
	return false
}

// Elements calls f with every element of an array in order until f returns false. It returns false when v is no array or
// stops being one.
func (v Value) Elements(f func(e Value) bool) bool {
	if v.Kind != Array {
		return false
	}
	b := v.Raw
	i := space(b, 1)
	if i < len(b) && b[i] == ']' {
		return true
	}
	for {
		e, next, ok := valueAt(b, i)
		if !ok {
			return false
		}
		if !f(e) {
			return true
		}
		if i = space(b, next); i >= len(b) {
			return false
		}
		if b[i] == ']' {
			return true
		}
		if b[i] != ',' {
			return false
		}
		i++
	}
}

// AppendText appends the value as text: a string without its escapes, any other scalar as it stands, arrays and objects
// as JSON without white space.
func (v Value) AppendText(dst []byte) []byte {
	if v.Kind == String {
		return appendUnescaped(dst, v.Raw)
	}
	return v.AppendJSON(dst)
}

// AppendJSON appends the value as JSON without white space, and without escapes where a character may stand itself: two
// documents that say the same of their strings are written the same.
func (v Value) AppendJSON(dst []byte) []byte {
	switch v.Kind {
	case String:
		return appendString(dst, v.Raw)
	case Array, Object:
		return appendCompact(dst, v.Raw)
	}
	return append(dst, v.Raw...)
}

// appendCompact leaves out the white space between the tokens of b.
func appendCompact(dst, b []byte) []byte {
	for i := 0; i < len(b); {
		switch b[i] {
		case ' ', '\t', '\r', '\n':
			i++
		case '"':
			end := stringEnd(b, i+1)
			if end < 0 {
				end = len(b) - 1
			}
			dst = appendString(dst, b[i+1:end])
			i = end + 1
		default:
			dst = append(dst, b[i])
			i++
		}
	}
	return dst
}

// appendString appends a string between quotes with no more escapes than JSON needs. Half of a surrogate pair stays escaped:
// no text can hold it.
func appendString(dst, raw []byte) []byte {
	dst = append(dst, '"')
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 || i+1 >= len(raw) {
			dst = append(dst, raw...)
			return append(dst, '"')
		}
		dst = append(dst, raw[:i]...)
		raw = raw[i:]
		r, n := rune(raw[1]), 2
		if raw[1] == 'u' {
			r, n = codePoint(raw[2:])
			n += 2
		}
		switch {
		case raw[1] == '/', raw[1] == 'u' && r >= ' ' && r != '"' && r != '\\' && r != utf8.RuneError:
			dst = utf8.AppendRune(dst, r)
		case raw[1] == 'u' && shortEscape(r) != 0:
			dst = append(dst, '\\', shortEscape(r))
		default:
			dst = append(dst, raw[:n]...)
		}
		raw = raw[n:]
	}
}

// shortEscape is the letter behind the backslash that stands for a character, or 0.
func shortEscape(r rune) byte {
	switch r {
	case '"', '\\':
		return byte(r)
	case '\b':
		return 'b'
	case '\f':
		return 'f'
	case '\n':
		return 'n'
	case '\r':
		return 'r'
	case '\t':
		return 't'
	}
	return 0
}

// valueAt reads the value at or after i and returns what follows it.
func valueAt(b []byte, i int) (v Value, next int, ok bool) {
	if i = space(b, i); i >= len(b) {
		return Value{}, i, false
	}
	switch c := b[i]; {
	case c == '"':
		end := stringEnd(b, i+1)
		if end < 0 {
			return Value{}, i, false
		}
		return Value{String, b[i+1 : end]}, end + 1, true
	case c == '{' || c == '[':
		end := nestedEnd(b, i)
		if end < 0 {
			return Value{}, i, false
		}
		kind := Array
		if c == '{' {
			kind = Object
		}
		return Value{kind, b[i:end]}, end, true
	case c == '-' || '0' <= c && c <= '9':
		end := i + 1
		for end < len(b) && (b[end] >= '0' && b[end] <= '9' || b[end] == '.' || b[end] == 'e' || b[end] == 'E' || b[end] == '+' || b[end] == '-') {
			end++
		}
		return Value{Number, b[i:end]}, end, true
	case bytes.HasPrefix(b[i:], []byte("true")):
		return Value{Bool, b[i : i+4]}, i + 4, true
	case bytes.HasPrefix(b[i:], []byte("false")):
		return Value{Bool, b[i : i+5]}, i + 5, true
	case bytes.HasPrefix(b[i:], []byte("null")):
		return Value{Null, b[i : i+4]}, i + 4, true
	}
	return Value{}, i, false
}

func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// stringEnd is the position of the quote that closes the string whose text starts at i, or -1.
func stringEnd(b []byte, i int) int {
	for i < len(b) {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			return -1
		}
		end := i + n
		slashes := 0
		for k := end - 1; k >= i && b[k] == '\\'; k-- {
			slashes++
		}
		if slashes%2 == 0 {
			return end
		}
		i = end + 1
	}
	return -1
}

// nestedEnd is the position behind the bracket that closes the one at i, or -1. It counts the brackets of both kinds
// together: a document that mixes them up is found out when its members are read.
func nestedEnd(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		case '"':
			end := stringEnd(b, i+1)
			if end < 0 {
				return -1
			}
			i = end
		}
		i++
	}
	return -1
}

// appendUnescaped appends the text of a string without its escapes. What is no escape stays as it is; half of a surrogate
// pair becomes U+FFFD.
func appendUnescaped(dst, raw []byte) []byte {
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 || i+1 >= len(raw) {
			return append(dst, raw...)
		}
		dst = append(dst, raw[:i]...)
		c := raw[i+1]
		raw = raw[i+2:]
		switch c {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r, n := codePoint(raw)
			dst = utf8.AppendRune(dst, r)
			raw = raw[n:]
		default:
			dst = append(dst, c)
		}
	}
}

// codePoint reads the four digits after \u and, of a surrogate pair, the second half. It returns how many bytes it read.
func codePoint(b []byte) (rune, int) {
	r, ok := hex4(b)
	if !ok {
		return utf8.RuneError, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 4
	}
	if len(b) >= 10 && b[4] == '\\' && b[5] == 'u' {
		if second, ok := hex4(b[6:]); ok {
			if pair := utf16.DecodeRune(r, second); pair != utf8.RuneError {
				return pair, 10
			}
		}
	}
	return utf8.RuneError, 4
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	var r rune
	for _, c := range b[:4] {
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}
