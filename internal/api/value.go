package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"kiroku/internal/event"
	"kiroku/internal/query"
)

// appendValue appends a value of a SQL result as JSON. Numbers that JSON cannot hold are strings, times are RFC 3339 in
// UTC with microseconds, bytes that are not text are base64.
func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case string:
		return event.AppendJSONString(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case int32:
		return strconv.AppendInt(b, int64(v), 10)
	case float64:
		return appendFloat(b, v)
	case float32:
		return appendFloat(b, float64(v))
	case *big.Int:
		return v.Append(b, 10)
	case time.Time:
		b = append(b, '"')
		return append(v.UTC().AppendFormat(b, event.TimeLayout), '"')
	case []byte:
		if utf8.Valid(v) {
			return event.AppendJSONString(b, string(v))
		}
	case []any:
		return appendList(b, v)
	case map[string]any:
		return appendObject(b, v)
	}
	if j, err := json.Marshal(v); err == nil {
		return append(b, j...)
	}
	return event.AppendJSONString(b, fmt.Sprint(v)) // a map with keys that are not text, a NaN inside a list
}

func appendList(b []byte, list []any) []byte {
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendValue(b, v)
	}
	return append(b, ']')
}

func appendObject(b []byte, object map[string]any) []byte {
	b = append(b, '{')
	first := true
	for _, k := range sortedKeys(object) {
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(event.AppendJSONString(b, k), ':')
		b = appendValue(b, object[k])
	}
	return append(b, '}')
}

func appendFloat(b []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return event.AppendJSONString(b, strconv.FormatFloat(f, 'g', -1, 64))
	}
	return strconv.AppendFloat(b, f, 'g', -1, 64)
}

// cell is a value of a SQL result as text: as it stands in JSON, without the quotes around text; nothing for NULL. Text is
// made harmless to spreadsheets; numbers cannot be formulas.
func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return query.Inert(v)
	case []byte:
		if utf8.Valid(v) {
			return query.Inert(string(v))
		}
	}
	s := string(appendValue(nil, v))
	if strings.HasPrefix(s, `"`) {
		var text string
		if err := json.Unmarshal([]byte(s), &text); err == nil {
			return query.Inert(text)
		}
	}
	return s
}

func sortedKeys(m map[string]any) []string {
	return slices.Sorted(maps.Keys(m))
}
