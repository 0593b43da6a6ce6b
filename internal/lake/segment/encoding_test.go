package segment

import (
	"encoding/binary"
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

// packed is one bit-packed run of the RLE hybrid, least significant bit first.
func packed(vals []uint32, width int) []byte {
	groups := (len(vals) + 7) / 8
	run := make([]byte, groups*width)
	for i, v := range vals {
		for k := range width {
			at := i*width + k
			run[at/8] |= byte(v>>k&1) << (at % 8)
		}
	}
	return append(binary.AppendUvarint(nil, uint64(groups)<<1|1), run...)
}

// Codes come back whatever the dictionary's size was when they were added, and with the codes that they were changed to.
func TestCodeList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l codeList
		l.reset()
		entries := 1
		var want []uint32
		for range rapid.IntRange(1, 5).Draw(t, "chunks") {
			entries = min(entries*rapid.SampledFrom([]int{1, 2, 255, 256, 257}).Draw(t, "factor"), 1<<26)
			codes := rapid.SliceOfN(rapid.Uint32Max(uint32(entries-1)), 0, 40).Draw(t, "codes")
			l.push(codes, entries)
			want = append(want, codes...)
		}
		check := func() {
			page := l.appendTo(nil, entries)
			got, err := codes(nil, page, len(want), entries)
			if err != nil || !slices.Equal(got, want) {
				t.Fatalf("%v, got %v want %v", err, got, want)
			}
		}
		if len(want) == 0 {
			return
		}
		check()
		greatest := slices.Max(want)
		for i, c := range want {
			if l.at(i) != c {
				t.Fatalf("at(%d) = %d, want %d", i, l.at(i), c)
			}
			want[i] = greatest - c
			l.set(i, want[i])
		}
		check()
	})
}

func TestHybridRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 32).Draw(t, "width")
		vals := rapid.SliceOfN(rapid.Uint32Max(uint32(1<<width-1)), 1, 300).Draw(t, "vals")
		enc := packed(vals, width)
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
