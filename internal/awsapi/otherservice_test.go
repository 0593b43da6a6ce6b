package awsapi_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"kiroku/internal/awsapi"
)

// Requests of other services get an error in their form, which no client tries again.
func TestOtherServices(t *testing.T) {
	w := newWorld(t, nil)
	type named struct {
		XMLName xml.Name
		Code    string `xml:"Code"`
		Inner   string `xml:"Error>Code"`
		Listed  string `xml:"Errors>Error>Code"`
	}
	for _, c := range []struct{ service, method, path, contentType, root string }{
		{"s3", "GET", "/", "", "Error"},
		{"s3", "GET", "/bucket?list-type=2&prefix=a", "", "Error"},
		{"s3", "PUT", "/bucket/key", "text/plain", "Error"},
		{"s3", "HEAD", "/bucket/key", "", ""},
		{"s3", "POST", "/bucket?delete", "application/xml", "Error"},
		{"sts", "POST", "/", "application/x-www-form-urlencoded; charset=utf-8", "ErrorResponse"},
		{"ec2", "POST", "/", "application/x-www-form-urlencoded; charset=utf-8", "Response"},
		{"route53", "GET", "/2013-04-01/hostedzone", "", "ErrorResponse"},
		{"sqs", "POST", "/", "application/x-amz-json-1.0", "json"},
		{"lambda", "GET", "/2015-03-31/functions/", "", "json"},
	} {
		body := []byte("x=y")
		if c.method == http.MethodGet || c.method == http.MethodHead {
			body = nil
		}
		r, err := http.NewRequestWithContext(t.Context(), c.method, w.server.URL+c.path, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if c.contentType != "" {
			r.Header.Set("Content-Type", c.contentType)
		}
		sum := sha256.Sum256(body)
		if err := v4.NewSigner().SignHTTP(t.Context(), w.owner, r, hex.EncodeToString(sum[:]), c.service, region, time.Now()); err != nil {
			t.Fatal(err)
		}
		if !awsapi.Takes(r) {
			t.Errorf("%+v is left to the console", c)
			continue
		}
		if c.root == "json" {
			if a := w.send(r); a.status != http.StatusBadRequest || a.code != "UnsupportedOperationException" || !strings.Contains(a.body, "not "+c.service) {
				t.Errorf("%+v: %d %s", c, a.status, a.body)
			}
			continue
		}
		resp, err := w.server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		var got named
		if c.root != "" && (xml.Unmarshal(text, &got) != nil || got.XMLName.Local != c.root || got.Code+got.Inner+got.Listed != "UnsupportedOperationException") || resp.StatusCode != http.StatusBadRequest || err != nil ||
			resp.Header.Get("Content-Type") != "application/xml" {
			t.Errorf("%+v: %d %s %v", c, resp.StatusCode, text, resp.Header)
		}
	}
}

// What AWS's tools sign in a query, and what they send by mistake to another path, are theirs, too; the console's own is not.
func TestTakesWhatIsSigned(t *testing.T) {
	scope := "AKIAEXAMPLE/20260101/us-east-1/s3/aws4_request"
	for _, c := range []struct {
		path, authorization string
		want                bool
	}{
		{"/", "", false},
		{"/bucket", "AWS4-HMAC-SHA256 Credential=" + scope + ", SignedHeaders=host, Signature=00", true},
		{"/bucket", "AWS4-HMAC-SHA256 SignedHeaders=host,Signature=00,Credential=" + scope, true},
		{"/bucket?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" + strings.ReplaceAll(scope, "/", "%2F"), "", true},
		{"/api/v1/status", "Bearer abc", false},
		{"/api/v1/status", "AWS4-HMAC-SHA256 Credential=a/b", false},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", c.authorization)
		if awsapi.Takes(r) != c.want {
			t.Errorf("%+v", c)
		}
	}
}
