package deliver

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"kiroku/internal/forward/receive"
	"kiroku/internal/forward/wire"
)

// web is an HTTP receiver whose answers a test decides.
type web struct {
	*httptest.Server
	mu     sync.Mutex
	bodies []string
	dead   []string // UIDs
}

func newWeb(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, body string, n int)) *web {
	t.Helper()
	s := &web{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		in := io.Reader(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			z, err := gzip.NewReader(r.Body)
			if err != nil {
				t.Error(err)
				return
			}
			in = z
		}
		b, err := io.ReadAll(in)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.bodies = append(s.bodies, string(b))
		n := len(s.bodies)
		s.mu.Unlock()
		answer(w, r, string(b), n)
	}))
	t.Cleanup(s.Close)
	return s
}

// send has records delivered to the end.
func (s *web) send(t *testing.T, dest wire.Destination, recs []wire.Record) *Deliverer {
	t.Helper()
	if dest.To == "" {
		dest.To = s.URL
	}
	d, confirmed := start(t, Options{Destination: dest, Dead: func(rec wire.Record, reason string) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.dead = append(s.dead, rec.UID); reason == "" {
			t.Error("a dead letter has no reason")
		}
		return nil
	}})
	if err := d.Send(limited(t), recs); err != nil {
		t.Fatal(err)
	}
	if err := d.Flush(limited(t)); err != nil {
		t.Fatalf("%v; %+v", err, d.Metrics())
	}
	if n := confirmed.Load(); n != int64(len(recs)) {
		t.Errorf("%d confirmed, want %d", n, len(recs))
	}
	return d
}

func texts(line ...string) []wire.Record {
	recs := make([]wire.Record, len(line))
	for i, s := range line {
		recs[i] = wire.Record{Seq: int64(i), Time: 1738633915_000000, UID: fmt.Sprintf("u%d", i), Line: []byte(s)}
	}
	return recs
}

func TestHTTPBodies(t *testing.T) {
	for _, test := range []struct {
		name, contentType, path, want string
		dest                          wire.Destination
		recs                          []wire.Record
	}{
		{"lines", "text/plain; charset=utf-8", "/", "one\ntwo three\n", wire.Destination{HTTP: wire.HTTP{Body: wire.Lines}}, texts("one", "two\nthree")},
		{"json lines", "application/x-ndjson", "/", "{}\n{}\n", wire.Destination{Format: wire.JSON, HTTP: wire.HTTP{Body: wire.Lines}}, texts("{}", "{}")},
		{"array", "application/json", "/", `[{"a":1},{"b":2}]`, wire.Destination{Format: wire.JSON, HTTP: wire.HTTP{Body: wire.Array}}, texts(`{"a":1}`, `{"b":2}`)},
		{"gzip", "text/plain; charset=utf-8", "/", "one\n", wire.Destination{HTTP: wire.HTTP{Headers: map[string]string{"Content-Encoding": "gzip"}}}, texts("one")},
		{"splunk", "application/json", "/services/collector/event", `{"time":1738633915.000000,"index":"main","event":"<109>x \"y\""}` + "\n",
			wire.Destination{Format: wire.CEF, HTTP: wire.HTTP{Body: wire.SplunkHEC, Index: "main"}}, texts(`<109>x "y"`)},
		{"splunk json", "application/json", "/services/collector/event", `{"time":1738633915.000000,"event":{"a":1}}` + "\n",
			wire.Destination{Format: wire.JSON, HTTP: wire.HTTP{Body: wire.SplunkHEC}}, texts(`{"a":1}`)},
		{"elastic", "application/x-ndjson", "/_bulk", `{"create":{"_index":"logs","_id":"u0"}}` + "\n{\"a\":1}\n",
			wire.Destination{Format: wire.JSON, HTTP: wire.HTTP{Body: wire.Elastic, Index: "logs"}}, texts(`{"a":1}`)},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newWeb(t, func(w http.ResponseWriter, r *http.Request, _ string, _ int) {
				if r.URL.Path != test.path || r.Header.Get("Content-Type") != test.contentType {
					t.Errorf("POST %s of %s, want %s of %s", r.URL.Path, r.Header.Get("Content-Type"), test.path, test.contentType)
				}
				fmt.Fprint(w, `{"errors":false,"items":[]}`)
			})
			s.send(t, test.dest, test.recs)
			if len(s.bodies) != 1 || s.bodies[0] != test.want {
				t.Errorf("bodies %q, want %q", s.bodies, test.want)
			}
		})
	}
}

// Of a batch that is refused only the record that is at fault becomes a dead letter; the others arrive in order.
func TestHTTPPoison(t *testing.T) {
	var got []string
	s := newWeb(t, func(w http.ResponseWriter, _ *http.Request, body string, _ int) {
		if strings.Contains(body, "poison") {
			http.Error(w, "cannot be parsed", http.StatusBadRequest)
			return
		}
		got = append(got, strings.Fields(body)...)
	})
	recs := make([]wire.Record, 100)
	want := []string{}
	for i := range recs {
		recs[i] = wire.Record{UID: fmt.Sprint(i), Line: []byte(fmt.Sprintf("line-%d", i))}
		if i == 37 || i == 38 || i == 99 {
			recs[i].Line = []byte("poison")
		} else {
			want = append(want, string(recs[i].Line))
		}
	}
	d := s.send(t, wire.Destination{}, recs)
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("arrived: %v", got)
	}
	if strings.Join(s.dead, " ") != "37 38 99" || d.Metrics().Dead != 3 {
		t.Errorf("dead letters %v, %d; want 37 38 99", s.dead, d.Metrics().Dead)
	}
}

// What lies in the settings or is temporary is tried again, and nothing is put aside.
func TestHTTPRetries(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 401, 403, 404, 408, 429, 500, 503} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			begun := time.Now()
			s := newWeb(t, func(w http.ResponseWriter, _ *http.Request, _ string, n int) {
				if n == 1 {
					if status == 429 {
						w.Header().Set("Retry-After", "2")
					}
					w.WriteHeader(status)
				}
			})
			s.send(t, wire.Destination{}, texts("one", "two"))
			if len(s.bodies) != 2 || len(s.dead) != 0 {
				t.Errorf("%d requests, dead letters %v", len(s.bodies), s.dead)
			}
			if took := time.Since(begun); status == 429 && took < 2*time.Second {
				t.Errorf("Retry-After: 2, and the next request comes after %v", took)
			}
		})
	}
}

func TestElasticItems(t *testing.T) {
	t.Parallel()
	s := newWeb(t, func(w http.ResponseWriter, _ *http.Request, body string, n int) {
		if n == 1 {
			fmt.Fprint(w, `{"errors":true,"items":[{"create":{"status":201}},{"create":{"status":400,"error":{"type":"mapper_parsing_exception"}}},{"create":{"status":429,"error":{}}},{"create":{"status":409,"error":{}}}]}`)
			return
		}
		if strings.Contains(body, `"u1"`) {
			t.Error("a dead letter is sent again")
		}
		fmt.Fprint(w, `{"errors":true,"items":[{"create":{"status":409,"error":{}}},{"create":{"status":201}},{"create":{"status":409,"error":{}}}]}`)
	})
	s.send(t, wire.Destination{HTTP: wire.HTTP{Body: wire.Elastic, Index: "logs"}}, texts(`{}`, `{}`, `{}`, `{}`))
	if strings.Join(s.dead, " ") != "u1" || len(s.bodies) != 2 {
		t.Errorf("dead letters %v after %d requests, want u1 after 2", s.dead, len(s.bodies))
	}
}

// With indexer acknowledgment nothing is confirmed before its ackId is true.
func TestSplunkAck(t *testing.T) {
	var mu sync.Mutex
	asked := map[int64]int{}
	next := int64(0)
	channel := ""
	s := newWeb(t, func(w http.ResponseWriter, r *http.Request, body string, _ int) {
		mu.Lock()
		defer mu.Unlock()
		if r.Header.Get("Authorization") != "Splunk TOKEN" {
			http.Error(w, `{"text":"Token is required","code":2}`, http.StatusUnauthorized)
			return
		}
		if c := r.Header.Get("X-Splunk-Request-Channel"); channel == "" {
			channel = c
		} else if c != channel || len(c) != 36 {
			t.Errorf("channel %q, then %q", channel, c)
		}
		if r.URL.Path == "/services/collector/event" {
			fmt.Fprintf(w, `{"text":"Success","code":0,"ackId":%d}`, next)
			next++
			return
		}
		if r.URL.Path != "/services/collector/ack" || r.URL.Query().Get("channel") != channel {
			t.Errorf("asked at %s", r.URL)
		}
		var ask struct{ Acks []int64 }
		if err := json.Unmarshal([]byte(body), &ask); err != nil {
			t.Error(err)
		}
		acks := map[string]bool{}
		for _, id := range ask.Acks {
			asked[id]++
			acks[fmt.Sprint(id)] = asked[id] >= 2
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"acks": acks})
	})
	credential := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(credential, []byte("Splunk TOKEN\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.send(t, wire.Destination{HTTP: wire.HTTP{Body: wire.SplunkHEC, Ack: true, Batch: 10, CredentialFile: credential}}, lines(0, 55, 100))
	if next != 6 {
		t.Errorf("%d requests for 55 records of 10 each", next)
	}
	for id := range next {
		if asked[id] < 2 {
			t.Errorf("ackId %d was asked for %d times", id, asked[id])
		}
	}
}

// What our receiver takes by HTTP has its receipts before the answer, in all forms.
func TestHTTPReceipts(t *testing.T) {
	for _, body := range []wire.HTTPBody{wire.Lines, wire.Array, wire.SplunkHEC, wire.Elastic} {
		t.Run(string(body), func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "receipts")
			receipts, err := receive.OpenReceipts(file)
			if err != nil {
				t.Fatal(err)
			}
			defer receipts.Close()
			r, err := receive.Listen(t.Context(), receive.Options{Addr: "127.0.0.1:0", Receipts: receipts, Handle: func(*receive.Record) error { return nil }})
			if err != nil {
				t.Fatal(err)
			}
			done := make(chan error, 1)
			go func() { done <- r.Run(t.Context()) }()
			recs := make([]wire.Record, 700)
			for i := range recs {
				uid := fmt.Sprintf("uid-%d", i)
				recs[i] = wire.Record{UID: uid, Line: []byte(`{"metadata":{"uid":"` + uid + `"}}`)}
			}
			d, _ := start(t, Options{Destination: wire.Destination{To: "http://" + r.Addr().String(), Format: wire.OCSFJSON, HTTP: wire.HTTP{Body: body, Index: "i", Ack: body == wire.SplunkHEC}}})
			if err := d.Send(limited(t), recs); err != nil {
				t.Fatal(err)
			}
			if err := d.Flush(limited(t)); err != nil {
				t.Fatalf("%v: %+v", err, d.Metrics())
			}
			set, err := receive.LoadReceipts(t.Context(), nil, file, time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			listed, err := receive.LoadReceipts(t.Context(), nil, "http://"+r.Addr().String(), time.Now().Add(-time.Minute))
			if err != nil {
				t.Fatal(err)
			}
			for _, rec := range recs {
				if !set.Has(rec.UID) || !listed.Has(rec.UID) {
					t.Fatalf("%s has no receipt", rec.UID)
				}
			}
			if set.Len() != len(recs) || set.Has("uid-700") {
				t.Errorf("%d receipts for %d records", set.Len(), len(recs))
			}
		})
	}
}

func TestCredentialFile(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{empty, filepath.Join(t.TempDir(), "absent")} {
		_, err := New(Options{Destination: wire.Destination{To: "http://192.0.2.1", HTTP: wire.HTTP{CredentialFile: file}}, Dead: func(wire.Record, string) error { return nil }})
		if err == nil || !strings.Contains(err.Error(), "credential_file") {
			t.Errorf("%s: error %v", file, err)
		}
	}
}

func TestAppendFrame(t *testing.T) {
	for _, test := range []struct {
		framing  wire.Framing
		in, want string
	}{
		{wire.LF, "one", "one\n"},
		{wire.LF, "one\ntwo\n", "one two \n"},
		{wire.Octet, "one\ntwo", "7 one\ntwo"},
		{wire.Octet, "é", "2 é"},
		{wire.NUL, "one\x00two\n", "one two\n\x00"},
	} {
		if got := appendFrame([]byte("before "), []byte(test.in), test.framing); string(got) != "before "+test.want {
			t.Errorf("%s of %q: %q", test.framing, test.in, bytes.TrimPrefix(got, []byte("before ")))
		}
	}
}
