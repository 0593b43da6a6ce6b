package query

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"time"
	"unicode/utf8"

	"kiroku/internal/engine"
	"kiroku/internal/event"
)

// AppendSQLValue appends a value of engine.Rows as JSON on one line. Numbers that JSON cannot hold are strings, times
// are RFC 3339 in UTC with microseconds, those without zone have no Z, bytes that are not text are base64; <, > and & stand as they are.
func AppendSQLValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case string:
		return event.AppendJSONString(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case uint64:
		return strconv.AppendUint(b, v, 10)
	case float64:
		return appendFloat(b, v)
	case *big.Int:
		return v.Append(b, 10)
	case json.Number:
		return append(b, v...)
	case time.Time:
		b = v.UTC().AppendFormat(append(b, '"'), event.TimeLayout)
		if v.Location() == engine.Zoneless {
			b = b[:len(b)-1] // the Z
		}
		return append(b, '"')
	case []byte:
		if utf8.Valid(v) {
			return event.AppendJSONString(b, string(v))
		}
		return append(base64.StdEncoding.AppendEncode(append(b, '"'), v), '"')
	case json.RawMessage:
		return appendJSON(b, v)
	case []any:
		return appendSQLList(b, v)
	case engine.Object:
		return appendObject(b, v)
	}
	return event.AppendJSONString(b, fmt.Sprint(v))
}

// appendJSON takes the line breaks out of a value that is JSON already.
func appendJSON(b []byte, v json.RawMessage) []byte {
	out := bytes.NewBuffer(b)
	if err := json.Compact(out, v); err != nil { // the engine's own JSON type holds other text too
		return event.AppendJSONString(b, string(v))
	}
	return out.Bytes()
}

// appendSQLList appends the values of a list, or of a row.
func appendSQLList(b []byte, list []any) []byte {
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = AppendSQLValue(b, v)
	}
	return append(b, ']')
}

func appendObject(b []byte, o engine.Object) []byte {
	b = append(b, '{')
	for i, f := range o {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(event.AppendJSONString(b, f.Name), ':')
		b = AppendSQLValue(b, f.Value)
	}
	return append(b, '}')
}

func appendFloat(b []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return event.AppendJSONString(b, strconv.FormatFloat(f, 'g', -1, 64))
	}
	return strconv.AppendFloat(b, f, 'g', -1, 64)
}
