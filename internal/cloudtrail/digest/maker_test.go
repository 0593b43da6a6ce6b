package digest_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"kiroku/internal/cloudtrail/digest"
	"kiroku/internal/cloudtrail/objectkey"
)

// signer is one key for all tests: making one takes long.
var signer = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return key
})

const fingerprint = "00112233445566778899aabbccddeeff"

// oneKey is Keys with the key of the tests.
type oneKey struct{}

func (oneKey) Key(_ context.Context, region, f string, _ time.Time) (*rsa.PublicKey, error) {
	if f != fingerprint {
		return nil, fmt.Errorf("%w in region %s", digest.ErrNoKey, region)
	}
	return &signer().PublicKey, nil
}

// maker writes a chain into a bucket as CloudTrail does.
type maker struct {
	tb       testing.TB
	into     bucket
	name     string // of the bucket
	folder   objectkey.Folder
	trail    string
	home     string
	backfill bool
	metadata bool // false: as a copy that lost it

	previous *previous
	digests  []string // keys, oldest first
	logs     []string
}

type previous struct{ bucket, object, hash, signature string }

func newMaker(tb testing.TB, into bucket) *maker {
	return &maker{tb: tb, into: into, name: "example-bucket", trail: "audit", home: "us-east-1", metadata: true,
		folder: objectkey.Folder{Account: "111122223333", Kind: objectkey.Digest, Region: "us-east-1"}}
}

// key is where the digest that ends at end lies.
func (m *maker) key(end time.Time) string {
	suffix := ""
	if m.backfill {
		suffix = "_backfill"
	}
	return m.folder.DayPrefix(end) + fmt.Sprintf("%s_CloudTrail-Digest_%s_%s_%s_%s%s.json.gz", m.folder.Account, m.folder.Region, m.trail, m.home,
		end.Format("20060102T150405Z"), suffix)
}

// hour writes the digest of the hour that ends at end, and its log files.
func (m *maker) hour(end time.Time, logs ...string) {
	m.tb.Helper()
	d := map[string]any{
		"awsAccountId": m.folder.Account, "digestStartTime": end.Add(-time.Hour).Format(time.RFC3339), "digestEndTime": end.Format(time.RFC3339),
		"digestS3Bucket": m.name, "digestS3Object": m.key(end), "digestPublicKeyFingerprint": fingerprint, "digestSignatureAlgorithm": "SHA256withRSA",
		"newestEventTime": nil, "oldestEventTime": nil, "previousDigestS3Bucket": nil, "previousDigestS3Object": nil,
		"previousDigestHashValue": nil, "previousDigestHashAlgorithm": nil, "previousDigestSignature": nil,
	}
	if p := m.previous; p != nil {
		d["previousDigestS3Bucket"], d["previousDigestS3Object"] = p.bucket, p.object
		d["previousDigestHashValue"], d["previousDigestHashAlgorithm"], d["previousDigestSignature"] = p.hash, "SHA-256", p.signature
	}
	files := []map[string]any{}
	for i, text := range logs {
		folder := m.folder
		folder.Kind = objectkey.Log
		key := folder.DayPrefix(end) + fmt.Sprintf("%s_CloudTrail_%s_%s_%s%d.json.gz", folder.Account, folder.Region, end.Format("20060102T1504Z"), "AAAAAAAAAAAAAAA", i)
		m.into[key] = object{body: compress(m.tb, []byte(text)), metadata: m.meta(nil)}
		m.logs = append(m.logs, key)
		files = append(files, map[string]any{"s3Bucket": m.name, "s3Object": key, "hashValue": hash([]byte(text)), "hashAlgorithm": "SHA-256"})
	}
	d["logFiles"] = files
	m.put(d)
}

// put signs a digest and writes it.
func (m *maker) put(d map[string]any) {
	m.tb.Helper()
	raw, err := json.Marshal(d)
	if err != nil {
		m.tb.Fatal(err)
	}
	key, _ := d["digestS3Object"].(string)
	signature := m.sign(d, raw)
	m.into[key] = object{body: compress(m.tb, raw), metadata: m.meta(map[string]string{"signature": signature, "signature-algorithm": "SHA256withRSA"})}
	m.digests = append(m.digests, key)
	m.previous = &previous{m.name, key, hash(raw), signature}
}

// sign is written from the User Guide's text, not with the code under test.
func (m *maker) sign(d map[string]any, raw []byte) string {
	m.tb.Helper()
	before, ok := d["previousDigestSignature"].(string)
	if !ok {
		before = "null"
	}
	text := fmt.Sprintf("%s\n%s/%s\n%s\n%s", d["digestEndTime"], d["digestS3Bucket"], d["digestS3Object"], hash(raw), before)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, signer(), crypto.SHA256, sum[:])
	if err != nil {
		m.tb.Fatal(err)
	}
	return hex.EncodeToString(signature)
}

func (m *maker) meta(metadata map[string]string) map[string]string {
	if !m.metadata {
		return nil
	}
	if metadata == nil {
		return map[string]string{}
	}
	return metadata
}

// hours writes n digests, the first of which ends at end; every second one has a log file.
func (m *maker) hours(end time.Time, n int) {
	m.tb.Helper()
	for i := range n {
		if i%2 == 0 {
			m.hour(end, fmt.Sprintf(`{"Records":[{"n":%d}]}`, i))
		} else {
			m.hour(end)
		}
		end = end.Add(time.Hour)
	}
}

func hash(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}
