package search_test

import (
	"math"
	"testing"

	"kiroku/internal/event"
	"kiroku/internal/search"
)

// The ends of 64 bits are numbers like any others.
func TestLargestNumbers(t *testing.T) {
	for _, tt := range []struct {
		query    string
		low, top bool // found when the number is the lowest, the highest of 64 bits
	}{
		{"bytes_in:9223372036854775807", false, true},
		{"bytes_in:-9223372036854775808", true, false},
		{"bytes_in:>9223372036854775806", false, true},
		{"bytes_in:>9223372036854775807", false, false},
		{"bytes_in:>=9223372036854775807", false, true},
		{"bytes_in:>9223372036854775807.5", false, false},
		{"bytes_in:<9223372036854775807.5", true, true},
		{"bytes_in:>9223372036854775808", false, false},
		{"bytes_in:<9223372036854775808", true, true},
		{"bytes_in:<-9223372036854775808", false, false},
		{"bytes_in:<=-9223372036854775808", true, false},
		{"bytes_in:>-9223372036854775809", true, true},
		{"bytes_in:<-99999999999999999999", false, false},
		{"bytes_in:[-99999999999999999999 TO 99999999999999999999]", true, true},
		{"bytes_in:4611686018427387904", false, false},
		{"bytes_in:>4611686018427387904", false, true},
	} {
		q, err := search.Parse(tt.query)
		if err != nil {
			t.Fatal(err)
		}
		p, err := search.Compile(q, search.NewFields())
		if err != nil {
			t.Fatal(err)
		}
		for n, want := range map[int64]bool{math.MinInt64: tt.low, math.MaxInt64: tt.top} {
			var e event.Event
			e.Int(event.ColBytesIn, "", n)
			if p.MatchEvent(&e) != want {
				t.Errorf("%s finds %d: %v, want %v", tt.query, n, !want, want)
			}
		}
	}
}
