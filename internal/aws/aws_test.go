package aws

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kiroku/internal/fault"
)

// at opens a client of a server that f plays.
func at(t *testing.T, opt Options, f http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	opt.Endpoint, opt.PathStyle = s.URL, true
	if opt.AccessKeyID == "" && opt.WebIdentityTokenFile == "" {
		opt.AccessKeyID, opt.SecretAccessKey = "AKIAEXAMPLE", "secret"
	}
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	c, err := Open(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		status  int
		code    string
		kind    fault.Kind
		missing string
	}{
		{404, "NoSuchKey", fault.NotFound, ""},
		{404, "NoSuchBucket", fault.Invalid, ""},
		{403, "AccessDenied", fault.Denied, "s3:GetObject"},
		{403, "InvalidObjectState", fault.Conflict, ""},
		{403, "InvalidAccessKeyId", fault.NoToken, ""},
		{403, "SignatureDoesNotMatch", fault.NoToken, ""},
		{400, "ExpiredToken", fault.NoToken, ""},
		{400, "InvalidRequest", fault.Other, ""},
	} {
		c := at(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(tt.status)
			fmt.Fprintf(w, `<?xml version="1.0"?><Error><Code>%s</Code><Message>words</Message></Error>`, tt.code)
		})
		_, err := c.Get(t.Context(), "bucket", "a/key")
		if fault.KindOf(err) != tt.kind || Missing(err) != tt.missing || !strings.Contains(fmt.Sprint(err), `"bucket/a/key": `+tt.code+": words") {
			t.Errorf("%s: kind %d, missing %q: %v", tt.code, fault.KindOf(err), Missing(err), err)
		}
	}
}

func TestGet(t *testing.T) {
	short := false
	c := at(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/bucket/a b+c" {
			t.Errorf("path %q", r.URL.Path)
		}
		w.Header().Set("ETag", `"abc"`)
		w.Header().Set("X-Amz-Meta-Signature", "00ff")
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Length", "5")
		if short {
			_, _ = io.WriteString(w, "12")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, "12345")
	})
	o, err := c.Get(t.Context(), "bucket", "a b+c")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(o.Body)
	if string(text) != "12345" || err != nil || o.ETag != "abc" || o.Metadata["signature"] != "00ff" || o.Size != 5 {
		t.Errorf("%q, %v, %+v", text, err, o)
	}
	if err := o.Body.Close(); err != nil {
		t.Error(err)
	}
	short = true
	o, err = c.Get(t.Context(), "bucket", "a b+c")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(o.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a body that is cut off: %v", err)
	}
	o.Body.Close()
}

// The role is assumed with what the configuration says, by keys or by a token.
func TestRole(t *testing.T) {
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("web-token"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		opt  Options
		want url.Values
	}{
		{Options{RoleARN: "arn:aws:iam::111122223333:role/kiroku", ExternalID: "ext-1"},
			url.Values{"Action": {"AssumeRole"}, "ExternalId": {"ext-1"}, "RoleSessionName": {"kiroku"}}},
		{Options{RoleARN: "arn:aws:iam::111122223333:role/kiroku", WebIdentityTokenFile: token, SessionName: "s"},
			url.Values{"Action": {"AssumeRoleWithWebIdentity"}, "WebIdentityToken": {"web-token"}, "RoleSessionName": {"s"}}},
	} {
		var got url.Values
		var key string
		c := at(t, tt.opt, func(w http.ResponseWriter, r *http.Request) {
			if err := r.ParseForm(); err != nil {
				t.Error(err)
			}
			if action := r.PostForm.Get("Action"); action != "GetCallerIdentity" {
				got = r.PostForm
				fmt.Fprintf(w, `<%[1]sResponse><%[1]sResult><Credentials><AccessKeyId>ASIATEMP</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></%[1]sResult></%[1]sResponse>`, action)
				return
			}
			key = r.Header.Get("Authorization")
			_, _ = io.WriteString(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:sts::111122223333:assumed-role/kiroku/s</Arn><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
		})
		id, err := c.Identity(context.Background())
		if err != nil || id.Account != "111122223333" || !strings.Contains(key, "ASIATEMP") {
			t.Errorf("%+v: %+v, %v, signed by %q", tt.opt, id, err, key)
		}
		for k := range tt.want {
			if got.Get(k) != tt.want.Get(k) {
				t.Errorf("%s is %q, want %q", k, got.Get(k), tt.want.Get(k))
			}
		}
		if got.Get("RoleArn") != tt.opt.RoleARN {
			t.Errorf("role %q", got.Get("RoleArn"))
		}
	}
}

func TestQueueRegion(t *testing.T) {
	for queue, want := range map[string]string{
		"https://sqs.eu-central-1.amazonaws.com/111122223333/trail":   "eu-central-1",
		"https://us-east-1.queue.amazonaws.com/111122223333/trail":    "us-east-1",
		"https://sqs.cn-north-1.amazonaws.com.cn/111122223333/trail":  "cn-north-1",
		"https://sqs.us-gov-west-1.amazonaws.com/111122223333/trail":  "us-gov-west-1",
		"https://sqs-fips.us-gov-west-1.amazonaws.com/111122223333/t": "us-gov-west-1",
		"http://127.0.0.1:5000/111122223333/trail":                    "",
		"https://sqs.us-east-1.amazonaws.com.example.com/1/x":         "",
	} {
		if got := QueueRegion(queue); got != want {
			t.Errorf("region of %q is %q, want %q", queue, got, want)
		}
	}
}

func TestBucketRegion(t *testing.T) {
	for constraint, want := range map[string]string{"": "us-east-1", "EU": "eu-west-1", "ap-northeast-1": "ap-northeast-1"} {
		if got := regionOf(constraint); got != want {
			t.Errorf("LocationConstraint %q means %q, want %q", constraint, got, want)
		}
	}
	for region, want := range map[string]string{"us-east-1": "aws", "us-gov-east-1": "aws-us-gov", "cn-north-1": "aws-cn"} {
		c, err := Open(t.Context(), Options{Region: region, AccessKeyID: "a", SecretAccessKey: "b"})
		if err != nil || c.Partition() != want || c.Scope() != want {
			t.Errorf("partition of %s is %q, scope %q, %v; want %q", region, c.Partition(), c.Scope(), err, want)
		}
	}
}
