package digest_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"kiroku/internal/cloudtrail/digest"
)

// BenchmarkVerify verifies a chain of 500 digests, half of them with a small log file.
func BenchmarkVerify(b *testing.B) {
	bucket := bucket{}
	m := newMaker(b, bucket)
	m.hours(first, 500)
	days := dayIndex(bucket)
	b.ReportAllocs()
	for b.Loop() {
		sum, err := digest.Verify(b.Context(), days, oneKey{}, digest.Options{}, &collector{})
		if err != nil || sum.Digests.Valid != 500 {
			b.Fatal(sum, err)
		}
	}
	b.ReportMetric(float64(b.N*500)/b.Elapsed().Seconds(), "digests/s")
}

// indexed is a bucket that lists as fast as a real one.
type indexed struct {
	bucket
	keys map[string][]string
}

func dayIndex(b bucket) indexed {
	keys := map[string][]string{}
	for key := range b {
		prefix := key[:strings.LastIndexByte(key, '/')+1]
		keys[prefix] = append(keys[prefix], key)
	}
	for _, list := range keys {
		slices.Sort(list)
	}
	return indexed{b, keys}
}

func (i indexed) Keys(_ context.Context, prefix string) ([]string, error) { return i.keys[prefix], nil }
