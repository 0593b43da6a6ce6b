package trailfile

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// want reads a file as encoding/json does, if it is one JSON value of the two forms.
func want(data []byte) (recs []string, ok bool) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !json.Valid(data) {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(data))
	list := func() {
		for d.More() {
			var raw json.RawMessage
			if d.Decode(&raw) == nil {
				recs = append(recs, string(raw))
			}
		}
		_, _ = d.Token()
	}
	switch first, _ := d.Token(); first {
	case json.Delim('['):
		list()
		return recs, true
	case json.Delim('{'):
		for d.More() {
			start := d.InputOffset()
			key, _ := d.Token()
			raw := strings.TrimLeft(string(data[start:d.InputOffset()]), ", \t\r\n")
			var value json.RawMessage
			if raw != `"Records"` || key != "Records" {
				_ = d.Decode(&value)
				continue
			}
			at := bytes.TrimLeft(data[d.InputOffset():], ": \t\r\n")
			if at[0] != '[' {
				_ = d.Decode(&value)
				ok = ok || at[0] == 'n'
				continue
			}
			_, _ = d.Token()
			list()
			ok = true
		}
	}
	return recs, ok
}

// FuzzNext: a file that encoding/json can read has the same records, byte for byte; no file gives more bytes than it has;
// how it is read, compressed or not, changes nothing.
func FuzzNext(f *testing.F) {
	for _, s := range []string{
		`{"Records":[{"a":1},{"b":"\"]}"}]}`, `[1,2,[3]]`, "\xef\xbb\xbf{\"x\":{},\"Records\":[]}", `{"Records":null}`, `{"Records":[1 ,"a"`, gz(`{"Records":[{}]}`, "") + "x",
		`{"Records":[tru"e"],"Records":{}} [5]`, `{"\u0052ecords":[1]}`,
	} {
		f.Add([]byte(s))
	}
	sample, err := os.ReadFile("testdata/444455556666_CloudTrail_us-east-1_20250605T0000Z_EXAMPLEuniq16chr.json.gz")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sample)
	f.Fuzz(func(t *testing.T, data []byte) {
		opt := Options{MaxBytes: 4 << 20}
		got, err := records(bytes.NewReader(data), opt)
		if err != nil && !IsDamage(err) {
			t.Fatalf("error is not about the file: %v", err)
		}
		again, againErr := records(iotest.OneByteReader(bytes.NewReader(data)), opt)
		if !slices.Equal(got, again) || (err == nil) != (againErr == nil) {
			t.Fatalf("byte for byte it has %q, %v; at once %q, %v", again, againErr, got, err)
		}
		if isGzip(data[:min(2, len(data))]) {
			return
		}
		total := 0
		for _, r := range got {
			total += len(strings.TrimSuffix(r, "…"))
		}
		if total > len(data) {
			t.Fatalf("records of %d bytes from a file of %d", total, len(data))
		}
		zipped, zippedErr := records(strings.NewReader(gz(string(data))), opt)
		if !slices.Equal(got, zipped) || (err == nil) != (zippedErr == nil) {
			t.Fatalf("compressed it has %q, %v; plain %q, %v", zipped, zippedErr, got, err)
		}
		if want, ok := want(data); ok && (err != nil || !slices.Equal(got, want)) {
			t.Fatalf("records are %q, %v; want %q", got, err, want)
		}
	})
}

func BenchmarkNext(b *testing.B) {
	text := oneLine(8 << 20)
	zipped := gz(string(text))
	for name, file := range map[string][]byte{"gzip": []byte(zipped), "plain": text} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text))) // uncompressed
			b.ReportAllocs()
			for b.Loop() {
				r := NewReader(bytes.NewReader(file), Options{})
				for {
					if _, err := r.Next(); err == io.EOF {
						break
					} else if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
