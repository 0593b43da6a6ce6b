package trino

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"kiroku/internal/engine"
)

// NullCell is how a cell without a value is written. CloudTrail Lake does not say; clients demand text, and leaving the
// cell out would change the number of columns.
const NullCell = ""

// timeLayout is how timestamps are written.
const timeLayout = "2006-01-02 15:04:05.000"

// AppendCell appends a value of a result as CloudTrail Lake writes it, in GetQueryResults and in delivered CSV files alike.
// v is what engine.Rows.Values holds for a column of type t.
//
// Text and JSON stand as they are, numbers in decimals, booleans as true and false, times as 2006-01-02 15:04:05.000,
// arrays as [a, b], maps and rows as {key=value}, bytes as pairs of hexadecimal digits.
func AppendCell(dst []byte, t *Type, v any) []byte {
	if v == nil {
		return append(dst, NullCell...)
	}
	return appendValue(dst, t, v)
}

func appendValue(dst []byte, t *Type, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case string:
		return appendText(dst, t, v)
	case bool:
		return strconv.AppendBool(dst, v)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case float64:
		return appendDouble(dst, v, t.Kind == Real)
	case json.Number:
		return append(dst, v...)
	case json.RawMessage:
		return append(dst, v...)
	case time.Time:
		return appendTime(dst, t, v)
	case []byte:
		for i, c := range v {
			if i > 0 {
				dst = append(dst, ' ')
			}
			dst = fmt.Appendf(dst, "%02x", c)
		}
		return dst
	case []any:
		return appendList(dst, t, v)
	case engine.Object:
		return appendObject(dst, t, v)
	}
	return fmt.Append(dst, v)
}

func appendText(dst []byte, t *Type, v string) []byte {
	switch t.Kind {
	case IntervalDay, IntervalYear:
		return appendInterval(dst, t, v)
	case Time:
		if !strings.Contains(v, ".") {
			v += ".000"
		}
	}
	return append(dst, v...)
}

func appendTime(dst []byte, t *Type, v time.Time) []byte {
	if t.Kind != TimestampTZ {
		return v.UTC().AppendFormat(dst, timeLayout)
	}
	location := time.UTC
	if seconds, ok := offsetSeconds(t.Zone); ok {
		location = time.FixedZone(t.Zone, seconds)
	} else if loc, err := time.LoadLocation(t.Zone); err == nil {
		location = loc
	}
	dst = v.In(location).AppendFormat(dst, timeLayout)
	dst = append(dst, ' ')
	return append(dst, t.Zone...)
}

// appendDouble writes a double as Java does: with a point always, and with an exponent below 0.001 and from 10 million on.
func appendDouble(dst []byte, f float64, single bool) []byte {
	bits := 64
	if single {
		bits = 32
	}
	if a := math.Abs(f); a != 0 && (a < 1e-3 || a >= 1e7) && !math.IsInf(f, 0) && !math.IsNaN(f) {
		mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, bits), "e")
		if !strings.Contains(mantissa, ".") {
			mantissa += ".0"
		}
		n, err := strconv.Atoi(exponent)
		if err != nil {
			panic("BUG: exponent of a number")
		}
		return fmt.Appendf(dst, "%sE%d", mantissa, n)
	}
	text := strconv.FormatFloat(f, 'f', -1, bits)
	dst = append(dst, text...)
	if !strings.ContainsAny(text, ".IN") {
		dst = append(dst, ".0"...)
	}
	return dst
}

func appendList(dst []byte, t *Type, list []any) []byte {
	elem := typeVarchar
	if t.Elem != nil {
		elem = t.Elem
	}
	dst = append(dst, '[')
	for i, e := range list {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = appendValue(dst, elem, e)
	}
	return append(dst, ']')
}

func appendObject(dst []byte, t *Type, o engine.Object) []byte {
	dst = append(dst, '{')
	for i, f := range o {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		name, typ := f.Name, typeVarchar
		switch {
		case t.Kind == Row && i < len(t.Fields):
			name, typ = t.Fields[i].Name, t.Fields[i].Type
			if name == "" {
				name = "field" + strconv.Itoa(i)
			}
		case t.Elem != nil:
			typ = t.Elem
		}
		dst = append(append(dst, name...), '=')
		dst = appendValue(dst, typ, f.Value)
	}
	return append(dst, '}')
}

// appendInterval turns the engine's ISO 8601 duration into "days hours:minutes:seconds", or years-months.
func appendInterval(dst []byte, t *Type, iso string) []byte {
	var months, days int64
	var millis int64
	number, clock := "", false
	for _, c := range strings.TrimPrefix(iso, "P") {
		if c == '-' || c == '.' || '0' <= c && c <= '9' {
			number += string(c)
			continue
		}
		n, err := strconv.ParseFloat(number, 64)
		number = ""
		switch {
		case c == 'T':
			clock = true
		case err != nil:
			return append(dst, iso...)
		case c == 'Y':
			months += int64(n) * 12
		case c == 'M' && !clock:
			months += int64(n)
		case c == 'D':
			days += int64(n)
		case c == 'H':
			millis += int64(n) * 3600_000
		case c == 'M':
			millis += int64(n) * 60_000
		case c == 'S':
			millis += int64(math.Round(n * 1000))
		}
	}
	sign := ""
	if t.Kind == IntervalYear {
		if months < 0 {
			sign, months = "-", -months
		}
		return fmt.Appendf(dst, "%s%d-%d", sign, months/12, months%12)
	}
	millis += days * 86_400_000
	if millis < 0 {
		sign, millis = "-", -millis
	}
	return fmt.Appendf(dst, "%s%d %02d:%02d:%02d.%03d", sign, millis/86_400_000, millis/3600_000%24, millis/60_000%60, millis/1000%60, millis%1000)
}
