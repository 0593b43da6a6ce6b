package segment

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestDeltaRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		vals := rapid.SliceOfN(rapid.Int64(), 0, 400).Draw(t, "vals")
		enc := appendDelta(nil, vals)
		got, rest, err := decodeDelta(nil, append(enc, 7, 7), len(vals))
		if err != nil || len(rest) != 2 || !slices.Equal(got, vals) {
			t.Fatalf("decode: %v, rest %d, got %v want %v", err, len(rest), got, vals)
		}
	})
}

func TestHybridRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 32).Draw(t, "width")
		vals := rapid.SliceOfN(rapid.Uint32Max(uint32(1<<width-1)), 1, 300).Draw(t, "vals")
		enc := appendBitPacked(nil, vals, width)
		got, err := decodeHybrid(nil, enc, width, len(vals))
		if err != nil || !slices.Equal(got, vals) {
			t.Fatalf("packed: %v, got %v want %v", err, got, vals)
		}
		enc = appendRun(nil, vals[0], len(vals), width)
		got, err = decodeHybrid(nil, enc, width, len(vals))
		if err != nil || len(got) != len(vals) || got[0] != vals[0] {
			t.Fatalf("run: %v, got %v", err, got)
		}
	})
}
