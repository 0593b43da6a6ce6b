package defender

import (
	"bytes"

	"kiroku/internal/decode/cef"
)

// The two kinds of records, by the class in the header.
const (
	activityPrefix = "EVENT_CATEGORY_"
	alertPrefix    = "ALERT_"
)

// Value is the value without escapes and the blanks around it. It is a part of the line where nothing was escaped, else
// it is appended to scratch, which is returned.
func (f *Field) Value(scratch []byte) (value, after []byte) {
	return unescape(trim(f.Raw), "\\=", true, scratch)
}

// trim takes blanks off both ends.
func trim(b []byte) []byte {
	for len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	for len(b) > 0 && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	return b
}

// HeadText is a field of the header without escapes, like Value.
func (l *Line) HeadText(i int, scratch []byte) (value, after []byte) {
	return unescape(l.Head[i], "\\|", false, scratch)
}

// unescape takes the escapes of the two characters out, and those of line breaks. A backslash that escapes nothing stands
// for itself.
func unescape(b []byte, characters string, breaks bool, scratch []byte) (value, after []byte) {
	i := bytes.IndexByte(b, '\\')
	if i < 0 {
		return b, scratch
	}
	from := len(scratch)
	scratch = append(scratch, b[:i]...)
	for ; i < len(b); i++ {
		c := b[i]
		if c == '\\' && i+1 < len(b) {
			switch n := b[i+1]; {
			case n == characters[0], n == characters[1]:
				c, i = n, i+1
			case n == 'n' && breaks:
				c, i = '\n', i+1
			case n == 'r' && breaks:
				c, i = '\r', i+1
			}
		}
		scratch = append(scratch, c)
	}
	return scratch[from:len(scratch):len(scratch)], scratch
}

// quotes are what stands around labels: straight ones as agents write them, and what word processors make of them.
const quotes = "\"'\u201c\u201d\u201e\u201f\u2018\u2019\u00ab\u00bb\uff02 "

// Unquote takes the quotes off a label.
func Unquote(label []byte) []byte {
	if n := len(label); n > 0 && wordByte(label[0]) && wordByte(label[n-1]) {
		return label
	}
	return bytes.Trim(label, quotes)
}

// severity reads the severity of a header as OCSF's severity_id. Agents write 0 for activities and a number for alerts;
// CEF's words are taken as well. 0 and 1 are informational, 2 and 3 low, 4 to 6 medium, 7 and 8 high, 9
// and 10 critical.
func severity(b []byte) (id int64, ok bool) {
	level, ok := cef.Level(b)
	if !ok {
		return 0, false
	}
	if level == 0 && b[0] > '9' {
		level = 2 // the word Low, which is 0 to 3
	}
	return severities[min(level, len(severities)-1)], true
}

// severities are OCSF's severities of the numbers 0 to 10.
var severities = [...]int64{1, 1, 2, 2, 3, 3, 3, 4, 4, 5, 5}
