package awsapi

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"kiroku/internal/cloudtrail/digest"
	"kiroku/internal/diskfile"
)

// SigningKey signs the results that are delivered to buckets, in CloudTrail's place. It lies in a file, PEM of PKCS #1 with a
// header that says when it was made; the first signature makes it. It is safe for concurrent use.
type SigningKey struct {
	path string

	mu      sync.Mutex
	key     *rsa.PrivateKey // nil: not read yet
	created time.Time
}

const (
	signingBits   = 2048
	signingPEM    = "RSA PRIVATE KEY"
	signingHeader = "Created"
	// signingValid is how long a key is said to be valid: the proof should outlive what it is about.
	signingValid = 20 * 365 * 24 * time.Hour
	// signingBefore is from how long before it was made a key is valid: the query whose result it signs first was over then,
	// and its parts were delivered.
	signingBefore = 24 * time.Hour
)

// NewSigningKey is the key in a file, which need not be there yet.
func NewSigningKey(path string) *SigningKey { return &SigningKey{path: path} }

// read reads the key; os.ErrNotExist when there is none. The caller holds mu.
func (k *SigningKey) read() error {
	if k.key != nil {
		return nil
	}
	text, err := os.ReadFile(k.path)
	if err != nil {
		return fmt.Errorf("read signing key: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != signingPEM {
		return fmt.Errorf("read signing key %q: it is not PEM of type %q", k.path, signingPEM)
	}
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		return fmt.Errorf("read signing key %q: %w", k.path, err)
	}
	if k.created, err = time.Parse(time.RFC3339, block.Headers[signingHeader]); err != nil {
		return fmt.Errorf("read signing key %q: %w", k.path, err)
	}
	k.key = key
	return nil
}

// make makes the key. One that is there is never overwritten. The caller holds mu.
func (k *SigningKey) make() error {
	key, err := rsa.GenerateKey(rand.Reader, signingBits)
	if err != nil {
		return fmt.Errorf("make signing key: %w", err)
	}
	created := time.Now().UTC().Truncate(time.Second)
	text := pem.EncodeToMemory(&pem.Block{Type: signingPEM, Headers: map[string]string{signingHeader: created.Format(time.RFC3339)}, Bytes: x509.MarshalPKCS1PrivateKey(key)})
	f, err := os.OpenFile(k.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("make signing key: %w", err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close(), diskfile.SyncDir(filepath.Dir(k.path))); err != nil {
		return fmt.Errorf("make signing key: %w", errors.Join(err, os.Remove(k.path)))
	}
	k.key, k.created = key, created
	return nil
}

// public is the public half: DER of PKCS #1, and its fingerprint. The caller holds mu and has read the key.
func (k *SigningKey) public() (der []byte, fingerprint string) {
	der = x509.MarshalPKCS1PublicKey(&k.key.PublicKey)
	sum := sha256.Sum256(der)
	return der, hex.EncodeToString(sum[:16]) // as long as CloudTrail's
}

// sign signs a text with RSA PKCS #1 v1.5 over its SHA-256, in hexadecimal digits.
func (k *SigningKey) sign(text string) (signature, fingerprint string, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.read(); errors.Is(err, os.ErrNotExist) {
		err = k.make()
		if err != nil {
			return "", "", err
		}
	} else if err != nil {
		return "", "", err
	}
	sum := sha256.Sum256([]byte(text))
	b, err := rsa.SignPKCS1v15(rand.Reader, k.key, crypto.SHA256, sum[:])
	if err != nil {
		return "", "", fmt.Errorf("sign query result: %w", err)
	}
	_, fingerprint = k.public()
	return hex.EncodeToString(b), fingerprint, nil
}

// between is the public key when it is valid at some time of a period.
func (k *SigningKey) between(from, to time.Time) ([]digest.PublicKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.read(); errors.Is(err, os.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	der, fingerprint := k.public()
	start, end := k.created.Add(-signingBefore), k.created.Add(signingValid)
	if start.After(to) || end.Before(from) {
		return nil, nil
	}
	return []digest.PublicKey{{Fingerprint: fingerprint, ValidityStartTime: digest.Instant{Time: start}, ValidityEndTime: digest.Instant{Time: end}, Value: der}}, nil
}
