package table

import (
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf8"

	"kiroku/internal/event"
)

// boundRunes is how much of a text bound is stored, as Iceberg's metrics mode truncate(16) does.
const boundRunes = 16

// encodeBound writes a bound in Iceberg's single-value form (Iceberg spec, appendix D). It returns nil where there is no
// bound to give.
func encodeBound(info *event.Info, v any, upper bool) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case int64:
		switch info.Kind {
		case event.Int:
			return binary.LittleEndian.AppendUint32(nil, uint32(int32(v))), nil
		case event.Long, event.Timestamp:
			return binary.LittleEndian.AppendUint64(nil, uint64(v)), nil
		case event.Bool:
			return []byte{byte(v & 1)}, nil
		}
	case float64:
		if info.Kind == event.Double {
			if math.IsNaN(v) {
				return nil, nil
			}
			return binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)), nil
		}
	case string:
		if info.Kind == event.String {
			return textBound(v, upper), nil
		}
	}
	return nil, fmt.Errorf("bound of column %q: a %s column has no bound of type %T", info.Name, info.Kind, v)
}

// textBound cuts a text to boundRunes. The result is at most v for a lower bound and at least v for an upper one, in the
// order of UTF-8 bytes; nil when there is no such text.
func textBound(v string, upper bool) []byte {
	if !utf8.ValidString(v) {
		return nil
	}
	end, n := 0, 0
	for i := range v {
		if n == boundRunes {
			end = i
			break
		}
		n++
		end = len(v)
	}
	if end == len(v) {
		return []byte(v)
	}
	if !upper {
		return []byte(v[:end])
	}
	return increment(v[:end])
}

// increment is the smallest text of at most as many runes that is greater than every text that begins with v; nil when
// there is none.
func increment(v string) []byte {
	for len(v) > 0 {
		r, size := utf8.DecodeLastRuneInString(v)
		v = v[:len(v)-size]
		r++
		if r == 0xD800 { // surrogates are no characters
			r = 0xE000
		}
		if r <= utf8.MaxRune {
			return utf8.AppendRune([]byte(v), r)
		}
	}
	return nil
}

// decodeLong reads a bound of a Long or Timestamp column.
func decodeLong(b []byte) (int64, bool) {
	if len(b) != 8 {
		return 0, false
	}
	return int64(binary.LittleEndian.Uint64(b)), true
}
