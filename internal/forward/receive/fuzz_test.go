package receive

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"testing"
)

// stored is a receiver's stream over bytes.
func streamOf(in []byte, size int, handle func(*Record) error) *stream {
	r := &Receiver{o: Options{MaxBytes: 1 << 16, Handle: handle}}
	return &stream{r: r, in: bufio.NewReaderSize(bytes.NewReader(in), size)}
}

func framesOf(in []byte, size int) (framing string, lines []string, err error) {
	s := streamOf(in, size, nil)
	if framing, err = s.guess(); err != nil {
		return framing, nil, err
	}
	for {
		line, err := s.frame(framing)
		if err != nil {
			return framing, lines, err
		}
		lines = append(lines, string(line))
	}
}

// What was framed is read as it was; how a stream is cut into reads changes nothing; no more comes out than went in.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("<109>one\ntwo\n"), uint8(0))
	f.Add([]byte("8 <109>one3 two"), uint8(1))
	f.Add([]byte("one\x00two\x00"), uint8(2))
	f.Fuzz(func(t *testing.T, in []byte, _ uint8) {
		framing, lines, err := framesOf(in, 4096)
		total := 0
		for _, line := range lines {
			total += len(line)
		}
		if total > len(in) {
			t.Fatalf("%d bytes come out of %d", total, len(in))
		}
		if err == nil {
			t.Fatal("there is no end")
		}
		if framing != "octet" || !errors.Is(err, io.EOF) {
			return
		}
		var again []byte
		for _, line := range lines {
			again = append(append(strconv.AppendInt(again, int64(len(line)), 10), ' '), line...)
		}
		_, same, _ := framesOf(again, 64)
		if len(same) != len(lines) {
			t.Fatalf("%q is read again as %q", lines, same)
		}
		for i := range same {
			if same[i] != lines[i] {
				t.Fatalf("%q is read again as %q", lines[i], same[i])
			}
		}
	})
}

// A command that is read is within its limits.
func FuzzCommand(f *testing.F) {
	f.Add([]byte("1 open 0\n2 syslog 3 one\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		s := streamOf(in, 4096, nil)
		for read := 0; ; {
			_, command, data, err := s.command()
			if err != nil {
				return
			}
			if read += len(command) + len(data); read > len(in) || len(command) > 32 {
				t.Fatalf("%d bytes come out of %d", read, len(in))
			}
		}
	})
}

// Bodies are taken apart without a record that was not in them.
func FuzzSplit(f *testing.F) {
	for _, form := range []string{"lines", "array", "splunk-hec", "elastic"} {
		f.Add(form, []byte(`{"create":{"_id":"a"}}`+"\n{}\n"))
		f.Add(form, []byte(`[{"event":"x"}]`))
	}
	f.Fuzz(func(t *testing.T, form string, body []byte) {
		recs, err := split(form, body)
		if err != nil && recs != nil {
			t.Fatal("records beside an error")
		}
		if len(recs) > len(body) {
			t.Fatalf("%d records of %d bytes", len(recs), len(body))
		}
		for i := range recs {
			if len(recs[i].Line) == 0 {
				t.Fatal("an empty record")
			}
			recs[i].read()
		}
	})
}

func BenchmarkFrames(b *testing.B) {
	in := bytes.Repeat([]byte("<109>2025-02-04T01:51:55.000Z h CEF:0|MCAS|SIEM_Agent|0.298.168|EVENT_CATEGORY_LOGIN|Log on|0|externalId=10_20 rt=1 msg=a\n"), 10_000)
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		s := streamOf(in, 64<<10, func(*Record) error { return nil })
		for {
			line, err := s.frame("lf")
			if err != nil {
				break
			}
			if err := s.r.take(&Record{Line: line}); err != nil {
				b.Fatal(err)
			}
		}
	}
}
