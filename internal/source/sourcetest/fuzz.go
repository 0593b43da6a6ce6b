package sourcetest

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"kiroku/internal/event"
	"kiroku/internal/source"
)

// Fuzz feeds any bytes to a source. Property: mapping does not crash, does not change the record, and is deterministic:
// two events, one of them used before, get the same columns; without an error they have a class, a severity and a time.
func Fuzz(f *testing.F, s source.Source) {
	cases, err := filepath.Glob("testdata/*/in.log")
	if err != nil {
		f.Fatal(err)
	}
	for _, in := range cases {
		data, err := os.ReadFile(in)
		if err != nil {
			f.Fatal(err)
		}
		for _, line := range Lines(data) {
			f.Add(line)
		}
	}
	used := new(event.Event)
	f.Fuzz(func(t *testing.T, data []byte) {
		rec := Record(bytes.Clone(data))
		if s.Recognise != nil {
			s.Recognise(rec)
		}
		fresh := new(event.Event)
		used.Reset()
		err1, err2 := s.Map(rec, fresh), s.Map(rec, used)
		if (err1 == nil) != (err2 == nil) {
			t.Fatalf("two answers: %v, %v", err1, err2)
		}
		if !bytes.Equal(rec.Data, data) {
			t.Fatal("mapping changed the record")
		}
		if err1 != nil {
			return
		}
		if a, b := fresh.AppendJSON(nil), used.AppendJSON(nil); !bytes.Equal(a, b) {
			t.Fatalf("two events:\n%s\n%s", a, b)
		}
		for _, c := range []event.Column{event.ColClassUID, event.ColTypeUID, event.ColSeverityID, event.ColTime} {
			if !fresh.Has(c) {
				t.Fatalf("%s is missing", c)
			}
		}
		if s.Attributes != nil {
			if _, err := s.Attributes(rec); err != nil {
				t.Fatalf("an event but no attributes: %v", err)
			}
		}
	})
}

// Bench measures mapping of lines, in turn, into one event.
func Bench(b *testing.B, s source.Source, lines [][]byte) {
	records := make([]*event.Record, len(lines))
	size := 0
	for i, line := range lines {
		records[i] = Record(line)
		size += len(line)
	}
	b.SetBytes(int64(size / len(lines)))
	b.ReportAllocs()
	e := new(event.Event)
	for i := 0; b.Loop(); i++ {
		e.Reset()
		if err := s.Map(records[i%len(records)], e); err != nil {
			b.Fatal(err)
		}
	}
}

// NoAllocations checks that mapping a line into an event that is used again allocates nothing.
func NoAllocations(t *testing.T, s source.Source, lines [][]byte) {
	t.Helper()
	e := new(event.Event)
	for _, line := range lines {
		rec := Record(line)
		if a := testing.AllocsPerRun(50, func() {
			e.Reset()
			if err := s.Map(rec, e); err != nil {
				t.Fatal(err)
			}
		}); a != 0 {
			t.Errorf("%v allocations for %s", a, line)
		}
	}
}
