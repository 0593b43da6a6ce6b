package trino

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"kiroku/internal/engine"
)

func TestAppendCell(t *testing.T) {
	at := time.Date(2023, 1, 22, 16, 53, 53, 7_000_000, time.UTC)
	row := &Type{Kind: Row, Fields: []RowField{{"a", typeVarchar}, {"", typeTimestamp}}}
	for _, c := range []struct {
		typ  *Type
		v    any
		want string
	}{
		{typeVarchar, nil, NullCell},
		{typeVarchar, "x | y", "x | y"},
		{typeBigint, int64(-12), "-12"},
		{typeBoolean, true, "true"},
		{decimalOf(5, 2), json.Number("1.50"), "1.50"},
		{typeTimestamp, at, "2023-01-22 16:53:53.007"},
		{typeInstant, at, "2023-01-22 16:53:53.007 UTC"},
		{&Type{Kind: TimestampTZ, Zone: "Asia/Tokyo"}, at, "2023-01-23 01:53:53.007 Asia/Tokyo"},
		{&Type{Kind: TimestampTZ, Zone: "-03:30"}, at, "2023-01-22 13:23:53.007 -03:30"},
		{typeDate, "2023-01-22", "2023-01-22"},
		{typeTime, "16:53:53", "16:53:53.000"},
		{typeDouble, 1.0, "1.0"},
		{typeDouble, 0.001, "0.001"},
		{typeDouble, 0.00012, "1.2E-4"},
		{typeDouble, 1e7, "1.0E7"},
		{typeDouble, -12345678.5, "-1.23456785E7"},
		{typeDouble, 0.0, "0.0"},
		{typeDouble, math.Inf(1), "+Inf"},
		{typeDouble, "NaN", "NaN"},
		{typeVarbinary, []byte{1, 0xab}, "01 ab"},
		{typeJSON, `{"a":null}`, `{"a":null}`},
		{typeInterval, "P1DT2H3M4.5S", "1 02:03:04.500"},
		{typeInterval, "PT-1M", "-0 00:01:00.000"},
		{typeMonths, "P1Y2M", "1-2"},
		{arrayOf(typeVarchar), []any{"a", nil, ""}, "[a, null, ]"},
		{mapOf(typeVarchar, typeBigint), engine.Object{{Name: "k", Value: int64(1)}, {Name: "n", Value: nil}}, "{k=1, n=null}"},
		{row, engine.Object{{Name: "a", Value: "x"}, {Name: "field 1", Value: at}}, "{a=x, field1=2023-01-22 16:53:53.007}"},
		{arrayOf(row), []any{}, "[]"},
	} {
		if got := string(AppendCell(nil, c.typ, c.v)); got != c.want {
			t.Errorf("%v as %s: %q, want %q", c.v, c.typ, got, c.want)
		}
	}
}

func TestParseTime(t *testing.T) {
	for text, want := range map[string]string{
		"2023-01-31":                     "2023-01-31T00:00:00Z ",
		"2023-01-31 23:59:59":            "2023-01-31T23:59:59Z ",
		"2023-01-31 23:59:59.123":        "2023-01-31T23:59:59.123Z ",
		"2023-01-31T23:59:59Z":           "2023-01-31T23:59:59Z UTC",
		"2023-01-31 23:59":               "2023-01-31T23:59:00Z ",
		"2023-01-31T23:59:59.5+09:00":    "2023-01-31T14:59:59.5Z +09:00",
		"2023-01-31 23:59:59 UTC":        "2023-01-31T23:59:59Z UTC",
		"2023-07-31 12:00:00 Asia/Tokyo": "2023-07-31T03:00:00Z Asia/Tokyo",
		" 2023-1-2 ":                     "2023-01-02T00:00:00Z ",
	} {
		at, zone, ok := parseTime(text)
		if got := at.Format(time.RFC3339Nano) + " " + zone; !ok || got != want {
			t.Errorf("%q: %s, %v; want %s", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "now", "2023-02-30", "2023-01-31 25:00:00", "12:00", "2023-01-31 10:00:00 Nowhere/City", "0000-01-01"} {
		if at, _, ok := parseTime(text); ok {
			t.Errorf("%q is %v", text, at)
		}
	}
}
