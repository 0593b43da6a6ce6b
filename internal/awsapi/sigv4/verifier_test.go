package sigv4

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

type vector struct {
	Name, Expect, Method, Path, RawQuery, Body, Region, Service string
	AccessKeyID                                                 string `json:"accessKeyId"`
	SecretAccessKey, CanonicalRequest                           string
	Headers                                                     map[string]string
	Now                                                         time.Time
}

func (v *vector) request() *http.Request {
	r := httptest.NewRequest(v.Method, v.Path, strings.NewReader(v.Body))
	r.URL.RawQuery = v.RawQuery
	for name, value := range v.Headers {
		switch name {
		case "Host":
			r.Host = value
		case "Content-Length":
			r.ContentLength, _ = strconv.ParseInt(value, 10, 64)
		default:
			r.Header.Set(name, value)
		}
	}
	return r
}

func (v *vector) verify(opt Options) (Claims, error) {
	opt.Now = func() time.Time { return v.Now }
	opt.Secret = func(_ context.Context, id string) (string, error) {
		if id != v.AccessKeyID {
			return "", ErrNoKey
		}
		return v.SecretAccessKey, nil
	}
	p, err := New(opt).Begin(v.request(), v.Service)
	if err != nil {
		return Claims{}, err
	}
	return p.Check(sha256.Sum256([]byte(v.Body)))
}

func vectors(t testing.TB) []vector {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// What the vectors expect, as code and as part of the message.
var verdicts = map[string]struct {
	code Code
	says string
}{
	"signature-mismatch": {InvalidSignature, "does not match the signature you provided"},
	"expired":            {InvalidSignature, "5 min.)"},
	"wrong-service":      {InvalidSignature, "correct service: 'cloudtrail-data'"},
	"unsigned-header":    {InvalidSignature, "must be a 'SignedHeader'"},
	"scope-date":         {InvalidSignature, "Date in Credential scope does not match"},
	"missing-token":      {MissingAuthenticationToken, "Missing Authentication Token"},
	"incomplete":         {IncompleteSignature, "Signature must have 64"},
	"payload-hash":       {InvalidSignature, "x-amz-content-sha256"},
}

func TestVectors(t *testing.T) {
	for _, v := range vectors(t) {
		if v.Path == "/PutAuditEvents" {
			v.Service = "cloudtrail-data" // what the endpoint asks for, whatever the vector was signed for
		}
		claims, err := v.verify(Options{})
		if v.CanonicalRequest != "" {
			r := v.request()
			a, _ := parseAuthorization(r)
			pairs, _ := Query(v.RawQuery)
			sum := sha256.Sum256([]byte(v.Body))
			if got := string(canonicalRequest(r, r.Host, a.signed, pairs, hex.EncodeToString(sum[:]))); got != v.CanonicalRequest {
				t.Errorf("%s: canonical request\n%s\nwant\n%s", v.Name, got, v.CanonicalRequest)
			}
		}
		if v.Expect == "valid" {
			if err != nil || claims.AccessKey != v.AccessKeyID || claims.Region != v.Region || claims.Service != v.Service || claims.SessionToken != v.Headers["X-Amz-Security-Token"] {
				t.Errorf("%s: %+v, %v", v.Name, claims, err)
			}
			continue
		}
		want, known := verdicts[v.Expect]
		var e *Error
		if !known || !errors.As(err, &e) || e.Code != want.code || !strings.Contains(e.Message, want.says) {
			t.Errorf("%s: %v, want %s with %q", v.Name, err, want.code, want.says)
		}
	}
}

// sign makes the Authorization header by the specification, independently of canonicalRequest: text is the canonical request.
func sign(v *vector, text, signed string) string {
	mac := func(key, s string) string {
		h := hmac.New(sha256.New, []byte(key))
		h.Write([]byte(s))
		return string(h.Sum(nil))
	}
	date := v.Headers["X-Amz-Date"]
	scope := date[:8] + "/" + v.Region + "/" + v.Service + "/aws4_request"
	sum := sha256.Sum256([]byte(text))
	key := mac(mac(mac(mac("AWS4"+v.SecretAccessKey, date[:8]), v.Region), v.Service), "aws4_request")
	signature := mac(key, "AWS4-HMAC-SHA256\n"+date+"\n"+scope+"\n"+hex.EncodeToString(sum[:]))
	return "AWS4-HMAC-SHA256 Credential=" + v.AccessKeyID + "/" + scope + ",SignedHeaders=" + signed + ",Signature=" + hex.EncodeToString([]byte(signature))
}

func example() *vector {
	return &vector{Method: "POST", Path: "/", Body: "{}", Region: "eu-west-1", Service: "cloudtrail", AccessKeyID: "AKIDEXAMPLE",
		SecretAccessKey: "secret", Now: time.Date(2026, 11, 1, 0, 1, 0, 0, time.UTC),
		Headers: map[string]string{"Host": "kiroku.example.com", "X-Amz-Date": "20261101T000000Z"}}
}

const emptyObject = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a" // SHA-256 of {}

func TestSpecialForms(t *testing.T) {
	const head = "host:kiroku.example.com\nx-amz-date:20261101T000000Z\n\nhost;x-amz-date\n"
	for name, c := range map[string]struct {
		query, text string
		change      func(*vector)
		opt         Options
		want        string // part of the error; "" for none
	}{
		"plus and semicolon in the query": {query: "b=1;2&a=x+y&a=%2B", text: "POST\n/\na=%2B&a=x%2By&b=1%3B2\n" + head + emptyObject},
		"parameter without value":         {query: "acl", text: "POST\n/\nacl=\n" + head + emptyObject},
		"sorted after encoding":           {query: "%7E=1&A=2&a=3&%E3%81%82=4", text: "POST\n/\n%E3%81%82=4&A=2&a=3&~=1\n" + head + emptyObject},
		"broken escape":                   {query: "a=%zz", text: "POST\n/\na=%zz\n" + head + emptyObject, want: "percent"},
		"another host of ours": {text: "POST\n/\n\n" + head + emptyObject, opt: Options{Hosts: []string{"other.example.com", "kiroku.example.com"}},
			change: func(v *vector) { v.Headers["Host"] = "10.0.0.1:8480" }},
		"another host": {text: "POST\n/\n\n" + head + emptyObject, change: func(v *vector) { v.Headers["Host"] = "10.0.0.1:8480" }, want: "does not match"},
		"inner spaces": {text: "POST\n/\n\nhost:kiroku.example.com\nx-amz-date:20261101T000000Z\nx-note:a b c\n\nhost;x-amz-date;x-note\n" + emptyObject,
			change: func(v *vector) { v.Headers["X-Note"] = "  a   b c " }},
		"payload not signed, without TLS": {text: "POST\n/\n\n" + head + unsignedPayload,
			change: func(v *vector) { v.Headers["X-Amz-Content-Sha256"] = unsignedPayload }, want: "without TLS"},
		"streaming": {text: "POST\n/\n\n" + head + "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
			change: func(v *vector) { v.Headers["X-Amz-Content-Sha256"] = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" }, want: "x-amz-content-sha256"},
		"unknown key": {text: "POST\n/\n\n" + head + emptyObject, change: func(v *vector) {
			v.Headers["Authorization"] = strings.Replace(v.Headers["Authorization"], "AKID", "AKIE", 1)
		}, want: string(UnrecognizedClient)},
		"another algorithm": {text: "POST\n/\n\n" + head + emptyObject, change: func(v *vector) { v.Headers["Authorization"] = "AWS4-ECDSA-P256-SHA256 Credential=a" }, want: "requires the algorithm"},
		"bearer token":      {text: "POST\n/\n\n" + head + emptyObject, change: func(v *vector) { v.Headers["Authorization"] = "Bearer x" }, want: "requires the algorithm"},
		"presigned":         {query: "X-Amz-Signature=00", change: func(v *vector) { delete(v.Headers, "Authorization") }, want: "Presigned"},
		"credential too short": {change: func(v *vector) {
			v.Headers["Authorization"] = "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=00"
		}, want: "5 slash-delimited"},
		"no SignedHeaders": {change: func(v *vector) {
			v.Headers["Authorization"] = "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request, Signature=00"
		}, want: "'SignedHeaders' parameter"},
		"the same header twice": {change: func(v *vector) {
			v.Headers["Authorization"] = "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request, SignedHeaders=host;host, Signature=00"
		}, want: "different headers"},
		"date without time": {change: func(v *vector) { v.Headers["X-Amz-Date"] = "20261101" }, want: "X-Amz-Date"},
	} {
		v := example()
		v.RawQuery = c.query
		signed := "host;x-amz-date"
		if strings.Contains(c.text, "x-note") {
			signed += ";x-note"
		}
		v.Headers["Authorization"] = sign(v, c.text, signed)
		if c.change != nil {
			c.change(v)
		}
		_, err := v.verify(c.opt)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestUnsignedPayloadOverTLS(t *testing.T) {
	v := example()
	v.Headers["X-Amz-Content-Sha256"] = unsignedPayload
	v.Headers["Authorization"] = sign(v, "POST\n/\n\nhost:kiroku.example.com\nx-amz-date:20261101T000000Z\n\nhost;x-amz-date\n"+unsignedPayload, "host;x-amz-date")
	r := v.request()
	r.TLS = &tls.ConnectionState{}
	verifier := New(Options{Now: func() time.Time { return v.Now }, Secret: func(context.Context, string) (string, error) { return v.SecretAccessKey, nil }})
	p, err := verifier.Begin(r, "cloudtrail")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Check([32]byte{1}); err != nil {
		t.Errorf("Check: %v", err)
	}
}

// A failing store of keys is not the caller's fault.
func TestSecretFails(t *testing.T) {
	v := example()
	v.Headers["Authorization"] = sign(v, "", "host;x-amz-date")
	boom := errors.New("boom")
	_, err := New(Options{Now: func() time.Time { return v.Now }, Secret: func(context.Context, string) (string, error) { return "", boom }}).Begin(v.request(), "cloudtrail")
	if err != boom {
		t.Errorf("Begin = %v", err)
	}
}

func TestSigningKeysAreBounded(t *testing.T) {
	v := New(Options{})
	for i := range maxKeys + 10 {
		v.signingKey(keyID{accessKey: strconv.Itoa(i)})
	}
	if len(v.keys) > maxKeys {
		t.Errorf("%d keys are cached", len(v.keys))
	}
}

func TestReplays(t *testing.T) {
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	r := NewReplays(10)
	sig := func(n byte) [32]byte { return [32]byte{n} }
	state := func(n byte, want State, answer string) {
		t.Helper()
		if got, a := r.Begin(sig(n), now); got != want || string(a) != answer {
			t.Errorf("signature %d: state %d with %q, want %d with %q", n, got, a, want, answer)
		}
	}
	state(1, First, "")
	state(1, Busy, "")
	r.Done(sig(1), []byte("answer"))
	state(1, Repeated, "answer")
	state(2, First, "")
	r.Forget(sig(2))
	state(2, First, "")
	r.Done(sig(2), []byte("second"))
	state(1, Lost, "")
	state(2, Repeated, "second")
	now = now.Add(keepReplays + time.Second)
	state(3, First, "")
	state(2, Repeated, "second") // still valid: it may have been signed for a time ahead
	now = now.Add(2 * (keepReplays + time.Second))
	state(3, Busy, "")
	now = now.Add(keepReplays + time.Second)
	state(3, First, "")
	r.Done(sig(9), []byte("unknown"))
	if len(r.order) > 2 {
		t.Errorf("%d answers are kept", len(r.order))
	}
}

// Property: whatever the header and the query are, only the one right signature is taken, and decoding a query and encoding
// it again in canonical form is stable.
func FuzzBegin(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.Headers["Authorization"], v.RawQuery, v.Headers["X-Amz-Date"])
	}
	f.Fuzz(func(t *testing.T, auth, query, date string) {
		v := example()
		v.RawQuery, v.Headers["Authorization"], v.Headers["X-Amz-Date"] = query, auth, date
		if claims, err := v.verify(Options{}); err == nil {
			t.Fatalf("taken: %+v", claims) // the secret is in no seed
		} else if e := new(Error); !errors.As(err, &e) {
			t.Fatalf("%v is not an Error", err)
		}
		pairs, err := Query(query)
		if err != nil {
			return
		}
		once := appendQuery(nil, pairs)
		again, err := Query(string(once))
		if err != nil || !bytes.Equal(appendQuery(nil, again), once) {
			t.Fatalf("%q becomes %q and then %q, %v", query, once, appendQuery(nil, again), err)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	v := vectors(b)[2]
	body := bytes.Repeat([]byte(v.Body), 150) // about what 100 events are
	r := v.request()
	verifier := New(Options{Now: func() time.Time { return v.Now }, Secret: func(context.Context, string) (string, error) { return v.SecretAccessKey, nil }})
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		p, err := verifier.Begin(r, v.Service)
		if err != nil {
			b.Fatal(err)
		}
		_, _ = p.Check(sha256.Sum256(body))
	}
}
