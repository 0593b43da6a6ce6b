package event

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// TimeLayout is how time stamps stand in JSON: RFC 3339, UTC, microseconds.
const TimeLayout = "2006-01-02T15:04:05.000000Z"

// AppendJSON appends the row as one JSON object with the column names of the table, in the order of the table; columns
// without a value are left out.
func (e *Event) AppendJSON(b []byte) []byte {
	b = append(b, '{')
	first := true
	for i := range NumColumns {
		c := Column(i)
		if !e.Has(c) {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, '"')
		b = append(b, columns[i].Name...)
		b = append(b, '"', ':')
		b = e.AppendValue(b, c)
	}
	return append(b, '}')
}

// AppendValue appends a column's value as JSON.
func (e *Event) AppendValue(b []byte, c Column) []byte {
	switch columns[c].Kind {
	case Int, Long:
		return strconv.AppendInt(b, e.num[c], 10)
	case Bool:
		return strconv.AppendBool(b, e.num[c] != 0)
	case Timestamp:
		b = append(b, '"')
		b = time.UnixMicro(e.num[c]).UTC().AppendFormat(b, TimeLayout)
		return append(b, '"')
	case Double:
		return strconv.AppendFloat(b, e.GetDouble(c), 'g', -1, 64)
	case StringList:
		b = append(b, '[')
		for i, s := range e.lists[c] {
			if i > 0 {
				b = append(b, ',')
			}
			b = AppendJSONString(b, s)
		}
		return append(b, ']')
	case StringMap:
		b = append(b, '{')
		for i, p := range e.unmapped {
			if i > 0 {
				b = append(b, ',')
			}
			b = AppendJSONString(b, p.Key)
			b = append(b, ':')
			b = AppendJSONString(b, p.Value)
		}
		return append(b, '}')
	default:
		return AppendJSONString(b, e.str[c])
	}
}

const hex = "0123456789abcdef"

// AppendJSONString appends s as a JSON string. Bytes that are not UTF-8 become U+FFFD.
func AppendJSONString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		ch := s[i]
		if ch >= 0x20 && ch != '"' && ch != '\\' && ch < utf8.RuneSelf {
			i++
			continue
		}
		if ch < utf8.RuneSelf {
			b = append(b, s[start:i]...)
			switch ch {
			case '"', '\\':
				b = append(b, '\\', ch)
			case '\n':
				b = append(b, '\\', 'n')
			case '\r':
				b = append(b, '\\', 'r')
			case '\t':
				b = append(b, '\\', 't')
			default:
				b = append(b, '\\', 'u', '0', '0', hex[ch>>4], hex[ch&15])
			}
			i++
			start = i
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			b = append(b, s[start:i]...)
			b = append(b, "\ufffd"...)
			i++
			start = i
			continue
		}
		i += n
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}
