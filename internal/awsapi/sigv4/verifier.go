package sigv4

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// ErrNoKey is what Secret returns for an access key that does not exist or was revoked.
var ErrNoKey = errors.New("there is no such access key")

// skew is how far a signature's time may be from ours, as AWS allows.
const skew = 5 * time.Minute

// Options configure a Verifier.
type Options struct {
	// Secret finds the secret of an access key; ErrNoKey when there is none. It is asked for every request, from many
	// goroutines.
	Secret func(ctx context.Context, accessKey string) (string, error)
	// Hosts are names under which clients know the service when a proxy changes the Host header. The header itself is
	// always tried first.
	Hosts []string
	Now   func() time.Time // nil: time.Now
}

// Verifier checks signatures. It is safe for concurrent use.
type Verifier struct {
	opt  Options
	mu   sync.RWMutex
	keys map[keyID][sha256.Size]byte // derived signing keys
}

// keyID names a signing key. The secret is part of it: should one be replaced, the old signing key is not found.
type keyID struct{ accessKey, secret, date, region, service string }

// maxKeys bounds the cache of signing keys; one serves an access key for a day.
const maxKeys = 4096

// New makes a Verifier.
func New(opt Options) *Verifier {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	return &Verifier{opt: opt, keys: map[keyID][sha256.Size]byte{}}
}

// Claims is what a signature proves.
type Claims struct {
	AccessKey    string
	Region       string
	Service      string
	SignedAt     time.Time
	SessionToken string // of temporary credentials; the caller decides whether it issues such
	Query        []Pair // the decoded query
	Signature    [sha256.Size]byte
}

// Pending is a request whose header is fine and whose signature was not compared yet.
type Pending struct {
	v      *Verifier
	r      *http.Request
	auth   authorization
	claims Claims
	date   string // X-Amz-Date
	key    [sha256.Size]byte
}

// Begin checks everything that can be known without the body: the header's form, the time, the scope, the access key. The
// request must be signed for service. Errors are *Error, or those of Options.Secret.
func (v *Verifier) Begin(r *http.Request, service string) (*Pending, error) {
	a, err := parseAuthorization(r)
	if err != nil {
		return nil, err
	}
	p := &Pending{v: v, r: r, auth: a, date: r.Header.Get("X-Amz-Date")}
	p.claims = Claims{AccessKey: a.accessKey, Region: a.region, Service: a.service, SessionToken: r.Header.Get("X-Amz-Security-Token"), Signature: [sha256.Size]byte(a.signature)}
	if err := p.checkTime(v.opt.Now()); err != nil {
		return nil, err
	}
	if a.service != service {
		return nil, refuse(InvalidSignature, "Credential should be scoped to correct service: '%s'.", service)
	}
	if err := p.checkSigned(); err != nil {
		return nil, err
	}
	if p.claims.Query, err = Query(r.URL.RawQuery); err != nil {
		return nil, refuse(InvalidSignature, "The query string has a broken percent escape.")
	}
	secret, err := v.opt.Secret(r.Context(), a.accessKey)
	if errors.Is(err, ErrNoKey) {
		return nil, refuse(UnrecognizedClient, "The security token included in the request is invalid.")
	}
	if err != nil {
		return nil, err
	}
	p.key = v.signingKey(keyID{a.accessKey, secret, a.date, a.region, a.service})
	return p, nil
}

func (p *Pending) checkTime(now time.Time) error {
	at, err := time.Parse(timeLayout, p.date)
	if err != nil {
		return refuse(IncompleteSignature, "Authorization header requires existence of an 'X-Amz-Date' header in the form %s.", timeLayout)
	}
	p.claims.SignedAt = at
	if day := at.Format(scopeLayout); day != p.auth.date {
		return refuse(InvalidSignature, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s', from '%s'.", p.auth.date, day, p.date)
	}
	stamp := func(t time.Time) string { return t.UTC().Format(timeLayout) }
	switch {
	case at.Before(now.Add(-skew)):
		return refuse(InvalidSignature, "Signature expired: %s is now earlier than %s (%s - 5 min.)", p.date, stamp(now.Add(-skew)), stamp(now))
	case at.After(now.Add(skew)):
		return refuse(InvalidSignature, "Signature not yet current: %s is still later than %s (%s + 5 min.)", p.date, stamp(now.Add(skew)), stamp(now))
	}
	return nil
}

// checkSigned insists that what decides about the request is signed: a signature without the operation's name could be
// used for another one.
func (p *Pending) checkSigned() error {
	for _, name := range []string{"host", "x-amz-date", "x-amz-target", "x-amz-security-token"} {
		sent := name == "host" || p.r.Header.Get(name) != ""
		if sent && !slices.Contains(p.auth.signed, name) {
			return refuse(InvalidSignature, "'%s' must be a 'SignedHeader' in the AWS Authorization.", name)
		}
	}
	return nil
}

// unsignedPayload says that the body is protected by TLS alone.
const unsignedPayload = "UNSIGNED-PAYLOAD"

// Check compares the signature, with the SHA-256 of the body that was read. Errors are *Error.
func (p *Pending) Check(body [sha256.Size]byte) (Claims, error) {
	payload := hex.EncodeToString(body[:])
	if said := p.r.Header.Get("X-Amz-Content-Sha256"); said == unsignedPayload {
		if p.r.TLS == nil {
			return Claims{}, refuse(InvalidSignature, "A request without TLS must sign its payload.")
		}
		payload = unsignedPayload
	} else if said != "" && !strings.EqualFold(said, payload) {
		return Claims{}, refuse(InvalidSignature, "The provided 'x-amz-content-sha256' header does not match what was computed.")
	}
	same := p.matches(p.r.Host, payload)
	for _, host := range p.v.opt.Hosts {
		same |= p.matches(host, payload)
	}
	if same != 1 {
		return Claims{}, refuse(InvalidSignature, "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
	}
	return p.claims, nil
}

func (p *Pending) matches(host, payload string) int {
	canonical := sha256.Sum256(canonicalRequest(p.r, host, p.auth.signed, p.claims.Query, payload))
	var text bytes.Buffer
	for _, line := range []string{algorithm, p.date, p.auth.scope()} {
		text.WriteString(line + "\n")
	}
	text.WriteString(hex.EncodeToString(canonical[:]))
	want := sum(p.key[:], text.Bytes())
	return subtle.ConstantTimeCompare(want[:], p.auth.signature)
}

func (v *Verifier) signingKey(id keyID) [sha256.Size]byte {
	v.mu.RLock()
	key, ok := v.keys[id]
	v.mu.RUnlock()
	if ok {
		return key
	}
	key = sum([]byte("AWS4"+id.secret), []byte(id.date))
	for _, part := range []string{id.region, id.service, terminator} {
		key = sum(key[:], []byte(part))
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.keys) >= maxKeys {
		clear(v.keys)
	}
	v.keys[id] = key
	return key
}

func sum(key, text []byte) (out [sha256.Size]byte) {
	h := hmac.New(sha256.New, key)
	h.Write(text)
	h.Sum(out[:0])
	return out
}
