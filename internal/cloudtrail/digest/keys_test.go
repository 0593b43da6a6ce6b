package digest_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kiroku/internal/cloudtrail/digest"
)

func keyFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func entry(fingerprint string, der []byte, start, end string) string {
	return fmt.Sprintf(`{"Fingerprint":%q,"Value":%q,"ValidityStartTime":%s,"ValidityEndTime":%s}`, fingerprint, base64.StdEncoding.EncodeToString(der), start, end)
}

// Both forms of times, both forms of keys, keys that are none.
func TestKeyFile(t *testing.T) {
	spki, err := x509.MarshalPKIXPublicKey(&signer().PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, err := x509.MarshalPKIXPublicKey(&curve.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := digest.OpenKeyRing([]string{keyFile(t, `{"PublicKeyList":[`+strings.Join([]string{
		entry("pkcs1", x509.MarshalPKCS1PublicKey(&signer().PublicKey), "1748700000", "1.7513E9"),
		entry("spki", spki, `"2025-06-01T00:00:00+00:00"`, `"2025-07-01T00:00:00.123Z"`),
		entry("curve", other, "0", "0"),
		entry("garbage", []byte("garbage"), "0", "0"),
	}, ",")+`]}`)}, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	for fingerprint, want := range map[string]error{"pkcs1": nil, "spki": nil, "curve": digest.ErrBadKey, "garbage": digest.ErrBadKey, "absent": digest.ErrNoKey} {
		key, err := ring.Key(t.Context(), "us-east-1", fingerprint, first)
		if !errors.Is(err, want) || want == nil && !key.Equal(&signer().PublicKey) {
			t.Errorf("%s: %v, %v; want %v", fingerprint, key, err, want)
		}
	}
}

func TestKeyFileRefuses(t *testing.T) {
	for _, text := range []string{``, `[]`, `{}`, `{"PublicKeyList":[{"Value":"%"}]}`, `{"PublicKeyList":[{"ValidityStartTime":"soon"}]}`, `{"PublicKeyList":[{"ValidityEndTime":1e300}]}`} {
		if _, err := digest.OpenKeyRing([]string{keyFile(t, text)}, "", nil); err == nil {
			t.Errorf("%s: no error", text)
		}
	}
	if _, err := digest.OpenKeyRing([]string{filepath.Join(t.TempDir(), "absent")}, "", nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent file: %v", err)
	}
}

// counting answers like CloudTrail and counts.
type counting struct {
	asked []string
	keys  []digest.PublicKey
	err   error
}

func (c *counting) ListPublicKeys(_ context.Context, region string, from, to time.Time) ([]digest.PublicKey, error) {
	c.asked = append(c.asked, fmt.Sprintf("%s %s %s", region, from.Format("15:04"), to.Format("15:04")))
	return c.keys, c.err
}

// A key is asked for once and for all: the next ring knows it without asking.
func TestKeysAreKept(t *testing.T) {
	cache := filepath.Join(t.TempDir(), "public-keys.json")
	lister := &counting{keys: []digest.PublicKey{{Fingerprint: "one", Value: x509.MarshalPKCS1PublicKey(&signer().PublicKey), ValidityStartTime: digest.Instant{Time: first}}}}
	ring, err := digest.OpenKeyRing(nil, cache, lister)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if key, err := ring.Key(t.Context(), "eu-west-1", "one", first); err != nil || !key.Equal(&signer().PublicKey) {
			t.Fatal(key, err)
		}
		if _, err := ring.Key(t.Context(), "eu-west-1", "two", first); !errors.Is(err, digest.ErrNoKey) {
			t.Fatal(err)
		}
	}
	if got := strings.Join(lister.asked, ", "); got != "eu-west-1 20:30 23:30, eu-west-1 20:30 23:30" {
		t.Errorf("asked %s; want one question for each key", got)
	}
	ring, err = digest.OpenKeyRing(nil, cache, nil)
	if err != nil {
		t.Fatal(err)
	}
	if key, err := ring.Key(t.Context(), "eu-west-1", "one", first); err != nil || !key.Equal(&signer().PublicKey) {
		t.Error("after opening again:", key, err)
	}
}

// That CloudTrail cannot be asked is not the fault of a digest.
func TestKeysCannotBeAsked(t *testing.T) {
	failed := errors.New("no network")
	ring, err := digest.OpenKeyRing(nil, "", &counting{err: failed})
	if err != nil {
		t.Fatal(err)
	}
	b := bucket{}
	newMaker(t, b).hours(first, 2)
	if _, err := digest.Verify(t.Context(), b, ring, digest.Options{}, &collector{}); !errors.Is(err, failed) {
		t.Errorf("%v, want %v", err, failed)
	}
	ring, err = digest.OpenKeyRing(nil, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	var got collector
	if _, err := digest.Verify(t.Context(), b, ring, digest.Options{}, &got); err != nil || got.files[0].Status != digest.KeyNotFound {
		t.Errorf("%v, %v", got.wrong(), err)
	}
}
