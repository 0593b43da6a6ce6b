package format

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"kiroku/internal/event"
	"kiroku/internal/source/defender"
)

// original takes the line of a SIEM agent as it came, escaped where the agent forgot to. It returns false where raw_data is
// no such line.
func (l *lineForm) original(ev *event.Event) bool {
	raw := ev.GetStr(event.ColRawData)
	if raw == "" || ev.Has(event.ColParseError) || ev.Has(event.ColRawEncoding) {
		return false
	}
	line := &l.line
	from := len(l.buf)
	l.buf = append(l.buf, raw...)
	if line.Parse(l.buf[from:]) != nil || len(bytes.TrimSpace(line.Text)) > 0 {
		return false
	}
	for i := range l.head {
		part := line.Head[i+1] // without the version of CEF
		if l.raw[i] = headWritten(part); !l.raw[i] {
			part, l.buf = line.HeadText(i+1, l.buf)
		}
		l.head[i] = event.Bytes(part)
	}
	for i := range line.Fields {
		f := &line.Fields[i]
		out := field{key: event.Bytes(f.Key), value: event.Bytes(f.Raw), written: valueWritten(f.Raw)}
		if !out.written {
			var text []byte
			text, l.buf = f.Value(l.buf)
			out.value = event.Bytes(text)
		}
		if out.key == "c6a1Label" && string(defender.Unquote(f.Raw)) == ipv6Name {
			out.value, out.written = ipv6Label, true
		}
		l.fields = append(l.fields, out)
	}
	return true
}

// headWritten says whether a field of the header may be written as it is.
func headWritten(b []byte) bool {
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '\\':
			if i++; i == len(b) || b[i] != '\\' && b[i] != '|' {
				return false
			}
		case c == '|', c < ' ' && c != '\t':
			return false
		}
	}
	return utf8.Valid(b)
}

// valueWritten says whether a value may be written as it is: all that must be escaped is.
func valueWritten(b []byte) bool {
	ascii := true
	for i := 0; i < len(b); i++ {
		c := b[i]
		if plainValue[c] {
			continue
		}
		switch {
		case c >= utf8.RuneSelf:
			ascii = false
		case c == '\\':
			if i++; i == len(b) || !strings.ContainsRune(`\=nr`, rune(b[i])) {
				return false
			}
		default:
			return false
		}
	}
	return ascii || utf8.Valid(b)
}
