package spool

import (
	"bytes"
	"fmt"
	"testing"

	"kiroku/internal/forward/wire"
)

// BenchmarkQueue is a record's way to the disk and out again. A batch of one is a server with little to say: it is the time of
// forcing to disk.
func BenchmarkQueue(b *testing.B) {
	for _, n := range []int{1, 100, 5000} {
		b.Run(fmt.Sprintf("batch of %d", n), func(b *testing.B) {
			q, err := openQueue(Options{Size: DefaultSize}, b.TempDir(), "siem", 0)
			if err != nil {
				b.Fatal(err)
			}
			all := make([]wire.Record, n)
			for i := range all {
				all[i] = wire.Record{UID: "01a20425-388b-7329-98a9-64ae879e6101", Line: bytes.Repeat([]byte("x"), 400)}
			}
			b.SetBytes(int64(n) * 400)
			b.ReportAllocs()
			seq := int64(0)
			for b.Loop() {
				for i := range all {
					seq++
					all[i].Seq = seq
				}
				if err := q.Append(&wire.BatchHeader{Store: "default", Next: seq}, all, 0); err != nil {
					b.Fatal(err)
				}
				for left := n; left > 0; {
					_, out, err := q.Next(b.Context(), over)
					if err != nil {
						b.Fatal(err)
					}
					left -= len(out)
				}
				q.Confirm(n, Counted{})
				if q.used() > 64<<20 {
					if err := q.Checkpoint(); err != nil {
						b.Fatal(err)
					}
				}
			}
			if err := q.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// BenchmarkOpen is the start of an agent whose spool is full of records.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	q, err := openQueue(Options{Size: DefaultSize}, dir, "siem", 0)
	if err != nil {
		b.Fatal(err)
	}
	all := make([]wire.Record, 1000)
	for i := range all {
		all[i] = wire.Record{Seq: int64(i), UID: "01a20425-388b-7329-98a9-64ae879e6101", Line: bytes.Repeat([]byte("x"), 400)}
	}
	for range 200 {
		if err := q.Append(&wire.BatchHeader{Store: "default", Next: 1}, all, 0); err != nil {
			b.Fatal(err)
		}
	}
	a, upTo := due(b, q)
	if a == nil {
		b.Fatal("the server is to be told nothing")
	}
	q.Told(upTo)
	size := q.used()
	if err := q.Close(); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		q, err := openQueue(Options{Size: DefaultSize}, dir, "siem", 0)
		if err != nil {
			b.Fatal(err)
		}
		if err := q.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
