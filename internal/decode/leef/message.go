package leef

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// Message is one LEEF message. Its parts point into the parsed bytes.
type Message struct {
	Version    []byte // "1.0" or "2.0"
	Vendor     []byte
	Product    []byte
	ProductVer []byte
	EventID    []byte
	Delimiter  byte // between pairs; Append ignores it
	Fields     []Field
}

// Field is one attribute. Key is empty for text that has no "=". A key may come more than once.
type Field struct{ Key, Value []byte }

var marker = []byte("LEEF:")

// Index returns where a message starts in a line that may have a syslog header or other text in front; -1 when there is
// none.
func Index(line []byte) int {
	for at := 0; ; {
		i := bytes.Index(line[at:], marker)
		if i < 0 {
			return -1
		}
		at += i
		if (at == 0 || !wordByte(line[at-1])) && version(line[at+len(marker):]) > 0 {
			return at
		}
		at += len(marker)
	}
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

// version returns the length of "2.0|" at the start of b, 0 when there is none.
func version(b []byte) int {
	i := 0
	for i < len(b) && (b[i] >= '0' && b[i] <= '9' || b[i] == '.') && i < 5 {
		i++
	}
	if i == 0 || i == len(b) || b[i] != '|' {
		return 0
	}
	return i + 1
}

var errNoMarker = errors.New(`no "LEEF:<version>|" at the start`)

const headerFields = 4 // behind the version

// Parse fills m from data, which starts with "LEEF:". It reuses m.Fields. The header must be complete; what follows may
// be anything.
func (m *Message) Parse(data []byte) error {
	*m = Message{Delimiter: '\t', Fields: m.Fields[:0]}
	if !bytes.HasPrefix(data, marker) {
		return errNoMarker
	}
	n := version(data[len(marker):])
	if n == 0 {
		return errNoMarker
	}
	m.Version = data[len(marker) : len(marker)+n-1]
	rest := data[len(marker)+n:]
	for i, part := range []*[]byte{&m.Vendor, &m.Product, &m.ProductVer, &m.EventID} {
		var found bool
		*part, rest, found = cutHeader(rest)
		if !found && i < headerFields-1 {
			return fmt.Errorf("%d of %d header fields", i+1, headerFields)
		}
	}
	if m.Version[0] != '1' {
		rest = m.delimiter(rest)
	}
	for len(rest) > 0 {
		var pair []byte
		pair, rest, _ = bytes.Cut(rest, []byte{m.Delimiter})
		m.add(pair)
	}
	return nil
}

// cutHeader cuts at the first "|" that has no backslash in front. Some senders write "\|" in a name, as in CEF.
func cutHeader(b []byte) (part, rest []byte, found bool) {
	escaped := false
	for i, c := range b {
		if c != '|' {
			continue
		}
		if i > 0 && b[i-1] == '\\' {
			escaped = true
			continue
		}
		part, rest, found = b[:i], b[i+1:], true
		break
	}
	if !found {
		part = b
	}
	if escaped {
		part = bytes.ReplaceAll(part, []byte(`\|`), []byte{'|'})
	}
	return part, rest, found
}

// delimiter takes the delimiter of version 2.0 from the front: one character, or its code as "x09" or "0x09". Without
// one the tab holds; senders leave the field out or empty.
func (m *Message) delimiter(b []byte) []byte {
	text, rest, found := bytes.Cut(b, []byte{'|'})
	if !found {
		return b
	}
	if len(text) == 0 {
		if len(rest) > 0 && rest[0] == '|' { // "||": the delimiter is the bar itself
			m.Delimiter = '|'
			return rest[1:]
		}
		return rest
	}
	if len(text) == 1 {
		m.Delimiter = text[0]
		return rest
	}
	hex := bytes.TrimPrefix(text, []byte("0"))
	if len(hex) < 2 || len(hex) > 5 || hex[0] != 'x' && hex[0] != 'X' {
		return b
	}
	code, err := strconv.ParseUint(string(hex[1:]), 16, 8)
	if err != nil {
		return b
	}
	m.Delimiter = byte(code)
	return rest
}

func (m *Message) add(pair []byte) {
	key, value, found := bytes.Cut(pair, []byte{'='})
	key = bytes.TrimSpace(key)
	switch {
	case found:
		m.Fields = append(m.Fields, Field{key, value})
	case len(key) > 0:
		m.Fields = append(m.Fields, Field{nil, pair})
	}
}
