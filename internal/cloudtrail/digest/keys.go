package digest

import (
	"cmp"
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"kiroku/internal/diskfile"
)

// Errors of Keys.
var (
	// ErrNoKey means that no public key with the fingerprint is known.
	ErrNoKey = errors.New("public key not found")
	// ErrBadKey means that the key with the fingerprint is not one of RSA.
	ErrBadKey = errors.New("public key cannot be used")
)

// Keys finds the public halves of the keys with which CloudTrail signs. Each region has its own. It is used by several
// goroutines at once.
type Keys interface {
	// Key is the key with the fingerprint that was valid in the region at the time. An error that is ErrNoKey or ErrBadKey
	// makes the digest invalid, any other one ends the verification.
	Key(ctx context.Context, region, fingerprint string, at time.Time) (*rsa.PublicKey, error)
}

// Lister asks CloudTrail for the keys of a region that were valid at some time of a period.
type Lister interface {
	ListPublicKeys(ctx context.Context, region string, from, to time.Time) ([]PublicKey, error)
}

// PublicKey is one of the keys in an answer of ListPublicKeys.
type PublicKey struct {
	Fingerprint       string  `json:"Fingerprint"`
	ValidityStartTime Instant `json:"ValidityStartTime"`
	ValidityEndTime   Instant `json:"ValidityEndTime"`
	Value             []byte  `json:"Value"` // DER: PKCS #1, or SubjectPublicKeyInfo
}

// Instant is a time in an answer of AWS: seconds since 1970, or RFC 3339 as the AWS CLI prints it.
type Instant struct{ time.Time }

// UnmarshalJSON reads both forms.
func (i *Instant) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		return json.Unmarshal(raw, &i.Time)
	}
	seconds, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || seconds < -1e11 || seconds > 1e11 {
		return fmt.Errorf("read time: %q is neither seconds since 1970 nor RFC 3339", raw)
	}
	i.Time = time.UnixMilli(int64(seconds * 1000)).UTC()
	return nil
}

// keyList is an answer of ListPublicKeys, and the form of a key file.
type keyList struct {
	PublicKeyList []PublicKey `json:"PublicKeyList"`
}

// maxKeyFile is the size in bytes up to which a key file is read; a key takes 500.
const maxKeyFile = 16 << 20

// KeyRing is a set of keys from files that grows by asking CloudTrail. AWS shows keys only as long as the account is there;
// a ring keeps them for ever, so that the proof outlives the account.
type KeyRing struct {
	cache  string
	lister Lister

	mu     sync.Mutex
	keys   map[string]PublicKey
	missed map[string]bool // region, fingerprint and hour for which CloudTrail knew nothing
}

// OpenKeyRing reads key files: answers of ListPublicKeys, as "aws cloudtrail list-public-keys" prints them. cache is the name
// of a file of the same form in which keys are kept that lister found; it need not be there yet, and "" keeps none. Without a
// lister there are only the keys of the files, which is for machines without network.
func OpenKeyRing(files []string, cache string, lister Lister) (*KeyRing, error) {
	r := &KeyRing{cache: cache, lister: lister, keys: map[string]PublicKey{}, missed: map[string]bool{}}
	for _, name := range files {
		if err := r.read(name); err != nil {
			return nil, err
		}
	}
	if cache != "" {
		if err := r.read(cache); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	return r, nil
}

func (r *KeyRing) read(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("open key file: %w", err)
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	if err != nil {
		return fmt.Errorf("read key file: %w", err)
	}
	var list keyList
	if err := json.Unmarshal(raw, &list); err != nil {
		return fmt.Errorf("read key file %q: %w", name, err)
	}
	if list.PublicKeyList == nil {
		return fmt.Errorf("read key file %q: PublicKeyList is missing", name)
	}
	r.add(list.PublicKeyList)
	return nil
}

// add says whether a key was new.
func (r *KeyRing) add(keys []PublicKey) bool {
	before := len(r.keys)
	for _, k := range keys {
		if k.Fingerprint != "" {
			r.keys[k.Fingerprint] = k
		}
	}
	return len(r.keys) > before
}

// Key implements Keys.
func (r *KeyRing) Key(ctx context.Context, region, fingerprint string, at time.Time) (*rsa.PublicKey, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k, ok := r.keys[fingerprint]
	if !ok && r.lister != nil {
		if err := r.ask(ctx, region, fingerprint, at); err != nil {
			return nil, err
		}
		k, ok = r.keys[fingerprint]
	}
	if !ok {
		return nil, fmt.Errorf("%w in region %s for fingerprint %s", ErrNoKey, region, fingerprint)
	}
	return k.rsa()
}

// ask gets the keys of the hours around at, as the AWS tool does, and keeps them.
func (r *KeyRing) ask(ctx context.Context, region, fingerprint string, at time.Time) error {
	question := region + " " + fingerprint + " " + at.Truncate(time.Hour).String()
	if r.missed[question] {
		return nil
	}
	found, err := r.lister.ListPublicKeys(ctx, region, at.Add(-time.Hour), at.Add(2*time.Hour))
	if err != nil {
		return fmt.Errorf("list public keys of region %q: %w", region, err)
	}
	grown := r.add(found)
	if _, ok := r.keys[fingerprint]; !ok && len(r.missed) < 10_000 {
		r.missed[question] = true
	}
	if !grown || r.cache == "" {
		return nil
	}
	return r.save()
}

func (r *KeyRing) save() error {
	list := keyList{slices.SortedFunc(maps.Values(r.keys), func(a, b PublicKey) int {
		return cmp.Or(a.ValidityStartTime.Compare(b.ValidityStartTime.Time), cmp.Compare(a.Fingerprint, b.Fingerprint))
	})}
	err := diskfile.WriteFile(r.cache, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(list)
	})
	if err != nil {
		return fmt.Errorf("keep public keys: %w", err)
	}
	return nil
}

// rsa reads the key. The API's reference says PKCS #1; one printed example is a SubjectPublicKeyInfo.
func (k *PublicKey) rsa() (*rsa.PublicKey, error) {
	if key, err := x509.ParsePKCS1PublicKey(k.Value); err == nil {
		return key, nil
	}
	any, err := x509.ParsePKIXPublicKey(k.Value)
	if err != nil {
		return nil, fmt.Errorf("%w: unable to load PKCS #1 key with fingerprint %s", ErrBadKey, k.Fingerprint)
	}
	key, ok := any.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("%w: the key with fingerprint %s is not one of RSA", ErrBadKey, k.Fingerprint)
	}
	return key, nil
}
