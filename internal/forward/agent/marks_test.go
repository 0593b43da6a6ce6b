package agent

import (
	"maps"
	"testing"

	"kiroku/internal/forward/wire"
)

// FuzzMarks gives batches and confirms records in any order of these: positions are those of the confirmed prefix, of each
// store, and nothing else.
func FuzzMarks(f *testing.F) {
	f.Add([]byte{5, 0, 3, 0x82, 0x81, 0, 0x87})
	f.Add([]byte{0x47, 0x13, 0x81, 0x25, 0x90, 0xff})
	f.Fuzz(func(t *testing.T, ops []byte) {
		m := newMarks("siem")
		type sent struct {
			store string
			seq   int64
			what  fate
		}
		type end struct {
			store string
			next  int64
			upTo  int // of all
		}
		var all []sent
		var ends []end
		var open []int // of all, those that were sent and not confirmed
		seqs := map[string]int64{}
		told := wire.Positions{}
		var records, skipped int64
		for _, op := range ops {
			if op&0x80 == 0 { // a batch
				store := string('a' + rune(op>>6&1))
				var batch []wire.Record
				had := map[string]bool{}
				for i := range int(op & 7) {
					seqs[store] += int64(op>>3&3) + 1
					uid := store + string(rune(seqs[store]))
					batch = append(batch, wire.Record{Seq: seqs[store], UID: uid})
					what := toSend
					if op>>5&1 == 1 && i%2 == 0 {
						what, had[uid] = left, true
					} else {
						open = append(open, len(all))
					}
					all = append(all, sent{store, seqs[store], what})
				}
				seqs[store]++
				ends = append(ends, end{store, seqs[store], len(all)})
				m.add(wire.BatchHeader{Store: store, Next: seqs[store]}, batch, func(uid string) bool { return had[uid] })
			} else { // confirm
				n := min(int(op&0x7f), len(open))
				m.confirmed(n)
				open = open[n:]
			}
			if a, _ := m.take(); a != nil {
				maps.Copy(told, a.Positions)
				records += a.Records
				skipped += a.Skipped
			}
			upTo := len(all)
			if len(open) > 0 {
				upTo = open[0]
			}
			want := wire.Positions{}
			var wantRecords, wantSkipped int64
			for _, s := range all[:upTo] {
				want[s.store] = s.seq
				if s.what == left {
					wantSkipped++
				} else {
					wantRecords++
				}
			}
			for _, e := range ends {
				if e.upTo <= upTo && (len(open) == 0 || e.upTo <= open[0]) {
					want[e.store] = max(want[e.store], e.next)
				}
			}
			if !maps.Equal(want, told) || records != wantRecords || skipped != wantSkipped {
				t.Fatalf("told %v, %d records, %d left out; want %v, %d, %d", told, records, skipped, want, wantRecords, wantSkipped)
			}
		}
	})
}

func BenchmarkMarks(b *testing.B) {
	records := make([]wire.Record, 1000)
	for i := range records {
		records[i] = wire.Record{Seq: int64(i + 1), UID: "01a20425-388b-7329-98a9-64ae879e6101"}
	}
	b.ReportAllocs()
	for b.Loop() {
		m := newMarks("siem")
		m.add(wire.BatchHeader{Store: "default", Next: 1000}, records, nil)
		for range 10 {
			m.confirmed(100)
		}
	}
}
