package watch

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kiroku/internal/cloudtrail/digest"
	"kiroku/internal/event"
	"kiroku/internal/meta"
)

// object is an object in memory.
type object struct {
	raw      []byte
	metadata map[string]string
	err      error
}

// bucket is a bucket in memory.
type bucket map[string]object

func (b bucket) Open(_ context.Context, key string) (*digest.Object, error) {
	o, ok := b[key]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return &digest.Object{Body: io.NopCloser(bytes.NewReader(o.raw)), Metadata: o.metadata}, o.err
}

func (b bucket) Keys(_ context.Context, prefix string) ([]string, error) {
	var out []string
	for key := range b {
		if rest, ok := strings.CutPrefix(key, prefix); ok && !strings.Contains(rest, "/") {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return out, nil
}

func (b bucket) Folders(_ context.Context, prefix string) ([]string, error) {
	found := map[string]bool{}
	for key := range b {
		if rest, ok := strings.CutPrefix(key, prefix); ok && strings.Contains(rest, "/") {
			found[rest[:strings.IndexByte(rest, '/')]] = true
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}

func zip(tb testing.TB, text []byte) []byte {
	tb.Helper()
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, err := w.Write(text)
	if err := errors.Join(err, w.Close()); err != nil {
		tb.Fatal(err)
	}
	return z.Bytes()
}

// signer is one key for all tests: making one takes long.
var signer = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return key
})

const fingerprint = "00112233445566778899aabbccddeeff"

type oneKey struct{}

func (oneKey) Key(context.Context, string, string, time.Time) (*rsa.PublicKey, error) {
	return &signer().PublicKey, nil
}

func sha(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// trail writes digests as CloudTrail does.
type trail struct {
	tb            testing.TB
	into          bucket
	name, account string
	previous      map[string]any
	digests, logs []string
}

const bucketName = "example-bucket"

// hour writes the digest of the hour that ends at end, and one log file.
func (m *trail) hour(end time.Time) {
	m.tb.Helper()
	day := end.Format("2006/01/02/")
	log := fmt.Sprintf("AWSLogs/%s/CloudTrail/us-east-1/%s%s_CloudTrail_us-east-1_%s_AAAAAAAAAAAAAAAA.json.gz", m.account, day, m.account, end.Format("20060102T1504Z"))
	text := []byte(`{"Records":["` + log + `"]}`)
	m.into[log] = object{raw: zip(m.tb, text), metadata: map[string]string{}}
	key := fmt.Sprintf("AWSLogs/%s/CloudTrail-Digest/us-east-1/%s%s_CloudTrail-Digest_us-east-1_%s_us-east-1_%s.json.gz", m.account, day, m.account, m.name, end.Format("20060102T150405Z"))
	d := map[string]any{
		"awsAccountId": m.account, "digestStartTime": end.Add(-time.Hour).Format(time.RFC3339), "digestEndTime": end.Format(time.RFC3339),
		"digestS3Bucket": bucketName, "digestS3Object": key, "digestPublicKeyFingerprint": fingerprint, "digestSignatureAlgorithm": "SHA256withRSA",
		"logFiles": []map[string]any{{"s3Bucket": bucketName, "s3Object": log, "hashValue": sha(text), "hashAlgorithm": "SHA-256"}},
	}
	maps.Copy(d, m.previous)
	raw, err := json.Marshal(d)
	if err != nil {
		m.tb.Fatal(err)
	}
	before, ok := m.previous["previousDigestSignature"].(string)
	if !ok {
		before = "null"
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s/%s\n%s\n%s", d["digestEndTime"], bucketName, key, sha(raw), before))
	signed, err := rsa.SignPKCS1v15(rand.Reader, signer(), crypto.SHA256, sum[:])
	if err != nil {
		m.tb.Fatal(err)
	}
	signature := hex.EncodeToString(signed)
	m.into[key] = object{raw: zip(m.tb, raw), metadata: map[string]string{"signature": signature, "signature-algorithm": "SHA256withRSA"}}
	m.previous = map[string]any{"previousDigestS3Bucket": bucketName, "previousDigestS3Object": key, "previousDigestHashValue": sha(raw),
		"previousDigestHashAlgorithm": "SHA-256", "previousDigestSignature": signature}
	m.digests, m.logs = append(m.digests, key), append(m.logs, log)
}

// lake keeps alerts as the lake does: with their checkpoint, or not at all.
type lake struct {
	position int64
	alerts   []string // status and the time that it is about
	records  []event.Record
	before   error // the next batch is refused
	after    error // the next batch is stored, and the answer is lost
}

func (l *lake) Checkpoint(context.Context, string) (int64, error) { return l.position, nil }

func (l *lake) Accept(_ context.Context, b event.Batch) error {
	if err := l.before; err != nil {
		l.before = nil
		return err
	}
	l.position = max(l.position, b.Checkpoint.Position)
	for _, r := range b.Records {
		var a Alert
		if err := json.Unmarshal(r.Data, &a); err != nil {
			return err
		}
		l.alerts = append(l.alerts, a.Status+" "+a.From.Format("02T15:04"))
	}
	l.records = append(l.records, b.Records...)
	err := l.after
	l.after = nil
	return err
}

// world is a service that verifies a bucket.
type world struct {
	t      *testing.T
	path   string
	db     *meta.DB
	bucket bucket
	lake   *lake
	watch  *Watch
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, path: filepath.Join(t.TempDir(), "meta.db"), bucket: bucket{}, lake: &lake{}}
	w.start()
	t.Cleanup(func() { w.db.Close() })
	return w
}

// start opens the database anew, as after a restart.
func (w *world) start() {
	w.t.Helper()
	if w.db != nil {
		if err := w.db.Close(); err != nil {
			w.t.Fatal(err)
		}
	}
	var err error
	if w.db, err = meta.Open(w.t.Context(), w.path); err != nil {
		w.t.Fatal(err)
	}
	w.watch = New(Options{DB: w.db, Keys: oneKey{}, Sink: w.lake, Checkpoints: w.lake, Log: slog.New(slog.DiscardHandler), Inputs: []Input{{
		Name: "trail", Scope: "aws", Interval: time.Hour, First: 7 * 24 * time.Hour, Origin: &event.Origin{Input: "trail"},
		Places: func(context.Context) ([]Place, error) { return []Place{{Bucket: bucketName}}, nil },
		Open:   func(string) digest.Objects { return w.bucket },
	}}})
}

// verify verifies at a time, from another one if that is not zero.
func (w *world) verify(now, from time.Time) error {
	ctx := w.t.Context()
	_, _, err := w.watch.places(ctx, w.watch.inputs[0], from, now)
	return errors.Join(err, w.watch.tell(ctx))
}

// periods are those of the only chain.
func (w *world) periods() (out []string) {
	all, err := meta.ListDigestPeriods(w.t.Context(), w.db.Read(), 0)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, p := range all {
		text := p.From.Format("02T15:04 ") + p.To.Format("02T15:04 ") + p.Verdict
		if p.Starts {
			text += " starts"
		}
		out = append(out, text)
	}
	return out
}
