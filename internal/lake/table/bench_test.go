package table

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"
)

// prepared is a lake with n snapshots, one file each.
func prepared(b *testing.B, n int, summary map[string]string) *lake {
	b.Helper()
	l := newLake(b)
	for i := range n {
		f := l.file(b, day0+Day(i/100), 1000)
		if _, err := l.Append(context.Background(), store, []DataFile{f}, summary); err != nil {
			b.Fatal(err)
		}
	}
	return l
}

// BenchmarkAppend is one publish: a commit of one file with statistics of all columns, syncs included.
func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprintf("snapshots=%d", n), func(b *testing.B) {
			l := prepared(b, n, map[string]string{"kiroku.publish": "0198c2a4-0000-7000-8000-000000000000"})
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				f := l.file(b, day0, 1000)
				b.StartTimer()
				if _, err := l.Append(context.Background(), store, []DataFile{f}, map[string]string{"kiroku.publish": "x"}); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			st, err := l.load(context.Background(), store)
			if err != nil {
				b.Fatal(err)
			}
			info, err := os.Stat(st.location)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(info.Size()), "metadata.json-bytes")
		})
	}
}

// BenchmarkFiles is what a query costs before it starts: with the list in memory, and after a restart.
func BenchmarkFiles(b *testing.B) {
	l := prepared(b, 1000, nil)
	for _, fresh := range []bool{false, true} {
		b.Run(fmt.Sprintf("fresh=%v", fresh), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if fresh {
					b.StopTimer()
					l.reopen(b, l.disk)
					b.StartTimer()
				}
				if _, err := l.Files(context.Background(), store); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkReplace compacts ten files into one in a table of 200.
func BenchmarkReplace(b *testing.B) {
	l := prepared(b, 200, nil)
	for b.Loop() {
		b.StopTimer()
		var small []DataFile
		for range 10 {
			small = append(small, l.file(b, day0, 10))
		}
		l.append(b, small...)
		merged := l.file(b, day0, 100)
		b.StartTimer()
		if _, err := l.Replace(context.Background(), store, pathsOf(small), []DataFile{merged}, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkExpire takes 199 of 200 snapshots away.
func BenchmarkExpire(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		l := prepared(b, 200, nil)
		time.Sleep(5 * time.Millisecond)
		b.StartTimer()
		done, err := l.Expire(context.Background(), store, time.Now(), 1, nil)
		if err != nil || done.Snapshots != 199 {
			b.Fatal(done.Snapshots, err)
		}
	}
}
