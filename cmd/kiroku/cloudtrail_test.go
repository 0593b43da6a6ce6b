package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// trailServer plays S3 with the sample's bucket, and CloudTrail with its keys.
type trailServer struct {
	t       *testing.T
	objects map[string]trailObject
	keys    []byte
	denied  bool // CloudTrail refuses
	asked   int
}

type trailObject struct {
	body     []byte
	metadata map[string]string
}

func newTrailServer(t *testing.T) (*trailServer, string) {
	t.Helper()
	dir := filepath.Join("..", "..", "internal", "cloudtrail", "digest", "testdata", "chain")
	read := func(name string) []byte {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	var list []struct {
		Key, File string
		Metadata  map[string]string
	}
	if err := json.Unmarshal(read("objects.json"), &list); err != nil {
		t.Fatal(err)
	}
	s := &trailServer{t: t, objects: map[string]trailObject{}, keys: read("public-keys.json")}
	for _, o := range list {
		s.objects[o.Key] = trailObject{read(o.File), o.Metadata}
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server.URL
}

func (s *trailServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodPost:
		s.listKeys(w)
	case r.URL.Query().Has("list-type"):
		s.list(w, r.URL.Query().Get("prefix"))
	default:
		o, ok := s.objects[strings.TrimPrefix(r.URL.Path, "/example-trail-bucket/")]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `<Error><Code>NoSuchKey</Code></Error>`)
			return
		}
		for name, value := range o.metadata {
			w.Header().Set("X-Amz-Meta-"+name, value)
		}
		_, _ = w.Write(o.body)
	}
}

// listKeys answers ListPublicKeys: times are seconds there.
func (s *trailServer) listKeys(w http.ResponseWriter) {
	s.asked++
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if s.denied {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"__type":"AccessDeniedException","Message":"not authorized"}`)
		return
	}
	var list struct {
		PublicKeyList []struct{ Fingerprint, Value string }
	}
	if err := json.Unmarshal(s.keys, &list); err != nil {
		s.t.Error(err)
	}
	out := []map[string]any{}
	for _, k := range list.PublicKeyList {
		raw, err := base64.StdEncoding.DecodeString(k.Value)
		if err != nil {
			s.t.Error(err)
		}
		out = append(out, map[string]any{"Fingerprint": k.Fingerprint, "Value": raw, "ValidityStartTime": 1, "ValidityEndTime": time.Now().Unix()})
	}
	if err := json.NewEncoder(w).Encode(map[string]any{"PublicKeyList": out}); err != nil {
		s.t.Error(err)
	}
}

func (s *trailServer) list(w http.ResponseWriter, prefix string) {
	var keys, prefixes []string
	for key := range s.objects {
		rest, ok := strings.CutPrefix(key, prefix)
		if !ok {
			continue
		}
		if name, _, below := strings.Cut(rest, "/"); below {
			prefixes = append(prefixes, prefix+name+"/")
		} else {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	slices.Sort(prefixes)
	fmt.Fprint(w, `<?xml version="1.0"?><ListBucketResult>`)
	for _, key := range keys {
		fmt.Fprintf(w, `<Contents><Key>%s</Key></Contents>`, key)
	}
	for _, p := range slices.Compact(prefixes) {
		fmt.Fprintf(w, `<CommonPrefixes><Prefix>%s</Prefix></CommonPrefixes>`, p)
	}
	fmt.Fprint(w, `</ListBucketResult>`)
}

// A bucket is verified without --keys: CloudTrail is asked once, and its answer is kept.
func TestVerifyAsksForKeys(t *testing.T) {
	cache := t.TempDir()
	for name, value := range map[string]string{"XDG_CACHE_HOME": cache, "HOME": cache, "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"} {
		t.Setenv(name, value)
	}
	s, url := newTrailServer(t)
	verify := func() (code int, out, errs string) {
		var stdout, stderr bytes.Buffer
		code = run(t.Context(), []string{"kiroku", "cloudtrail", "verify", "s3://example-trail-bucket", "--endpoint-url", url}, strings.NewReader(""), &stdout, &stderr)
		return code, stdout.String(), stderr.String()
	}
	s.denied = true
	if code, out, errs := verify(); code != 1 || !strings.Contains(errs, "next: Allow cloudtrail:ListPublicKeys ") {
		t.Errorf("denied: exit %d\n%s%s", code, out, errs)
	}
	s.denied, s.asked = false, 0
	for range 2 {
		if code, out, errs := verify(); code != 0 || !strings.Contains(out, "3 digest files valid, 0 invalid, 2 log files valid") || s.asked != 1 {
			t.Errorf("exit %d after %d questions\n%s%s", code, s.asked, out, errs)
		}
	}
}
