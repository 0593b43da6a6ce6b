package bucketdir

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kiroku/internal/cloudtrail/digest"
)

const (
	sampleDir = "../digest/testdata/chain"
	day       = "AWSLogs/444455556666/CloudTrail-Digest/us-east-1/2025/06/05/"
	third     = day + "444455556666_CloudTrail-Digest_us-east-1_audit_us-east-1_20250605T025959Z.json.gz"
)

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, path, wantScope string) *Dir {
	t.Helper()
	d, scope, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	if scope != wantScope {
		t.Errorf("Open(%q): scope %q, want %q", path, scope, wantScope)
	}
	return d
}

type nothing struct{}

func (nothing) File(digest.File) error          { return nil }
func (nothing) Period(digest.Period) error      { return nil }
func (nothing) Chain(digest.ChainSummary) error { return nil }

// copySample writes the sample chain as "aws s3 sync" does, with the metadata as head-object prints it.
func copySample(t *testing.T, into string, metadata bool) {
	t.Helper()
	d := open(t, sampleDir, "")
	for key, e := range d.manifest.entries {
		body, err := os.ReadFile(filepath.Join(sampleDir, e.File))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(into, key), string(body))
		if metadata && len(e.Metadata) > 0 {
			write(t, filepath.Join(into, key+sidecarSuffix), `{"ContentLength":1,"LastModified":"2025-06-05T03:05:00+00:00","Metadata":{"Signature":"`+e.Metadata["signature"]+`"}}`)
		}
	}
}

func TestVerify(t *testing.T) {
	keys, err := digest.OpenKeyRing([]string{filepath.Join(sampleDir, "public-keys.json")}, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	whole, bare := t.TempDir(), t.TempDir()
	copySample(t, whole, true)
	copySample(t, filepath.Join(bare, "backup", "example"), false)
	for name, c := range map[string]struct {
		path, scope string
		digests     digest.Counts
	}{
		"manifest":                   {sampleDir, "", digest.Counts{Valid: 3}},
		"folder with metadata":       {whole, "", digest.Counts{Valid: 3}},
		"AWSLogs itself":             {filepath.Join(whole, "AWSLogs"), "AWSLogs/", digest.Counts{Valid: 3}},
		"an account":                 {filepath.Join(whole, "AWSLogs", "444455556666"), "AWSLogs/444455556666/", digest.Counts{Valid: 3}},
		"a region":                   {filepath.Join(whole, filepath.Dir(filepath.Dir(filepath.Dir(filepath.Dir(day))))), "AWSLogs/444455556666/CloudTrail-Digest/us-east-1/", digest.Counts{Valid: 3}},
		"folder without metadata":    {bare, "", digest.Counts{Valid: 2, Invalid: 1}},
		"the same, opened below top": {filepath.Join(bare, "backup"), "", digest.Counts{Valid: 2, Invalid: 1}},
	} {
		d := open(t, c.path, c.scope)
		sum, err := digest.Verify(t.Context(), d, keys, digest.Options{Root: c.scope, Bucket: d.Bucket()}, nothing{})
		if err != nil || sum.Digests != c.digests || sum.Logs != (digest.Counts{Valid: 2}) {
			t.Errorf("%s: %+v, %v; want digests %+v", name, sum, err, c.digests)
		}
	}
}

// A folder on disk is listed like the same objects in a manifest.
func TestListing(t *testing.T) {
	dir := t.TempDir()
	copySample(t, dir, true)
	for _, d := range []*Dir{open(t, dir, ""), open(t, sampleDir, "")} {
		for prefix, want := range map[string][]string{
			"": {"AWSLogs"}, "AWSLogs/": {"444455556666"}, "AWSLogs/444455556666/": {"CloudTrail", "CloudTrail-Digest"}, "absent/": nil, "../": nil, day: nil,
		} {
			got, err := d.Folders(t.Context(), prefix)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("Folders(%q): %v %s", prefix, err, diff)
			}
		}
		keys, err := d.Keys(t.Context(), day)
		if err != nil || len(keys) != 3 || keys[2] != third {
			t.Errorf("Keys: %q, %v", keys, err)
		}
		o, err := d.Open(t.Context(), third)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(o.Body)
		if err != nil || len(body) != 699 || len(o.Metadata["signature"]) != 512 {
			t.Errorf("Open: %d bytes, metadata %v, %v", len(body), o.Metadata, err)
		}
		o.Body.Close()
	}
}

// Keys come from files that somebody may have forged: they never lead out of the folder.
func TestNothingOutside(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "secret"), "secret")
	inside := filepath.Join(dir, "copy")
	write(t, filepath.Join(inside, "a", "file"), "text")
	if err := os.Symlink("../secret", filepath.Join(inside, "link")); err != nil {
		t.Fatal(err)
	}
	d := open(t, inside, "")
	for _, key := range []string{"../secret", "a/../../secret", "/etc/passwd", "absent", "a", "", "."} {
		if o, err := d.Open(t.Context(), key); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Open(%q) = %v, %v; want that it does not exist", key, o, err)
		}
	}
	if _, err := d.Open(t.Context(), "link"); err == nil {
		t.Error("a link leads out of the folder")
	}
	if _, err := d.Open(t.Context(), "a/file"); err != nil {
		t.Error(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "file"), "")
	write(t, filepath.Join(dir, "broken", "objects.json"), "{}")
	write(t, filepath.Join(dir, "nokey", "objects.json"), `[{"file":"x"}]`)
	for _, path := range []string{"absent", "file", "broken", "nokey"} {
		if _, _, err := Open(filepath.Join(dir, path)); err == nil {
			t.Errorf("Open(%q): no error", path)
		}
	}
}

func TestMetadata(t *testing.T) {
	for text, want := range map[string]map[string]string{
		`{"Metadata":{"signature":"ab"},"ContentType":"x"}`:    {"signature": "ab"},
		`{"x-amz-meta-signature":"ab","X-Amz-Meta-Other":"c"}`: {"signature": "ab", "other": "c"},
		`{"signature":"ab"}`: {"signature": "ab"},
		`{"ContentLength":5,"ContentType":"application/x-gzip"}`: {"contenttype": "application/x-gzip"},
		`{"Metadata":{}}`: {},
		`{}`:              {},
	} {
		got, err := parseMetadata([]byte(text))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", text, err, diff)
		}
	}
	for _, text := range []string{``, `[]`, `"x"`, `{`} {
		if got, err := parseMetadata([]byte(text)); err == nil {
			t.Errorf("%s: %v, want an error", text, got)
		}
	}
}
