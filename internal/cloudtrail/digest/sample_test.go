package digest_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiroku/internal/cloudtrail/digest"
)

const sampleBucket = "example-trail-bucket"

func readFile(tb testing.TB, name string) []byte {
	tb.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

func readJSON(tb testing.TB, name string, into any) {
	tb.Helper()
	if err := json.Unmarshal(readFile(tb, name), into); err != nil {
		tb.Fatal(err)
	}
}

// sample is the bucket of testdata/chain and its keys.
func sample(tb testing.TB) (bucket, digest.Keys) {
	tb.Helper()
	var list []struct {
		Key, File string
		Metadata  map[string]string
	}
	dir := filepath.Join("testdata", "chain")
	readJSON(tb, filepath.Join(dir, "objects.json"), &list)
	b := bucket{}
	for _, o := range list {
		b[o.Key] = object{body: readFile(tb, filepath.Join(dir, o.File)), metadata: o.Metadata}
	}
	keys, err := digest.OpenKeyRing([]string{filepath.Join(dir, "public-keys.json")}, "", nil)
	if err != nil {
		tb.Fatal(err)
	}
	return b, keys
}

// sampleCase is a case of testdata/chain/cases.json.
type sampleCase struct {
	Name         string
	Replace      map[string]*string
	DropMetadata string
	Expect       []string
	Digests      string
	Logs         string
}

// awsLine is what the AWS tool prints for a file.
func awsLine(f digest.File) string {
	what, status := "Log file", string(f.Status)
	if f.Digest {
		what = "Digest file"
	}
	if f.Status != digest.Valid {
		status = "INVALID: " + f.Status.Text()
	}
	return what + "\ts3://" + sampleBucket + "/" + f.Object + "\t" + status
}

func counted(c digest.Counts) string {
	all := c.Valid + c.Invalid
	switch {
	case all == 0:
		return "none checked"
	case c.Invalid == 0:
		return fmt.Sprintf("%d/%d valid", c.Valid, all)
	}
	return fmt.Sprintf("%d/%d valid, %d/%d INVALID", c.Valid, all, c.Invalid, all)
}

func TestSampleCases(t *testing.T) {
	var cases []sampleCase
	readJSON(t, filepath.Join("testdata", "chain", "cases.json"), &cases)
	if len(cases) != 11 {
		t.Fatalf("%d cases, want 11", len(cases))
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			b, keys := sample(t)
			key := func(url string) string { return strings.TrimPrefix(url, "s3://"+sampleBucket+"/") }
			for url, file := range c.Replace {
				if file == nil {
					delete(b, key(url))
					continue
				}
				o := b[key(url)]
				o.body = readFile(t, filepath.Join("testdata", "chain", *file))
				b[key(url)] = o
			}
			if c.DropMetadata != "" {
				k := strings.TrimPrefix(c.DropMetadata, "s3://"+sampleBucket+"/")
				o := b[k]
				o.metadata = map[string]string{}
				b[k] = o
			}
			var got collector
			sum, err := digest.Verify(t.Context(), b, keys, digest.Options{Bucket: sampleBucket}, &got)
			if err != nil {
				t.Fatal(err)
			}
			if counted(sum.Digests) != c.Digests || counted(sum.Logs) != c.Logs {
				t.Errorf("digests %s, logs %s; want %s, %s", counted(sum.Digests), counted(sum.Logs), c.Digests, c.Logs)
			}
			passes := !strings.Contains(c.Digests+c.Logs, "INVALID")
			if sum.OK() != passes {
				t.Errorf("OK() = %v, want %v", sum.OK(), passes)
			}
			var lines []string
			for _, f := range got.files {
				if f.Status != digest.Valid || passes && len(c.Expect) > 0 {
					lines = append(lines, awsLine(f))
				}
			}
			want := c.Expect
			if c.Name == "log-truncated" { // we are stricter, as the note of the case allows
				want = []string{strings.Replace(want[0], "hash value doesn't match", "invalid format", 1)}
			}
			if diff := cmp.Diff(want, slices.Clip(lines)); len(want)+len(lines) > 0 && diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The AWS tool finds nothing wrong when the newest digest was deleted. Who asks for its hour is told, and so is who has seen
// it before.
func TestNewestDigestDeleted(t *testing.T) {
	const newest = "AWSLogs/444455556666/CloudTrail-Digest/us-east-1/2025/06/05/444455556666_CloudTrail-Digest_us-east-1_audit_us-east-1_20250605T025959Z.json.gz"
	three := time.Date(2025, 6, 5, 3, 0, 0, 0, time.UTC)
	chain := digest.Chain{Account: "444455556666", Region: "us-east-1", Trail: "audit", HomeRegion: "us-east-1"}
	proven := "04T23:59:59 05T01:59:59 valid starts"
	for name, c := range map[string]struct {
		opt     digest.Options
		deleted bool
		spans   []string
		ok      bool
	}{
		"there, asked for":     {digest.Options{To: three}, false, []string{"04T23:59:59 05T02:59:59 valid starts"}, true},
		"deleted, not asked":   {digest.Options{}, true, []string{proven}, true},
		"deleted, asked for":   {digest.Options{To: three}, true, []string{"05T01:59:59 05T03:00:00 ended", proven}, true},
		"deleted, still to do": {digest.Options{To: three, Now: three.Add(30 * time.Minute)}, true, []string{proven}, true},
		"deleted, long due":    {digest.Options{To: three.Add(time.Hour), Now: three.Add(90 * time.Minute)}, true, []string{"05T01:59:59 05T02:30:00 ended", proven}, true},
		"deleted, seen before": {digest.Options{Seen: map[digest.Chain]time.Time{chain: three.Add(-time.Second)}}, true, []string{"05T01:59:59 05T02:59:59 missing", proven}, false},
		"there, seen before":   {digest.Options{Seen: map[digest.Chain]time.Time{chain: three.Add(-time.Second)}}, false, []string{"04T23:59:59 05T02:59:59 valid starts"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			b, keys := sample(t)
			if c.deleted {
				delete(b, newest)
			}
			var got collector
			sum, err := digest.Verify(t.Context(), b, keys, c.opt, &got)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.spans, got.spans()); diff != "" || sum.OK() != c.ok {
				t.Errorf("OK %v: %s", sum.OK(), diff)
			}
		})
	}
}

// A chain that was seen before and is gone altogether is missing, not forgotten.
func TestSeenChainGone(t *testing.T) {
	b, keys := sample(t)
	seen := map[digest.Chain]time.Time{{Account: "111122223333", Region: "eu-west-1", Trail: "other", HomeRegion: "eu-west-1"}: time.Date(2025, 6, 5, 1, 0, 0, 0, time.UTC)}
	var got collector
	sum, err := digest.Verify(t.Context(), b, keys, digest.Options{Seen: seen}, &got)
	if err != nil || sum.OK() || sum.Missing != 1 || len(got.chains) != 2 {
		t.Errorf("%+v, %d chains, %v", sum, len(got.chains), err)
	}
	sum, err = digest.Verify(t.Context(), b, keys, digest.Options{Seen: seen, Account: "444455556666"}, &got)
	if err != nil || !sum.OK() {
		t.Errorf("with another account asked for: %+v, %v", sum, err)
	}
}
