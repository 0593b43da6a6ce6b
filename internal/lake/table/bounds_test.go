package table

import (
	"bytes"
	"math"
	"testing"
	"unicode/utf8"

	"github.com/apache/iceberg-go"

	"kiroku/internal/event"
)

// The library must read every bound as the value that was written.
func TestBoundsReadBack(t *testing.T) {
	for _, tc := range []struct {
		column event.Column
		value  any
		want   string
	}{
		{event.ColClassUID, int64(-5), "-5"},
		{event.ColSeq, int64(math.MinInt64), "-9223372036854775808"},
		{event.ColTime, int64(1_000_000), "1970-01-01 00:00:01.000000"},
		{event.ColIsMFA, int64(1), "true"},
		{event.ColSrcLat, -0.5, "-0.5"},
		{event.ColSource, "généric", "généric"},
	} {
		raw, err := encodeBound(tc.column.Info(), tc.value, false)
		if err != nil {
			t.Errorf("%s: %v", tc.column, err)
			continue
		}
		lit, err := iceberg.LiteralFromBytes(icebergType(tc.column.Info()), raw)
		if err != nil {
			t.Errorf("%s: %v", tc.column, err)
			continue
		}
		if got := lit.String(); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.column, got, tc.want)
		}
	}
	for _, none := range []any{nil, math.NaN()} {
		if raw, err := encodeBound(event.ColSrcLat.Info(), none, true); raw != nil || err != nil {
			t.Errorf("bound of %v: %x, %v", none, raw, err)
		}
	}
	if _, err := encodeBound(event.ColTags.Info(), "x", true); err == nil {
		t.Error("a list got a bound")
	}
}

func TestTextBound(t *testing.T) {
	for _, tc := range []struct{ in, lower, upper string }{
		{"", "", ""},
		{"0123456789abcdef", "0123456789abcdef", "0123456789abcdef"},
		{"0123456789abcdefg", "0123456789abcdef", "0123456789abcdeg"},
		{"記録記録記録記録記録記録記録記録記", "記録記録記録記録記録記録記録記録", "記録記録記録記録記録記録記録記錳"},
		{"0123456789abcde\U0010ffffx", "0123456789abcde\U0010ffff", "0123456789abcdf"},
		{"0123456789abcde\ud7ffx", "0123456789abcde\ud7ff", "0123456789abcde\ue000"},
	} {
		if got := string(textBound(tc.in, false)); got != tc.lower {
			t.Errorf("lower bound of %q is %q, want %q", tc.in, got, tc.lower)
		}
		if got := string(textBound(tc.in, true)); got != tc.upper {
			t.Errorf("upper bound of %q is %q, want %q", tc.in, got, tc.upper)
		}
	}
	highest := string(bytes.Repeat([]byte("\U0010ffff"), boundRunes+1))
	if got := textBound(highest, true); got != nil {
		t.Errorf("upper bound of the highest text is %q", got)
	}
}

// Property: lower <= text <= upper in the order of bytes, both are UTF-8 of at most boundRunes runes.
func FuzzTextBound(f *testing.F) {
	for _, s := range []string{"", "short", "exactly16letters", "more than sixteen letters", "記録記録記録記録記録記録記録記録記録", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		lower, upper := textBound(s, false), textBound(s, true)
		if !utf8.ValidString(s) {
			if lower != nil || upper != nil {
				t.Fatalf("%q is no text, and has bounds %q, %q", s, lower, upper)
			}
			return
		}
		if bytes.Compare(lower, []byte(s)) > 0 || (upper != nil && bytes.Compare(upper, []byte(s)) < 0) {
			t.Fatalf("%q is not between %q and %q", s, lower, upper)
		}
		for _, b := range [][]byte{lower, upper} {
			if !utf8.Valid(b) || utf8.RuneCount(b) > boundRunes {
				t.Fatalf("bound of %q is %q", s, b)
			}
		}
	})
}
