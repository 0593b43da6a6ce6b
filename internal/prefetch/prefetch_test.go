package prefetch

import (
	"testing"
	"unsafe"
)

// Asking never fails, not even for memory that is nobody's, and leaves everything as it is.
func TestAt(t *testing.T) {
	places := [64]byte{1, 2, 3}
	before := places
	At(unsafe.Pointer(&places), nil)
	At(unsafe.Pointer(&places), []uint32{0, 63, 4096, 1 << 31, 1<<32 - 1})
	At(nil, []uint32{0, 1, 2})
	if places != before {
		t.Errorf("memory changed: %v", places)
	}
}

// BenchmarkAt is the cost of asking for a place that is near already.
func BenchmarkAt(b *testing.B) {
	b.ReportAllocs()
	var place [4096]byte
	offsets := make([]uint32, 64)
	for i := range offsets {
		offsets[i] = uint32(i * 64)
	}
	for b.Loop() {
		At(unsafe.Pointer(&place), offsets)
	}
}
