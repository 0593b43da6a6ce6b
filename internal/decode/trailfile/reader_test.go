package trailfile

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func gz(parts ...string) string {
	var b bytes.Buffer
	for _, p := range parts {
		z := gzip.NewWriter(&b)
		io.WriteString(z, p)
		z.Close()
	}
	return b.String()
}

// records reads a whole file; of a truncated record the text ends with "…".
func records(r io.Reader, opt Options) (all []string, err error) {
	return rest(NewReader(r, opt))
}

func rest(t *Reader) (all []string, err error) {
	for n := int64(0); ; n++ {
		rec, err := t.Next()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		if rec.Index != n {
			return all, fmt.Errorf("BUG: record %d has index %d", n, rec.Index)
		}
		text := string(rec.Data)
		if rec.Truncated {
			text += "…"
		}
		all = append(all, text)
	}
}

func TestNext(t *testing.T) {
	two := `{"Records":[{"eventVersion":"1.08","n":9007199254740993,"z":0.0},{"a":"]}\"\\","b":[1,{"c":null}]}]}`
	want := []string{`{"eventVersion":"1.08","n":9007199254740993,"z":0.0}`, `{"a":"]}\"\\","b":[1,{"c":null}]}`}
	long := `{"long":"` + strings.Repeat(`x\"`, 700) + `"}`
	for _, tt := range []struct {
		name string
		in   string
		want []string
		err  error
	}{
		{"plain", two, want, nil},
		{"gzip", gz(two), want, nil},
		{"gzip members that split the text", gz(two[:7], two[7:30], "", two[30:]), want, nil},
		{"gzip members of a whole file each", gz(two, "\n"+two), append(append([]string{}, want...), want...), nil},
		{"byte order mark", "\xef\xbb\xbf" + two, want, nil},
		{"byte order mark in gzip", gz("\xef\xbb\xbf" + two), want, nil},
		{"laid out", "{\n  \"Records\" : [\n    {\"a\": 1} ,\n\t{\"b\": 2}\r\n  ]\n}\n", []string{`{"a": 1}`, `{"b": 2}`}, nil},
		{"bare list", `[{"a":1},{"b":2}]`, []string{`{"a":1}`, `{"b":2}`}, nil},
		{"other keys", `{"x":{"Records":[1]},"y":[[]],"z":"Records","Records":[{"a":1}],"w":1.5e3,"v":null}`, []string{`{"a":1}`}, nil},
		{"long value of another key", `{"x":"` + strings.Repeat("y", 300_000) + `","Records":[{"a":1}]}`, []string{`{"a":1}`}, nil},
		{"empty list", `{"Records":[]}`, nil, nil},
		{"empty list in gzip", gz(`{"Records":[ ]}`), nil, nil},
		{"no list but null", `{"Records":null}`, nil, nil},
		{"list twice", `{"Records":[{"a":1}],"Records":[{"b":2}]}`, []string{`{"a":1}`, `{"b":2}`}, nil},
		{"records that are no objects", `{"Records":[1,"two",null,[3],true]}`, []string{"1", `"two"`, "null", "[3]", "true"}, nil},
		{"long record", `{"Records":[{"a":1},` + long + `,{"b":2}]}`, []string{`{"a":1}`, long[:1000] + "…", `{"b":2}`}, nil},
		{"bytes behind the end", gz(two) + "trailing", want, ErrTrailing},
		{"zeros behind the end", gz(two) + strings.Repeat("\x00", 512), want, ErrTrailing},
		{"half a header behind the end", gz(two) + "\x1f\x8b\x08", want, ErrTrailing},
		{"one byte behind the end", gz(two) + "\x1f", want, ErrTrailing},
		{"cut text", two[:70], []string{want[0], two[65:70] + "…"}, ErrCut},
		{"cut between records", `{"Records":[{"a":1}`, []string{`{"a":1}`}, ErrCut},
		{"cut gzip", gz(two)[:len(gz(two))-9], want, ErrCut},
		{"cut in the header", gz(two)[:5], nil, ErrCut},
		{"wrong checksum", flip(gz(two), -6), want, ErrCorrupt},
		{"wrong method", flip(gz(two), 2), nil, ErrCorrupt},
		{"nothing", "", nil, ErrNoRecords},
		{"digest", `{"awsAccountId":"111122223333","logFiles":[]}`, nil, ErrNoRecords},
		{"list that is an object", `{"Records":{"a":1}}`, nil, ErrNoRecords},
		{"text", "2 111122223333 eni-1 192.0.2.1", nil, ErrSyntax},
		{"text behind the object", `{"Records":[{"a":1}]} x`, []string{`{"a":1}`}, ErrSyntax},
		{"value without a key", `{{"Records":[]}}`, nil, ErrSyntax},
		{"key without a colon", `{"Records" [1]}`, nil, ErrSyntax},
		{"too long", `{"Records":[{"a":1},"` + strings.Repeat("y", 3<<20), []string{`{"a":1}`}, ErrTooLong},
		{"bomb", gz(`{"Records":[{"a":1},` + strings.Repeat(" ", 9<<20)), []string{`{"a":1}`}, ErrTooLong},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for how, r := range map[string]io.Reader{"at once": strings.NewReader(tt.in), "byte for byte": iotest.OneByteReader(strings.NewReader(tt.in))} {
				got, err := records(r, Options{MaxRecord: 1000, MaxBytes: 2 << 20})
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("%s: records (-want +got):\n%s", how, diff)
				}
				if !errors.Is(err, tt.err) || (tt.err == nil) != (err == nil) || err != nil && !IsDamage(err) {
					t.Errorf("%s: error is %v, want %v", how, err, tt.err)
				}
			}
		})
	}
}

func flip(s string, at int) string {
	b := []byte(s)
	if at < 0 {
		at += len(b)
	}
	b[at] ^= 0xff
	return string(b)
}

// An error of the connection is not one of the file: nothing is said about the record that it interrupts.
func TestReadError(t *testing.T) {
	broken := errors.New("connection reset")
	whole := `{"Records":[{"a":1},{"b":"` + strings.Repeat("x", 100_000)
	for _, in := range []string{whole, gz(whole)} {
		got, err := records(io.MultiReader(strings.NewReader(in), iotest.ErrReader(broken)), Options{})
		if !errors.Is(err, broken) || IsDamage(err) || len(got) != 1 {
			t.Errorf("%d records, %v; want 1 and the connection's error", len(got), err)
		}
	}
}

// A reader that is used again knows nothing of the file before.
func TestReset(t *testing.T) {
	files := []string{gz(`{"Records":[{"a":1}]}`), `[{"b":2}]`, gz(`{"Records":[{"c":"`), "no JSON", gz(`{"Records":[{"d":4}]}`) + "x", "", `{"Records":[]}`}
	r := NewReader(strings.NewReader(""), Options{})
	for _, first := range files {
		for _, second := range files {
			for _, file := range []string{first, second} {
				want, wantErr := records(strings.NewReader(file), Options{})
				r.Reset(strings.NewReader(file))
				got, err := rest(r)
				if diff := cmp.Diff(want, got); diff != "" || fmt.Sprint(err) != fmt.Sprint(wantErr) {
					t.Errorf("%q after %q: %v, want %v, -want +got:\n%s", second, first, err, wantErr, diff)
				}
			}
		}
	}
}

// The samples are read as encoding/json reads them.
func TestSamples(t *testing.T) {
	files, err := filepath.Glob("testdata/*")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := records(bytes.NewReader(b), Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if want := 11; len(got) != want {
			t.Errorf("%s: %d records, want %d", name, len(got), want)
		}
		for _, rec := range got {
			if !json.Valid([]byte(rec)) {
				t.Errorf("%s: record %q is not JSON", name, rec)
			}
		}
	}
}

// oneLine makes a Records file of about n bytes on one line.
func oneLine(n int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"Records":[`)
	for i := 0; b.Len() < n; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE:session-%d","arn":"arn:aws:sts::111122223333:assumed-role/role-%d/session","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE%08d","sessionContext":{"sessionIssuer":{"type":"Role","userName":"role-%d"},"attributes":{"mfaAuthenticated":"false","creationDate":"2026-06-05T00:00:00Z"}}},"eventTime":"2026-06-05T00:%02d:%02dZ","eventSource":"ec2.amazonaws.com","eventName":"DescribeInstances","awsRegion":"us-east-1","sourceIPAddress":"192.0.2.%d","userAgent":"aws-cli/2.27.1 md/awscrt#0.26.1 ua/2.1 os/linux","requestParameters":{"instancesSet":{},"filterSet":{"items":[{"name":"tag:Name","valueSet":{"items":[{"value":"host-%d"}]}}]}},"responseElements":null,"requestID":"%08x-0000-4000-8000-000000000000","eventID":"%08x-1111-4000-8000-000000000000","readOnly":true,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management"}`,
			i, i%40, i, i%40, i/60%60, i%60, i%256, i%500, i*2654435761, i)
	}
	b.WriteString("]}")
	return b.Bytes()
}

// A file of 50 MB on one line needs far less than 64 MB of memory.
func TestMemory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "big.json.gz")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(f)
	_, err = z.Write(oneLine(50 << 20))
	if err := errors.Join(err, z.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r := NewReader(in, Options{})
	n := 0
	for ; ; n++ {
		if _, err := r.Next(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; n < 30_000 || got > 2<<20 {
		t.Errorf("%d records took %d bytes of memory, freed ones included; want at most 2 MiB", n, got)
	}
}
