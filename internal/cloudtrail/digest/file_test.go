package digest

import (
	"bytes"
	stdgzip "compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func readFile(tb testing.TB, name ...string) []byte {
	tb.Helper()
	raw, err := os.ReadFile(filepath.Join(append([]string{"testdata"}, name...)...))
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

func TestParsePrintedExamples(t *testing.T) {
	d, err := Parse(readFile(t, "digest-sample.json"))
	if err != nil {
		t.Fatal(err)
	}
	if d.Account != "111122223333" || d.EndText != "2015-08-17T15:01:31Z" || !d.Start.Equal(time.Date(2015, 8, 17, 14, 1, 31, 0, time.UTC)) ||
		d.Previous == nil || d.Previous.Hash != "97fb791cf91ffc440d274f8190dbdd9aa09c34432aba82739df18b6d3c13df2d" ||
		len(d.Logs) != 1 || d.Logs[0].Hash != "9bb6196fc6b84d6f075a56548feca262bd99ba3c2de41b618e5b6e22c1fc71f6" {
		t.Errorf("%+v", d)
	}
	if d, err = Parse(readFile(t, "digest-empty-hour.json")); err != nil || len(d.Logs) != 0 {
		t.Errorf("empty hour: %+v, %v", d, err)
	}
}

func TestParseRefuses(t *testing.T) {
	whole := string(readFile(t, "digest-sample.json"))
	for _, c := range []struct{ from, to, want string }{
		{whole, "", "unexpected end"},
		{whole, "[]", "cannot unmarshal"},
		{whole, "{}", "awsAccountId is missing"},
		{`"digestS3Bucket": "S3-bucket-name"`, `"digestS3Bucket": null`, "digestS3Bucket is missing"},
		{"2015-08-17T14:01:31Z", "yesterday", "digestStartTime"},
		{"2015-08-17T14:01:31Z", "2016-08-17T14:01:31Z", "before it starts"},
		{`"SHA256withRSA"`, `"SHA1withRSA"`, `"SHA1withRSA" is not known`},
		{`"previousDigestHashAlgorithm": "SHA-256"`, `"previousDigestHashAlgorithm": "MD5"`, "previousDigestHashAlgorithm"},
		{`"97fb791cf91ffc440d274f8190dbdd9aa09c34432aba82739df18b6d3c13df2d"`, `null`, "only a part of"},
		{`"97fb791cf91ffc440d274f8190dbdd9aa09c34432aba82739df18b6d3c13df2d"`, `"97fb"`, "previousDigestHashValue"},
		{`"logFiles": [`, `"logs": [`, "logFiles is missing"},
		{`"s3Bucket": "S3-bucket-name",`, ``, "logFiles[0] has no"},
		{`"hashAlgorithm": "SHA-256",
      "newest`, `"hashAlgorithm": "SHA-1",
      "newest`, `logFiles[0]: hashAlgorithm "SHA-1"`},
		{`"9bb6196fc6b84d6f075a56548feca262bd99ba3c2de41b618e5b6e22c1fc71f6"`, `"zz"`, "logFiles[0]: hashValue"},
	} {
		text := strings.Replace(whole, c.from, c.to, 1)
		if text == whole {
			t.Errorf("%q is not in the example", c.from)
		}
		if d, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("with %q: %+v, %v; want an error with %q", c.to, d, err, c.want)
		}
	}
}

// What Parse takes can be signed and followed: every promise of Digest holds.
func FuzzParse(f *testing.F) {
	f.Add(readFile(f, "digest-sample.json"))
	f.Add(readFile(f, "digest-empty-hour.json"))
	f.Add([]byte(`{"awsAccountId":"1","logFiles":[]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := Parse(raw)
		if err != nil {
			if d != nil {
				t.Fatal("a digest and an error")
			}
			return
		}
		end, err := time.Parse(time.RFC3339, d.EndText)
		if err != nil || !end.Equal(d.End) || d.End.Before(d.Start) || d.Bucket == "" || d.Object == "" || d.Fingerprint == "" {
			t.Fatalf("%+v", d)
		}
		hashes := []string{strings.Repeat("0", 64)}
		if d.Previous != nil {
			hashes = append(hashes, d.Previous.Hash)
		}
		for _, l := range d.Logs {
			hashes = append(hashes, l.Hash)
		}
		for _, h := range hashes {
			if raw, err := hex.DecodeString(h); err != nil || len(raw) != sha256.Size || h != strings.ToLower(h) {
				t.Fatalf("hash %q", h)
			}
		}
	})
}

// A hash is given for one whole gzip member and nothing else, or for text that is not compressed, and it is that of the text.
func FuzzHashOf(f *testing.F) {
	for _, name := range []string{"log-1.json.gz", "recompressed-log-1.json.gz", "bad-log-1-second-member.json.gz", "bad-log-1-truncated.json.gz"} {
		f.Add(readFile(f, "chain", name))
	}
	f.Add([]byte(`{"Records":[]}`))
	p := newInflaters()
	f.Fuzz(func(t *testing.T, body []byte) {
		sum, n, err := p.hashOf(bytes.NewReader(body))
		text := body
		if bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
			in := bytes.NewReader(body)
			z, zerr := stdgzip.NewReader(in)
			if zerr == nil {
				z.Multistream(false)
				text, zerr = io.ReadAll(z)
			}
			if zerr == nil && in.Len() > 0 {
				zerr = errTrailing
			}
			if (zerr == nil) != (err == nil) || errors.Is(zerr, errTrailing) != errors.Is(err, errTrailing) {
				t.Fatalf("hashOf: %v, the standard library: %v", err, zerr)
			}
		} else if (err == nil) != (len(body) > 0) {
			t.Fatalf("%d bytes of text: %v", len(body), err)
		}
		if err != nil {
			var form *formError
			if !errors.As(err, &form) || sum != "" {
				t.Fatalf("hash %q, error %T %v", sum, err, err)
			}
			return
		}
		if want := fmt.Sprintf("%x", sha256.Sum256(text)); sum != want || n != int64(len(text)) {
			t.Fatalf("hash %s of %d bytes, want %s of %d", sum, n, want, len(text))
		}
	})
}

// A file that is small as long as it is compressed does not fill the memory.
func TestBombIsNotInflated(t *testing.T) {
	var b bytes.Buffer
	z := stdgzip.NewWriter(&b)
	piece := make([]byte, 1<<20)
	for range maxDigest>>20 + 1 {
		if _, err := z.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if raw, err := newInflaters().content(&b); !errors.Is(err, errTooLong) || len(raw) > maxDigest+len(piece) {
		t.Errorf("%d bytes, %v", len(raw), err)
	}
}

// logText is a log file of about 5 MB as CloudTrail writes it: one line.
func logText() []byte {
	var b bytes.Buffer
	b.WriteString(`{"Records":[`)
	for i := range 5000 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE%d:session","arn":"arn:aws:sts::111122223333:assumed-role/r/s",`+
			`"accountId":"111122223333","accessKeyId":"ASIAEXAMPLE%d"},"eventTime":"2025-06-05T01:%02d:10Z","eventSource":"ec2.amazonaws.com","eventName":"DescribeInstances",`+
			`"awsRegion":"us-east-1","sourceIPAddress":"192.0.2.%d","userAgent":"aws-cli/2.15","requestParameters":{"filterSet":{},"maxResults":%d},"responseElements":null,`+
			`"requestID":"%032x","eventID":"%032x","readOnly":true,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management"}`,
			i%97, i%89, i%60, i%256, i, i*7919, i*104729)
	}
	b.WriteString(`]}`)
	return b.Bytes()
}

func BenchmarkHashOf(b *testing.B) {
	text := logText()
	var body bytes.Buffer
	z := stdgzip.NewWriter(&body)
	if _, err := z.Write(text); err != nil {
		b.Fatal(err)
	}
	if err := z.Close(); err != nil {
		b.Fatal(err)
	}
	p := newInflaters()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := p.hashOf(bytes.NewReader(body.Bytes())); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	var text bytes.Buffer
	head := bytes.TrimSpace(readFile(b, "digest-empty-hour.json"))
	text.Write(bytes.TrimSuffix(head, []byte("[]\n}")))
	text.WriteByte('[')
	for i := range 500 {
		if i > 0 {
			text.WriteByte(',')
		}
		fmt.Fprintf(&text, `{"s3Bucket":"example-bucket-name","s3Object":"AWSLogs/111122223333/CloudTrail/us-east-2/2015/08/20/111122223333_CloudTrail_us-east-2_20150820T1745Z_%016d.json.gz",`+
			`"hashValue":"%064x","hashAlgorithm":"SHA-256","newestEventTime":"2015-08-20T17:44:00Z","oldestEventTime":"2015-08-20T17:40:00Z"}`, i, i)
	}
	text.WriteString("]}")
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if d, err := Parse(text.Bytes()); err != nil || len(d.Logs) != 500 {
			b.Fatal(err)
		}
	}
}
