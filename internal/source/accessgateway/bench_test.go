package accessgateway_test

import (
	"testing"
	"time"

	"kiroku/internal/source/accessgateway"
	"kiroku/internal/source/sourcetest"
)

// BenchmarkMap measures the mixture of the vendor's pages.
func BenchmarkMap(b *testing.B) { sourcetest.Bench(b, accessgateway.Source, seedLines(b)) }

// BenchmarkMapAuthz measures the line that every request through the gateway causes, about 1.5 KB.
func BenchmarkMapAuthz(b *testing.B) { sourcetest.Bench(b, accessgateway.Source, seedLines(b)[44:45]) }

func BenchmarkParseAuthz(b *testing.B) {
	line := seedLines(b)[44]
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		accessgateway.Parse(line, time.Time{}, time.UTC)
	}
}

// BenchmarkRecognise measures what a line of another product costs.
func BenchmarkRecognise(b *testing.B) {
	rec := record(`<134>1 2026-07-01T12:00:00Z host app 1 - - kernel: eth0: link becomes ready, carrier acquired at 1000 Mbit/s`)
	b.ReportAllocs()
	for b.Loop() {
		if accessgateway.Source.Recognise(rec) {
			b.Fatal("recognised")
		}
	}
}
