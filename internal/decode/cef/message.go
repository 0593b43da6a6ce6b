package cef

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// Message is one CEF message. Its parts are unescaped; they point into the parsed bytes, or into memory of their own
// where something was escaped.
type Message struct {
	Version     []byte // "0" or "1"
	Vendor      []byte
	Product     []byte
	DeviceVer   []byte
	SignatureID []byte // Device Event Class ID
	Name        []byte
	Severity    []byte // see Level
	Text        []byte // what stands in the extension in front of the first key, as it was written
	Fields      []Field
}

// Field is one pair of the extension. A key may come more than once.
type Field struct{ Key, Value []byte }

var marker = []byte("CEF:")

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

// version returns the length of "0|" or " 1|" at the start of b, 0 when there is none.
func version(b []byte) int {
	i := 0
	for i < len(b) && b[i] == ' ' && i < 2 {
		i++
	}
	start := i
	for i < len(b) && (b[i] >= '0' && b[i] <= '9' || b[i] == '.') && i-start < 4 {
		i++
	}
	if i == start || i == len(b) || b[i] != '|' {
		return 0
	}
	return i + 1
}

var errNoMarker = errors.New(`no "CEF:<version>|" at the start`)

const headerFields = 6 // behind the version

// Parse fills m from data, which starts with "CEF:". It reuses m.Fields. The header must be complete; the extension may
// hold anything.
func (m *Message) Parse(data []byte) error {
	*m = Message{Fields: m.Fields[:0]}
	if !bytes.HasPrefix(data, marker) {
		return errNoMarker
	}
	n := version(data[len(marker):])
	if n == 0 {
		return errNoMarker
	}
	m.Version = bytes.TrimLeft(data[len(marker):len(marker)+n-1], " ")
	rest := data[len(marker)+n:]
	for i, part := range []*[]byte{&m.Vendor, &m.Product, &m.DeviceVer, &m.SignatureID, &m.Name, &m.Severity} {
		end, escaped := headerEnd(rest)
		if end == len(rest) && i < headerFields-1 {
			return fmt.Errorf("%d of %d header fields", i+1, headerFields)
		}
		*part = rest[:end]
		if escaped {
			*part = unescapeHeader(rest[:end])
		}
		rest = rest[min(end+1, len(rest)):]
	}
	m.extension(rest)
	return nil
}

// headerEnd finds the unescaped "|" that ends a header field, or the end.
func headerEnd(b []byte) (end int, escaped bool) {
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '|':
			return i, escaped
		case '\\':
			escaped = true
			i++
		}
	}
	return len(b), escaped
}

func unescapeHeader(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '\\' && i+1 < len(b) && (b[i+1] == '|' || b[i+1] == '\\') {
			i++
		}
		out = append(out, b[i])
	}
	return out
}

// extension splits the pairs. It looks at every byte once: word is where the run of key bytes began that ends at i,
// -1 when the bytes since the last space are no key.
func (m *Message) extension(b []byte) {
	key := b[:0]
	start, word, escaped := 0, 0, false
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case c == ' ':
			word = i + 1
		case c == '=' && word >= 0 && word < i:
			m.add(key, b[start:max(start, word-1)], escaped)
			key, start, word, escaped = b[word:i], i+1, -1, false
		case c == '\\':
			escaped, word = true, -1
			i++
		case !keyByte(c):
			word = -1
		}
	}
	m.add(key, b[start:], escaped)
}

func (m *Message) add(key, value []byte, escaped bool) {
	if len(key) == 0 {
		m.Text = value
		return
	}
	if escaped {
		value = unescapeValue(value)
	}
	m.Fields = append(m.Fields, Field{key, value})
}

func unescapeValue(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c == '\\' && i+1 < len(b) {
			switch b[i+1] {
			case '\\', '=':
				i++
				c = b[i]
			case 'n':
				i++
				c = '\n'
			case 'r':
				i++
				c = '\r'
			}
		}
		out = append(out, c)
	}
	return out
}

// keyByte says whether c may stand in a key: the format has letters and digits, products add the rest.
func keyByte(c byte) bool {
	return wordByte(c) || c == '.' || c == '-' || c == '[' || c == ']' || c == '@'
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

const labelSuffix = "Label"

// Labels returns what the custom fields are called: "cs1" -> "portalURL" for "cs1Label=portalURL". Quotes around a
// label, which some products write, are taken off. A key without a label of its own is not in the map.
func (m *Message) Labels() map[string]string {
	var labels map[string]string
	for _, f := range m.Fields {
		base, ok := strings.CutSuffix(string(f.Key), labelSuffix)
		label := strings.Trim(string(f.Value), "\"\u201c\u201d ")
		if !ok || base == "" || label == "" {
			continue
		}
		if labels == nil {
			labels = map[string]string{}
		}
		labels[base] = label
	}
	return labels
}

// Level reads a severity: 0 to 10, or the words of the format, of which each stands for the lowest number of its range
// (Low 0-3, Medium 4-6, High 7-8, Very-High 9-10). ok is false for anything else, "Unknown" included.
func Level(severity []byte) (level int, ok bool) {
	switch s := strings.ToLower(strings.TrimSpace(string(severity))); s {
	case "low":
		return 0, true
	case "medium":
		return 4, true
	case "high":
		return 7, true
	case "very-high":
		return 9, true
	case "10":
		return 10, true
	default:
		if len(s) == 1 && s[0] >= '0' && s[0] <= '9' {
			return int(s[0] - '0'), true
		}
		return 0, false
	}
}
