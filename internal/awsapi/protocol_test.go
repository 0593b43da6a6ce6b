package awsapi_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"kiroku/internal/awsapi"
)

func TestBothTargets(t *testing.T) {
	w := newWorld(t, nil)
	for _, target := range []string{"CloudTrail_20131101.ListChannels", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.ListChannels"} {
		a := w.send(w.signed(w.owner, "cloudtrail", region, "/", []byte("{}"), "X-Amz-Target", target))
		if a.status != 200 || a.body != `{"Channels":[]}` || a.header.Get("Content-Type") != "application/x-amz-json-1.1" {
			t.Errorf("%s: %d %s %v", target, a.status, a.body, a.header)
		}
	}
}

func TestRequestsThatAreRefused(t *testing.T) {
	w := newWorld(t, nil)
	sign := func(service, path, body string, header ...string) *http.Request {
		return w.signed(w.owner, service, region, path, []byte(body), header...)
	}
	const list = "CloudTrail_20131101.ListChannels"
	for name, c := range map[string]struct {
		request *http.Request
		change  func(*http.Request)
		status  int
		code    string
	}{
		"unknown operation":       {request: sign("cloudtrail", "/", "{}", "X-Amz-Target", "CloudTrail_20131101.Nonsense"), status: 400, code: "UnknownOperationException"},
		"no operation":            {request: sign("cloudtrail", "/", "{}"), status: 400, code: "UnknownOperationException"},
		"operation we lack":       {request: sign("cloudtrail", "/", "{}", "X-Amz-Target", "CloudTrail_20131101.CreateTrail"), status: 400, code: "UnsupportedOperationException"},
		"query, not wired":        {request: sign("cloudtrail", "/", "{}", "X-Amz-Target", "CloudTrail_20131101.StartQuery"), status: 400, code: "UnsupportedOperationException"},
		"not JSON":                {request: sign("cloudtrail", "/", "{", "X-Amz-Target", list), status: 400, code: "SerializationException"},
		"two objects":             {request: sign("cloudtrail", "/", "{}{}", "X-Amz-Target", list), status: 400, code: "SerializationException"},
		"wrong type":              {request: sign("cloudtrail", "/", `{"MaxResults":"ten"}`, "X-Amz-Target", list), status: 400, code: "SerializationException"},
		"unsigned":                {request: sign("cloudtrail", "/", "{}", "X-Amz-Target", list), change: func(r *http.Request) { r.Header.Del("Authorization") }, status: 403, code: "MissingAuthenticationTokenException"},
		"wrong service":           {request: sign("cloudtrail-data", "/", "{}", "X-Amz-Target", list), status: 403, code: "InvalidSignatureException"},
		"wrong service of events": {request: sign("cloudtrail", "/PutAuditEvents?channelArn=x", "{}"), status: 403, code: "InvalidSignatureException"},
		"changed target":          {request: sign("cloudtrail", "/", "{}", "X-Amz-Target", list), change: func(r *http.Request) { r.Header.Set("X-Amz-Target", "CloudTrail_20131101.DeleteChannel") }, status: 403, code: "InvalidSignatureException"},
		"changed query":           {request: sign("cloudtrail-data", "/PutAuditEvents?channelArn=x", "{}"), change: func(r *http.Request) { r.URL.RawQuery = "channelArn=y" }, status: 403, code: "InvalidSignatureException"},
		"broken header":           {request: sign("cloudtrail", "/", "{}", "X-Amz-Target", list), change: func(r *http.Request) { r.Header.Set("Authorization", "AWS4-HMAC-SHA256 x") }, status: 400, code: "IncompleteSignatureException"},
		"session token":           {request: sign("cloudtrail", "/", "{}", "X-Amz-Target", list, "X-Amz-Security-Token", "abc"), status: 403, code: "UnrecognizedClientException"},
		"region that is none":     {request: w.signed(w.owner, "cloudtrail", "US_EAST", "/", nil, "X-Amz-Target", list), status: 403, code: "InvalidSignatureException"},
		"too large":               {request: sign("cloudtrail", "/", strings.Repeat(" ", 3<<20), "X-Amz-Target", list), status: 413, code: "RequestEntityTooLargeException"},
	} {
		if c.change != nil {
			c.change(c.request)
		}
		if a := w.send(c.request); a.status != c.status || a.code != c.code {
			t.Errorf("%s: %d %s, want %d %s", name, a.status, a.body, c.status, c.code)
		}
	}
	key, secret, err := w.keys.Create(t.Context(), owner, "carol")
	if err != nil {
		t.Fatal(err)
	}
	carol := w.owner
	carol.AccessKeyID, carol.SecretAccessKey = key.ID, secret
	if a := w.send(w.signed(carol, "cloudtrail", region, "/", nil, "X-Amz-Target", list)); a.status != 200 {
		t.Errorf("another key of the account: %s", a.body)
	}
	if err := w.keys.Revoke(t.Context(), key.ID); err != nil {
		t.Fatal(err)
	}
	if a := w.send(w.signed(carol, "cloudtrail", region, "/", nil, "X-Amz-Target", list)); a.code != "UnrecognizedClientException" || a.status != 403 {
		t.Errorf("a revoked key: %d %s", a.status, a.body)
	}
}

// A body that nobody signed for is not read.
func TestBodyIsReadAfterTheHeader(t *testing.T) {
	w := newWorld(t, nil)
	r := w.signed(w.owner, "cloudtrail", region, "/", []byte("{}"))
	r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), w.owner.AccessKeyID, "AKIAUNKNOWN", 1))
	r.Body = untouched{t}
	r.URL.Host = ""
	rec := newRecorder()
	w.s.ServeHTTP(rec, r)
	if rec.status != 403 {
		t.Errorf("status %d", rec.status)
	}
}

type untouched struct{ t *testing.T }

func (u untouched) Read([]byte) (int, error) {
	u.t.Error("the body is read")
	return 0, context.Canceled
}
func (u untouched) Close() error { return nil }

type recorder struct {
	header http.Header
	status int
}

func newRecorder() *recorder { return &recorder{header: http.Header{}} }

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return len(b), nil }

// Other packages answer operations too.
func TestOperationsOfOthers(t *testing.T) {
	type in struct{ QueryStatement string }
	type out struct{ QueryId, Account string }
	w := newWorld(t, func(o *awsapi.Options) {
		o.Operations = map[string]awsapi.Operation{"StartQuery": awsapi.Op(func(_ context.Context, c awsapi.Caller, i *in) (out, error) {
			if i.QueryStatement == "" {
				return out{}, &awsapi.Error{Code: "InvalidQueryStatementException", Message: "The statement is empty."}
			}
			return out{"q-" + i.QueryStatement, c.Account}, nil
		})}
	})
	if a := w.op("StartQuery", `{"QueryStatement":"x"}`); a.body != `{"QueryId":"q-x","Account":"`+owner+`"}` {
		t.Errorf("%d %s", a.status, a.body)
	}
	w.refuses("StartQuery", `{}`, "InvalidQueryStatementException")
}

func TestTakes(t *testing.T) {
	for request, want := range map[string]bool{"POST /": true, "PUT /": true, "GET /": false, "HEAD /": false, "POST /PutAuditEvents": true, "GET /PutAuditEvents": true,
		"POST /api/v1/search": false, "POST /x": false} {
		method, path, _ := strings.Cut(request, " ")
		r, err := http.NewRequestWithContext(t.Context(), method, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if awsapi.Takes(r) != want {
			t.Errorf("Takes(%s) = %v", request, !want)
		}
	}
}

// A token is good for the operation, account, region and filter that it was given for, and only as it was given.
func TestTokens(t *testing.T) {
	w := newWorld(t, nil)
	for _, name := range []string{"one", "two"} {
		w.newStore(name)
	}
	const op = "ListEventDataStores"
	token := w.must(op, `{"MaxResults":1}`, "NextToken")
	in := `{"NextToken":"` + token + `"}`
	w.must(op, in, "")
	for _, other := range []string{"ListChannels", "ListDashboards", "ListImports", "@bob " + op} {
		w.refuses(other, in, "InvalidNextTokenException")
	}
	elsewhere := w.signed(w.owner, "cloudtrail", "eu-west-1", "/", []byte(in), "X-Amz-Target", "CloudTrail_20131101."+op, "Content-Type", "application/x-amz-json-1.1")
	if a := w.send(elsewhere); a.code != "InvalidNextTokenException" {
		t.Errorf("in another region: %d %s", a.status, a.body)
	}
	for i := range token {
		changed := []byte(token)
		if changed[i] = 'A'; token[i] == 'A' {
			changed[i] = 'B'
		}
		w.refuses(op, `{"NextToken":"`+string(changed)+`"}`, "InvalidNextTokenException")
		w.refuses(op, `{"NextToken":"`+token[:i]+`x"}`, "InvalidNextTokenException")
	}
}
