package digest_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiroku/internal/cloudtrail/digest"
)

// first is the end of the first digest of most tests: the chain goes over the end of a year.
var first = time.Date(2025, 12, 31, 21, 30, 0, 0, time.UTC)

func verify(t *testing.T, b bucket, opt digest.Options) (digest.Summary, *collector) {
	t.Helper()
	var got collector
	sum, err := digest.Verify(t.Context(), b, oneKey{}, opt, &got)
	if err != nil {
		t.Fatal(err)
	}
	return sum, &got
}

// damages are what is done to a chain of six digests, 21:30 to 02:30, with log files in the first, third and fifth.
var damages = map[string]struct {
	opt   digest.Options
	do    func(m *maker)
	wrong []string // files that are not valid, without the part of their names that all share
	spans []string
}{
	"nothing": {
		do:    func(*maker) {},
		spans: []string{"31T20:30:00 01T02:30:00 valid starts"},
	},
	"three digests in the middle deleted": {
		do: func(m *maker) {
			for _, key := range m.digests[1:4] {
				delete(m.into, key)
			}
		},
		wrong: []string{"20260101T003000Z: not_found"},
		spans: []string{"01T00:30:00 01T02:30:00 valid", "31T21:30:00 01T00:30:00 missing", "31T20:30:00 31T21:30:00 valid starts"},
	},
	"the oldest digests deleted": {
		do:    func(m *maker) { delete(m.into, m.digests[0]); delete(m.into, m.digests[1]) },
		wrong: []string{"20251231T223000Z: not_found"},
		spans: []string{"31T22:30:00 01T02:30:00 valid", "31T21:30:00 31T22:30:00 missing"},
	},
	"the oldest digests deleted, which nobody asks for": {
		opt:   digest.Options{From: first.Add(time.Hour)},
		do:    func(m *maker) { delete(m.into, m.digests[0]); delete(m.into, m.digests[1]) },
		spans: []string{"31T22:30:00 01T02:30:00 valid"},
	},
	"only hours in the range": {
		opt:   digest.Options{From: first.Add(time.Hour), To: first.Add(3 * time.Hour)},
		do:    func(m *maker) { delete(m.into, m.logs[0]); delete(m.into, m.logs[2]) },
		spans: []string{"31T22:30:00 01T00:30:00 valid"},
	},
	"a digest next to the end of the range deleted": {
		opt:   digest.Options{To: first.Add(3 * time.Hour)},
		do:    func(m *maker) { delete(m.into, m.digests[3]) },
		wrong: []string{"20260101T003000Z: not_found"},
		spans: []string{"31T23:30:00 01T00:30:00 missing", "31T20:30:00 31T23:30:00 valid starts"},
	},
	"a digest edited": {
		do: func(m *maker) {
			o := m.into[m.digests[2]]
			o.body = compress(m.tb, []byte(strings.Replace(inflate(m.tb, o.body), `"newestEventTime":null`, `"newestEventTime":""`, 1)))
			m.into[m.digests[2]] = o
		},
		wrong: []string{"20251231T233000Z: signature_failed"},
		spans: []string{"31T23:30:00 01T02:30:00 valid", "31T22:30:00 31T23:30:00 invalid", "31T20:30:00 31T22:30:00 valid starts"},
	},
	"a digest edited and the one before deleted": {
		do: func(m *maker) {
			o := m.into[m.digests[2]]
			o.body = compress(m.tb, []byte("{}"))
			m.into[m.digests[2]] = o
			delete(m.into, m.digests[1])
		},
		wrong: []string{"20251231T233000Z: invalid_format"},
		spans: []string{"31T23:30:00 01T02:30:00 valid", "31T21:30:00 31T23:30:00 invalid", "31T20:30:00 31T21:30:00 valid starts"},
	},
	"a digest signed again with other content": {
		do: func(m *maker) { // who has CloudTrail's key, or had it sign another digest of the hour
			o := m.into[m.digests[2]]
			raw := strings.Replace(inflate(m.tb, o.body), `"newestEventTime":null`, `"newestEventTime":""`, 1)
			m.previous = nil
			n := *m
			n.previous = &previous{m.name, m.digests[1], "", ""}
			m.into[m.digests[2]] = object{body: compress(m.tb, []byte(raw)), metadata: map[string]string{"signature": n.resign(raw)}}
		},
		wrong: []string{"20251231T233000Z: link_broken"},
		spans: []string{"31T23:30:00 01T02:30:00 valid", "31T22:30:00 31T23:30:00 invalid", "31T20:30:00 31T22:30:00 valid starts"},
	},
	"a signature that is none": {
		do: func(m *maker) {
			o := m.into[m.digests[1]]
			o.metadata = map[string]string{"signature": "not hex"}
			m.into[m.digests[1]] = o
		},
		wrong: []string{"20251231T223000Z: signature_failed"},
		spans: []string{"31T22:30:00 01T02:30:00 valid", "31T21:30:00 31T22:30:00 invalid", "31T20:30:00 31T21:30:00 valid starts"},
	},
	"digests that cannot be read or hold something behind the end": {
		do: func(m *maker) {
			m.into[m.digests[1]] = object{err: fmt.Errorf("archived: %w", fs.ErrPermission)}
			o := m.into[m.digests[4]]
			o.body = append(o.body[:len(o.body):len(o.body)], compress(m.tb, nil)...)
			m.into[m.digests[4]] = o
		},
		wrong: []string{"20260101T013000Z: invalid_format", "20251231T223000Z: unreadable"},
		spans: []string{"01T01:30:00 01T02:30:00 valid", "01T00:30:00 01T01:30:00 invalid", "31T22:30:00 01T00:30:00 valid", "31T21:30:00 31T22:30:00 invalid",
			"31T20:30:00 31T21:30:00 valid starts"},
	},
	"log files in every wrong way": {
		do: func(m *maker) {
			m.into[m.logs[0]] = object{body: []byte{}}
			m.into[m.logs[1]] = object{body: append(m.into[m.logs[1]].body, 'x')}
			m.into[m.logs[2]] = object{err: fmt.Errorf("no access to the key: %w", fs.ErrPermission)}
		},
		wrong: []string{"20260101T0130Z_AAAAAAAAAAAAAAA0.json.gz: unreadable", "20251231T2330Z_AAAAAAAAAAAAAAA0.json.gz: trailing_data",
			"20251231T2130Z_AAAAAAAAAAAAAAA0.json.gz: invalid_format"},
		spans: []string{"01T01:30:00 01T02:30:00 valid", "01T00:30:00 01T01:30:00 invalid", "31T23:30:00 01T00:30:00 valid", "31T22:30:00 31T23:30:00 invalid",
			"31T21:30:00 31T22:30:00 valid", "31T20:30:00 31T21:30:00 invalid starts"},
	},
	"files that were decompressed in place": {
		do: func(m *maker) {
			for key, o := range m.into {
				o.body = []byte(inflate(m.tb, o.body))
				m.into[key] = o
			}
		},
		spans: []string{"31T20:30:00 01T02:30:00 valid starts"},
	},
	"stopped and started at once": {
		do:    func(m *maker) { m.previous = nil; m.hours(first.Add(6*time.Hour), 2) },
		spans: []string{"01T02:30:00 01T04:30:00 valid starts", "31T20:30:00 01T02:30:00 valid starts"},
	},
	"stopped for two hours": {
		do:    func(m *maker) { m.previous = nil; m.hours(first.Add(8*time.Hour), 2) },
		spans: []string{"01T04:30:00 01T06:30:00 valid starts", "01T02:30:00 01T04:30:00 gap", "31T20:30:00 01T02:30:00 valid starts"},
	},
	"a digest of CloudTrail's that nobody names": {
		do: func(m *maker) {
			n := newMaker(m.tb, m.into)
			n.hour(first.Add(90 * time.Minute)) // between the second and the third
		},
		spans: []string{"31T22:30:00 01T02:30:00 valid", "31T22:00:00 31T23:00:00 valid starts", "31T20:30:00 31T22:30:00 valid starts"},
	},
}

// resign signs raw, a digest whose previous signature is in the text already.
func (m *maker) resign(raw string) string {
	d := map[string]any{}
	for _, name := range []string{"digestEndTime", "digestS3Bucket", "digestS3Object", "previousDigestSignature"} {
		_, rest, _ := strings.Cut(raw, `"`+name+`":"`)
		d[name], _, _ = strings.Cut(rest, `"`)
	}
	return m.sign(d, []byte(raw))
}

func TestDamages(t *testing.T) {
	for name, c := range damages {
		t.Run(name, func(t *testing.T) {
			b := bucket{}
			m := newMaker(t, b)
			m.hours(first, 6)
			c.do(m)
			for _, named := range []string{m.name, ""} { // in its bucket, and as a copy
				opt := c.opt
				opt.Bucket = named
				sum, got := verify(t, b, opt)
				wrong := []string{}
				for _, w := range got.wrong() {
					w = strings.TrimPrefix(w, "111122223333_CloudTrail-Digest_us-east-1_audit_us-east-1_")
					w = strings.TrimPrefix(w, "111122223333_CloudTrail_us-east-1_")
					wrong = append(wrong, strings.Replace(w, "Z.json.gz:", "Z:", 1))
				}
				if diff := cmp.Diff(append([]string{}, c.wrong...), wrong); diff != "" {
					t.Errorf("bucket %q, files: %s", named, diff)
				}
				if diff := cmp.Diff(c.spans, got.spans()); diff != "" {
					t.Errorf("bucket %q, periods: %s", named, diff)
				}
				if sum.OK() != (len(c.wrong) == 0) {
					t.Errorf("bucket %q: OK() = %v with %v", named, sum.OK(), wrong)
				}
			}
		})
	}
}

// Several trails, accounts, regions and prefixes, an organization and digests made afterwards are chains of their own, each
// whole; options choose among them.
func TestManyChains(t *testing.T) {
	b := bucket{"AWSLogs/111122223333/Config/us-east-1/2025/12/31/x.json.gz": {}, "README.txt": {}, "photos/2025/cat.jpg": {}}
	for i, change := range []func(*maker){
		func(*maker) {},
		func(m *maker) { m.trail = "second_trail" },
		func(m *maker) { m.folder.Region = "eu-west-1" },
		func(m *maker) { m.backfill = true },
		func(m *maker) { m.folder.Account, m.folder.Org = "444455556666", "o-exampleorg1" },
		func(m *maker) { m.folder.Prefix = "a/AWSLogs/" },
		func(m *maker) { m.folder.Region, m.home = "cn-north-1", "cn-north-1" },
	} {
		m := newMaker(t, b)
		change(m)
		m.hours(first, 3+i)
	}
	sum, got := verify(t, b, digest.Options{Bucket: "example-bucket"})
	if !sum.OK() || sum.Chains != 7 || sum.Digests.Valid != 3+4+5+7+8+9 || sum.Backfill.Digests.Valid != 6 || len(got.wrong()) > 0 {
		t.Errorf("%+v, wrong %v", sum, got.wrong())
	}
	for i, c := range []struct {
		opt    digest.Options
		chains int
	}{
		{digest.Options{Trail: "second_trail"}, 1},
		{digest.Options{Account: "444455556666"}, 1},
		{digest.Options{Region: "eu-west-1"}, 1},
		{digest.Options{Root: "a/"}, 1},
		{digest.Options{Root: "AWSLogs/o-exampleorg1/"}, 1},
		{digest.Options{Root: "AWSLogs/111122223333/"}, 5},
		{digest.Options{Root: "AWSLogs/111122223333/CloudTrail-Digest/"}, 5},
		{digest.Options{Root: "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/"}, 3},
	} {
		if sum, _ := verify(t, b, c.opt); sum.Chains != c.chains || !sum.OK() {
			t.Errorf("case %d: %d chains, want %d; %+v", i, sum.Chains, c.chains, sum)
		}
	}
	if _, err := digest.Verify(t.Context(), b, oneKey{}, digest.Options{Root: "photos/"}, &collector{}); !errors.Is(err, digest.ErrNoDigests) {
		t.Errorf("without digests: %v", err)
	}
}

// moved is a bucket under other names.
func moved(b bucket, from, to string) bucket {
	out := bucket{}
	for key, o := range b {
		out[to+strings.TrimPrefix(key, from)] = o
	}
	return out
}

// A copy may lie under another prefix; in the bucket itself that is not where CloudTrail put it. Wherever it lies, a digest must be
// the one of its name.
func TestCopies(t *testing.T) {
	b := bucket{}
	m := newMaker(t, b)
	m.folder.Prefix = "logs/"
	m.hours(first, 4)
	for _, to := range []string{"", "backup/2026/", "logs/logs/"} {
		copied := moved(b, "logs/", to)
		if sum, got := verify(t, copied, digest.Options{}); !sum.OK() || sum.Digests.Valid != 4 || sum.Logs.Valid != 2 {
			t.Errorf("copy at %q: %+v, wrong %v", to, sum, got.wrong())
		}
		if sum, got := verify(t, copied, digest.Options{Bucket: m.name}); sum.Digests.Invalid != 4 || got.files[0].Status != digest.Moved {
			t.Errorf("moved to %q within the bucket: %+v", to, sum)
		}
	}
	if sum, got := verify(t, b, digest.Options{Bucket: "another"}); sum.Digests.Invalid != 4 || got.files[0].Status != digest.Moved {
		t.Errorf("in another bucket: %+v", sum)
	}
	// Two digests of the copy change places.
	copied := moved(b, "logs/", "")
	one, two := strings.TrimPrefix(m.digests[1], "logs/"), strings.TrimPrefix(m.digests[2], "logs/")
	copied[one], copied[two] = copied[two], copied[one]
	if sum, got := verify(t, copied, digest.Options{}); sum.Digests.Invalid != 2 || got.files[2].Status != digest.Moved {
		t.Errorf("swapped: %+v, wrong %v", sum, got.wrong())
	}
}

// Without metadata every digest but the newest is verified with the signature that the following one holds.
func TestCopyWithoutMetadata(t *testing.T) {
	b := bucket{}
	m := newMaker(t, b)
	m.metadata = false
	m.hours(first, 4)
	sum, got := verify(t, b, digest.Options{})
	if sum.OK() || sum.Digests.Valid != 3 || sum.Unverified != 1 || got.files[0].Status != digest.Unverified {
		t.Errorf("%+v, wrong %v", sum, got.wrong())
	}
	if diff := cmp.Diff([]string{"31T23:30:00 01T00:30:00 unverified", "31T20:30:00 31T23:30:00 valid starts"}, got.spans()); diff != "" {
		t.Error(diff)
	}
	if sum, _ := verify(t, b, digest.Options{To: first.Add(2 * time.Hour)}); !sum.OK() || sum.Digests.Valid != 3 {
		t.Errorf("without the newest: %+v", sum)
	}
	o := b[m.digests[1]]
	o.body = compress(t, []byte(strings.Replace(inflate(t, o.body), `"newestEventTime":null`, `"newestEventTime":""`, 1)))
	b[m.digests[1]] = o
	if _, got := verify(t, b, digest.Options{}); got.files[3].Status != digest.SignatureFailed {
		t.Errorf("edited: %v", got.wrong())
	}
}

// A trail that was given another bucket or prefix goes on there: here its chain ends without being broken.
func TestChainGoesOnElsewhere(t *testing.T) {
	for name, change := range map[string]func(*maker){
		"bucket": func(m *maker) { m.name = "new-bucket" },
		"prefix": func(m *maker) { m.folder.Prefix = "new/" },
	} {
		b := bucket{}
		m := newMaker(t, b)
		m.hours(first, 2)
		if name == "bucket" {
			clear(b)
		}
		change(m)
		m.hours(first.Add(2*time.Hour), 2)
		sum, got := verify(t, b, digest.Options{})
		found := false
		for _, f := range got.files {
			found = found || strings.HasPrefix(f.Detail, "the chain goes on in s3://example-bucket/AWSLogs/")
		}
		if !sum.OK() || !found {
			t.Errorf("%s: %+v, wrong %v", name, sum, got.wrong())
		}
	}
}

// What is not the fault of a file ends the verification with an error: a half of it is no result.
func TestErrorsOfReading(t *testing.T) {
	failed := errors.New("connection reset")
	for name, do := range map[string]func(m *maker){
		"open digest":  func(m *maker) { m.into[m.digests[0]] = object{err: failed} },
		"read digest":  func(m *maker) { m.into[m.digests[0]] = object{body: m.into[m.digests[0]].body[:20], broken: failed} },
		"open log":     func(m *maker) { m.into[m.logs[0]] = object{err: failed} },
		"read log":     func(m *maker) { m.into[m.logs[0]] = object{body: m.into[m.logs[0]].body[:5], broken: failed} },
		"read nothing": func(m *maker) { m.into[m.logs[0]] = object{broken: failed} },
		"read all but the end": func(m *maker) {
			m.into[m.logs[0]] = object{body: m.into[m.logs[0]].body, broken: failed}
		},
	} {
		b := bucket{}
		m := newMaker(t, b)
		m.hours(first, 2)
		do(m)
		if _, err := digest.Verify(t.Context(), b, oneKey{}, digest.Options{}, &collector{}); !errors.Is(err, failed) {
			t.Errorf("%s: %v, want %v", name, err, failed)
		}
	}
}

// A log file that a digest lists by a name that is not a log file's is looked for under that name and nowhere else.
func TestLogsOfAnyName(t *testing.T) {
	b := bucket{}
	m := newMaker(t, b)
	m.folder.Prefix = "p/"
	text := []byte(`{"Records":[]}`)
	b["p/other/name.gz"] = object{body: compress(t, text)}
	m.put(map[string]any{
		"awsAccountId": "111122223333", "digestStartTime": first.Add(-time.Hour).Format(time.RFC3339), "digestEndTime": first.Format(time.RFC3339),
		"digestS3Bucket": m.name, "digestS3Object": m.key(first), "digestPublicKeyFingerprint": fingerprint, "digestSignatureAlgorithm": "SHA256withRSA",
		"logFiles": []map[string]any{
			{"s3Bucket": m.name, "s3Object": "p/other/name.gz", "hashValue": strings.ToUpper(hash(text)), "hashAlgorithm": "SHA-256"},
			{"s3Bucket": m.name, "s3Object": "../../etc/passwd", "hashValue": hash(text), "hashAlgorithm": "SHA-256"},
		},
	})
	sum, got := verify(t, moved(b, "p/", ""), digest.Options{})
	if sum.Logs.Valid != 1 || sum.Logs.Invalid != 1 || got.files[2].Status != digest.NotFound {
		t.Errorf("%+v %v", sum, got.wrong())
	}
}
