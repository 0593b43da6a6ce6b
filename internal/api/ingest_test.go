package api_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"kiroku/internal/api"
	"kiroku/internal/fault"
)

func zipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	for part := range strings.SplitAfterSeq(text, "\n") { // several members, as "cat a.gz b.gz" makes
		w := gzip.NewWriter(&b)
		if _, err := w.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func zstandard(t testing.TB, text string) string {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(w.EncodeAll([]byte(text), nil))
}

func TestIngest(t *testing.T) {
	const text = "one\r\n\ntwo\n three \nfour"
	want := []string{"one", "two", " three ", "four"}
	for name, c := range map[string][2]string{
		"plain": {text, ""}, "gzip": {zipped(t, text), "gzip"}, "zstd": {zstandard(t, text), "zstd"},
	} {
		s := start(t, api.Limits{})
		a := s.do("ingest", "POST", "/api/v1/ingest?source=generic&service=web&tags=a,b&store=vpn", c[0], "Content-Encoding", c[1])
		if diff := cmp.Diff(api.IngestResult{Accepted: 4}, decode[api.IngestResult](t, a.body)); a.status != 200 || diff != "" {
			t.Errorf("%s: %d, -want +got:\n%s", name, a.status, diff)
		}
		if diff := cmp.Diff(want, s.records()); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
		r := s.batches[0].Records[0]
		o := r.Origin
		if o.Source != "generic" || o.Service != "web" || o.Input != "http" || o.Store != "vpn" || strings.Join(o.Tags, ",") != "a,b" ||
			!r.Peer.Addr().IsLoopback() || time.Since(r.Received) > time.Minute {
			t.Errorf("%s: record %+v, origin %+v", name, r, o)
		}
	}
}

func TestIngestRefuses(t *testing.T) {
	s := start(t, api.Limits{JSONBytes: 1000, ParseBytes: 1000, ParseLines: 10, IngestBytes: 1000, IngestTotal: 4000})
	bomb := strings.Repeat("x", 1_000_000)
	for _, c := range []struct {
		path, body, encoding string
		status               int
		detail               string
	}{
		{"/api/v1/ingest", "x", "br", 400, `Content-Encoding "br" is not known`},
		{"/api/v1/ingest", "not gzip", "gzip", 400, "gzip"},
		{"/api/v1/ingest", "not zstd", "zstd", 400, "zstd"},
		{"/api/v1/ingest", zipped(t, "one two three")[:20], "gzip", 400, "gzip"},
		{"/api/v1/ingest", zipped(t, bomb)[:900], "gzip", 413, "longer than 1000 bytes"},
		{"/api/v1/ingest", zstandard(t, bomb), "zstd", 413, "longer than 1000 bytes"},
		{"/api/v1/parse", zstandard(t, bomb), "zstd", 413, "longer than 1000 bytes"},
	} {
		a := s.do("admin", "POST", c.path, c.body, "Content-Encoding", c.encoding)
		if p := a.problem(t); a.status != c.status || !strings.Contains(p.Detail, c.detail) || p.Next == "" {
			t.Errorf("%s %s %.20q: %d %+v, want %d %q", c.path, c.encoding, c.body, a.status, p, c.status, c.detail)
		}
	}
	if len(s.batches) != 0 {
		t.Errorf("refused bodies left records: %q", s.records())
	}
	s.ingest = func() error { return fault.New(fault.Busy, errors.New("disk is full"), "Make room.") }
	if a := s.do("admin", "POST", "/api/v1/ingest", "x"); a.status != 503 || !strings.Contains(a.problem(t).Detail, "disk is full") {
		t.Errorf("%d %s", a.status, a.body)
	}
	s.ingest = func() error { return nil }
	for range 20 { // what was refused gave its memory back
		if a := s.do("admin", "POST", "/api/v1/ingest", "x"); a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
}

func TestIngestPieces(t *testing.T) {
	s := start(t, api.Limits{})
	steps := []struct {
		query, body string
		status      int
		want        api.IngestResult
	}{
		{"key=k&from=0&to=8", "one\ntwo\n", 200, api.IngestResult{Accepted: 2, Position: 8}},
		{"key=k&from=0&to=8", "one\ntwo\n", 200, api.IngestResult{Skipped: 2, Position: 8}}, // the answer was lost
		{"key=k&from=0", "one\n", 200, api.IngestResult{Skipped: 1, Position: 8}},
		{"key=k&from=4&to=14", "two\nthree\n", 200, api.IngestResult{Accepted: 1, Skipped: 1, Position: 14}},
		{"key=k&from=20", "x\n", 409, api.IngestResult{}},
		{"key=k&from=14&to=15", "\n", 200, api.IngestResult{Position: 15}}, // nothing to store, but the position moves
		{"key=other&from=0", "one\n", 200, api.IngestResult{Accepted: 1, Position: 4}},
		{"key=again&from=0", "one\nduplicate\nduplicate\n", 200, api.IngestResult{Accepted: 1, Skipped: 2, Position: 24}},
		{"key=k&from=15&to=19", "four", 200, api.IngestResult{Accepted: 1, Position: 19}},
	}
	for i, st := range steps {
		a := s.do("ingest", "POST", "/api/v1/ingest?"+st.query, st.body)
		if a.status != st.status {
			t.Fatalf("step %d: %d %s", i, a.status, a.body)
		}
		if a.status == 409 {
			if p := a.problem(t); p.Position == nil || *p.Position != 14 || p.Type != "urn:kiroku:problem:gap" || !strings.Contains(p.Next, "14") {
				t.Errorf("step %d: %+v", i, p)
			}
			continue
		}
		if diff := cmp.Diff(st.want, decode[api.IngestResult](t, a.body)); diff != "" {
			t.Errorf("step %d: -want +got:\n%s", i, diff)
		}
	}
	if diff := cmp.Diff([]string{"one", "two", "three", "one", "one", "four"}, s.records()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if a := s.do("ingest", "GET", "/api/v1/ingest/checkpoint?key=k", ""); !strings.Contains(a.body, `"position":19`) {
		t.Errorf("checkpoint: %s", a.body)
	}
}

// The same piece from many senders at once is stored once.
func TestIngestPieceAtOnce(t *testing.T) {
	s := start(t, api.Limits{})
	s.ingest = func() error { time.Sleep(5 * time.Millisecond); return nil }
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if a := s.do("ingest", "POST", "/api/v1/ingest?key=k&from=0", "one\ntwo\n"); a.status != 200 {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
	wg.Wait()
	if diff := cmp.Diff([]string{"one", "two"}, s.records()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestParse(t *testing.T) {
	s := start(t, api.Limits{})
	a := s.do("analyst", "POST", "/api/v1/parse", "one\n\ntwo\r\n")
	want := `{"results":[{"event":{"message":"one"},"ocsf_errors":[],"source":"generic","unmapped":{}},{"event":{"message":"two"},"ocsf_errors":[],"source":"generic","unmapped":{}}]}`
	if strings.TrimSpace(a.body) != want {
		t.Errorf("%s, want %s", a.body, want)
	}
}

func BenchmarkIngest(b *testing.B) {
	s := start(b, api.Limits{})
	body := strings.Repeat(strings.Repeat("x", 800)+"\n", 1000)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		s.batches = nil
		if a := s.do("ingest", "POST", "/api/v1/ingest", body); a.status != 200 {
			b.Fatal(a.body)
		}
	}
}

// Of a copy the pipeline hears what stood before the piece: lines with their number, and what is stored already.
func TestIngestCopy(t *testing.T) {
	s := start(t, api.Limits{})
	const before = "3 one\n1 two  words\n"
	path := func(from, to int) string {
		return fmt.Sprintf("/api/v1/ingest?key=k&copy=true&from=%d&to=%d&before=%d", from, to, len(before))
	}
	s.do("ingest", "POST", "/api/v1/ingest?key=k&copy=true&to=4", "old\n")
	s.known = 1
	a := s.do("ingest", "POST", path(0, 12), before+"old\none\nnew\n")
	if diff := cmp.Diff(api.IngestResult{Accepted: 1, Skipped: 2, Position: 12}, decode[api.IngestResult](t, a.body)); a.status != 200 || diff != "" {
		t.Errorf("%d, -want +got:\n%s", a.status, diff)
	}
	if diff := cmp.Diff([]string{"old", "one", "new"}, s.records()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	got := ""
	for _, r := range s.batches[1].Copy.Before {
		got += fmt.Sprintf("%d %s|", r.Times, r.Record.Data)
	}
	if got != "3 one|1 two  words|1 old|" {
		t.Errorf("before the piece: %q", got)
	}
	for path, body := range map[string]string{
		"/api/v1/ingest?copy=true":                "one\n",
		"/api/v1/ingest?key=k2&before=2":          "1 one\n",
		"/api/v1/ingest?key=k2&copy=1&before=99":  "1 one\n",
		"/api/v1/ingest?key=k2&copy=1&before=-1":  "1 one\n",
		"/api/v1/ingest?key=k2&copy=1&before=4":   "one\ntwo\n",
		"/api/v1/ingest?key=k2&copy=1&before=6":   "0 one\ntwo\n",
		"/api/v1/ingest?key=k2&copy=true&from=-1": "one\n",
	} {
		if a := s.do("ingest", "POST", path, body); a.status != 400 {
			t.Errorf("%s: %d, want 400", path, a.status)
		}
	}
}
