package wire

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func batch(t testing.TB, h BatchHeader, records []Record) []byte {
	t.Helper()
	h.Records = len(records)
	b, err := AppendHeader(nil, &h)
	if err != nil {
		t.Fatal(err)
	}
	for i := range records {
		b = AppendRecord(b, &records[i])
	}
	return b
}

func TestCount(t *testing.T) {
	for n, want := range map[int64]string{0: "0 records", 1: "1 record", 2: "2 records"} {
		if got := Count(n, "record"); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestBatch(t *testing.T) {
	want := []Record{
		{Seq: 1, Time: 1738633915000000, UID: "105693141_20893", Line: []byte("CEF:0|MCAS")},
		{Seq: 7, Time: -1, UID: "", Line: []byte{}},
		{Seq: 8, UID: "long", Line: bytes.Repeat([]byte("x"), 200<<10)},
	}
	b := batch(t, BatchHeader{Store: "default", Next: 9, More: true, ETag: "e"}, want)
	h, got, err := ReadBatch(iotestHalf(b))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(BatchHeader{Store: "default", Next: 9, Records: 3, More: true, ETag: "e"}, h); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// iotestHalf reads in pieces that end within numbers.
func iotestHalf(b []byte) io.Reader {
	return io.MultiReader(bytes.NewReader(b[:len(b)/2]), bytes.NewReader(b[len(b)/2:]))
}

// An answer that was cut off is never taken for a shorter one.
func TestBatchCutOff(t *testing.T) {
	b := batch(t, BatchHeader{Next: 2}, []Record{{Seq: 1, UID: "a", Line: []byte("one")}, {Seq: 2, UID: "b", Line: []byte("two")}})
	for n := range b {
		if _, _, err := ReadBatch(bytes.NewReader(b[:n])); err == nil {
			t.Errorf("the first %d of %d bytes are taken for a batch", n, len(b))
		}
	}
	if _, _, err := ReadBatch(strings.NewReader(string(b) + "x")); err == nil {
		t.Error("a byte behind the batch is passed over")
	}
}

func FuzzReadBatch(f *testing.F) {
	f.Add(batch(f, BatchHeader{Store: "default", Next: 2}, []Record{{Seq: 1, Time: 2, UID: "a", Line: []byte("one")}}))
	f.Add([]byte("{\"records\":1}\n\x02\x02\xff\xff\xff\xff\x0f"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, records, err := ReadBatch(bytes.NewReader(b))
		if err != nil {
			return
		}
		again, same, err := ReadBatch(bytes.NewReader(batch(t, h, records)))
		if err != nil || !cmp.Equal(h, again) || !cmp.Equal(records, same) {
			t.Errorf("what was read is not read again: %v, %v", again, err)
		}
	})
}

func TestExplanations(t *testing.T) {
	seen := map[Code]bool{}
	for _, e := range Explanations() {
		if seen[e.Code] || e.Title == "" || !strings.HasSuffix(e.Cause, ".") || !strings.HasSuffix(e.Remedy, ".") {
			t.Errorf("%s: it stands twice, or is not explained in full sentences", e.Code)
		}
		seen[e.Code] = true
	}
	if e := Explain("from_the_future"); e.Title != "from_the_future" || e.Remedy == "" {
		t.Errorf("an unknown code is explained as %+v", e)
	}
}

func BenchmarkReadBatch(b *testing.B) {
	records := make([]Record, 1000)
	for i := range records {
		records[i] = Record{Seq: int64(i), UID: "105693141_20893_0c180415-c5f1-4cf2-226a-08dd44be8110", Line: bytes.Repeat([]byte("x"), 600)}
	}
	in := batch(b, BatchHeader{}, records)
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := ReadBatch(bytes.NewReader(in)); err != nil {
			b.Fatal(err)
		}
	}
}
