package forward

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"kiroku/internal/forward/wire"
)

// call asks a server as an agent does.
func call(t testing.TB, server *httptest.Server, path, token, session, body string) (int, http.Header, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Token "+token)
	}
	r.Header.Set(wire.SessionHeader, session)
	resp, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, b
}

func TestHTTP(t *testing.T) {
	w := newWorld(t, "a")
	defer w.close()
	server := httptest.NewServer(w.Handler())
	defer server.Close()
	w.lake.add("a", 2, time.Now())
	a := w.create("soc", Spec{}, Start{})
	code, _, body := call(t, server, wire.PathHello, a.token, "", `{"version":"1","host":"h","from_the_future":1}`)
	var c wire.Config
	if err := json.Unmarshal(body, &c); code != 200 || err != nil || c.Session == "" || len(c.Destinations) != 1 || c.Destinations[0].Confirm != wire.ConfirmRELP {
		t.Fatalf("%d %s", code, body)
	}
	code, _, body = call(t, server, wire.PathPull, a.token, c.Session, `{"destination":"siem"}`)
	h, records, err := wire.ReadBatch(bytes.NewReader(body))
	if code != 200 || err != nil || h.Store != "a" || h.Next != 2 || len(records) != 2 || h.ETag != c.ETag {
		t.Errorf("%d, %+v, %v, %v", code, h, records, err)
	}
	if code, _, body := call(t, server, wire.PathPull, a.token, "", `{"destination":"siem","check":true}`); code != 200 || !bytes.Contains(body, []byte("externalId=a-2")) {
		t.Errorf("a check without session: %d %s", code, body)
	}
	for _, q := range []struct {
		path, token, session, body string
		status                     int
		reason                     wire.Reason
	}{
		{wire.PathAck, a.token, c.Session, `{"destination":"siem","positions":{"a":2},"records":2}`, 200, ""},
		{wire.PathHeartbeat, a.token, c.Session, `{"destinations":{"siem":{"records_pulled":2},"none":{}}}`, 200, ""},
		{wire.PathNotify, a.token, c.Session, `{"destination":"siem","code":"data_server_send_error","text":"x"}`, 200, ""},
		{wire.PathDead, a.token, c.Session, `{"destination":"siem","store":"a","seq":1,"uid":"a-1","reason":"no"}`, 200, ""},
		{wire.PathRecover, a.token, "", `{"from":"2026-01-01T00:00:00Z","to":"2026-01-02T00:00:00Z"}`, 200, ""},
		{wire.PathPull, a.token, c.Session, `{"destination":"siem"} {}`, 400, wire.ReasonInvalid},
		{wire.PathPull, a.token, c.Session, `{"destination":"none"}`, 400, wire.ReasonInvalid},
		{wire.PathPull, a.token, c.Session, `{`, 400, wire.ReasonInvalid},
		{wire.PathAck, a.token, c.Session, `{"destination":"siem","positions":{"a":"2"}}`, 400, wire.ReasonInvalid},
		{wire.PathAck, a.token, c.Session, `{"x":"` + strings.Repeat("x", 2<<20) + `"}`, 400, wire.ReasonInvalid},
		{wire.PathRecover, a.token, "", `{"from":"2026-01-02T00:00:00Z","to":"2026-01-02T00:00:00Z"}`, 400, wire.ReasonInvalid},
		{wire.PathComplete, a.token, c.Session, `{}`, 400, wire.ReasonInvalid},
		{wire.PathAck, a.token, "older", `{"destination":"siem"}`, 409, wire.ReasonReplaced},
		{wire.PathAck, "", c.Session, `{}`, 401, wire.ReasonMalformed},
		{wire.PathHello, strings.Repeat("a", 64), "", `{}`, 401, wire.ReasonUnknown},
		{wire.BasePath + "nothing", a.token, "", `{}`, 404, wire.ReasonInvalid},
	} {
		code, head, body := call(t, server, q.path, q.token, q.session, q.body)
		var r wire.Refusal
		err := json.Unmarshal(body, &r)
		if code != q.status || err != nil || r.Reason != q.reason || q.reason != "" && (r.Message == "" || r.Next == "") {
			t.Errorf("%s %.60s: %d %.200s; want %d %s", q.path, q.body, code, body, q.status, q.reason)
		}
		if code == 401 && head.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: no WWW-Authenticate", q.path)
		}
	}
	if err := w.Delete(context.Background(), a.id); err != nil {
		t.Fatal(err)
	}
	if code, _, body := call(t, server, wire.PathHello, a.token, "", `{}`); code != 410 || !strings.Contains(string(body), string(wire.ReasonDeleted)) {
		t.Errorf("deleted: %d %s", code, body)
	}
}

// A failure of the server is no reason to stop: the agent asks again.
func TestHTTPServerFails(t *testing.T) {
	w := newWorld(t, "a")
	server := httptest.NewServer(w.Handler())
	defer server.Close()
	w.lake.add("a", 1, time.Now())
	a := w.create("soc", Spec{}, Start{})
	a.hello()
	w.lake.fail = io.ErrUnexpectedEOF
	if code, head, body := call(t, server, wire.PathPull, a.token, a.session, `{"destination":"siem"}`); code != 503 || head.Get("Retry-After") == "" || bytes.Contains(body, []byte("EOF")) {
		t.Errorf("the lake fails: %d %s", code, body)
	}
	w.lake.fail = nil
	b := a.pull(wire.Pull{})
	w.close()
	if code, head, _ := call(t, server, wire.PathAck, a.token, a.session, `{"destination":"siem","positions":{"a":1},"records":1}`); code != 503 || head.Get("Retry-After") == "" {
		t.Errorf("nothing can be stored: %d", code)
	}
	w.open()
	if got := a.status().Cursor["a"]; got != 0 {
		t.Errorf("the position moved to %d, and nobody was told", got)
	}
	a.hello()
	if again := a.pull(wire.Pull{}); again.records[0].UID != b.records[0].UID {
		t.Errorf("then %v", again.uids())
	}
	w.close()
}

// Whatever a body holds: an answer or a refusal, and no position moves beyond what was pulled.
func FuzzRequests(f *testing.F) {
	for _, body := range []string{`{"destination":"siem","after":{"a":1},"max":-1,"wait_ms":-5,"replay":99}`, `{"destination":"siem","positions":{"a":3},"records":9}`,
		`{"destination":"siem","code":"x","count":-9}`, `{"destination":"siem","store":"dead:letters","seq":1}`, `{"now":"0000-01-01T00:00:00Z","destinations":{"siem":{"blocked":true}}}`,
		`{"from":"2026-01-01T00:00:00Z","to":"9999-01-02T00:00:00Z"}`, `{"destination":"siem","peek":"new"}`, `[]`, `null`} {
		for n := range 8 {
			f.Add(uint8(n), body)
		}
	}
	w := newWorld(f, "a")
	f.Cleanup(w.close)
	w.lake.add("a", 5, time.Now())
	a := w.create("soc", Spec{}, Start{})
	h := w.Handler()
	paths := []string{wire.PathPull, wire.PathAck, wire.PathNotify, wire.PathDead, wire.PathHeartbeat, wire.PathComplete, wire.PathRecover, wire.PathHello}
	a.hello()
	a.pull(wire.Pull{Max: 2})
	f.Fuzz(func(t *testing.T, n uint8, body string) {
		path := paths[int(n)%len(paths)]
		if path == wire.PathRecover || path == wire.PathPull && strings.Contains(body, "wait") { // agents without number, waiting
			return
		}
		r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("Authorization", "Token "+a.token)
		w.mu.Lock()
		r.Header.Set(wire.SessionHeader, w.agents[a.id].row.Session)
		w.mu.Unlock()
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		if rec.Code >= 500 {
			t.Errorf("%s %q: %d %s", path, body, rec.Code, rec.Body)
		}
		if rec.Code >= 400 && !json.Valid(rec.Body.Bytes()) {
			t.Errorf("%s %q: refused with %q", path, body, rec.Body)
		}
		st, err := w.Get(context.Background(), a.id)
		if got := st.Cursor["a"]; err != nil || got > 5 {
			t.Errorf("%s %q: the position is %d of 5", path, body, got)
		}
	})
}

func BenchmarkPull(b *testing.B) {
	w := newWorld(b, "a")
	defer w.close()
	w.lake.add("a", 5000, time.Now())
	a := w.create("soc", Spec{}, Start{})
	a.hello()
	var size int
	buf := make([]byte, 0, maxBatch)
	b.ReportAllocs()
	for b.Loop() {
		got, err := w.Pull(b.Context(), a.token, a.session, &wire.Pull{Destination: "siem", After: wire.Positions{"a": 0}}, buf)
		if err != nil || got.BatchHeader.Records != 5000 {
			b.Fatal(got.BatchHeader, err)
		}
		size = len(got.Records)
	}
	b.SetBytes(int64(size))
}

func BenchmarkAck(b *testing.B) {
	w := newWorld(b, "a")
	defer w.close()
	w.lake.add("a", 1, time.Now())
	a := w.create("soc", Spec{}, Start{})
	a.hello()
	a.pull(wire.Pull{})
	b.ReportAllocs()
	b.SetParallelism(50)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := a.tryAck("siem", wire.Positions{"a": 1}, 1); err != nil {
				b.Error(err)
			}
		}
	})
}
