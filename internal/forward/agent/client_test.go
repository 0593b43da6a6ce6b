package agent

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"kiroku/internal/fault"
	"kiroku/internal/forward/wire"
)

// answering is a transport that always answers the same.
type answering struct {
	status int
	header http.Header
	body   io.Reader
}

func (a answering) RoundTrip(*http.Request) (*http.Response, error) {
	h := a.header
	if h == nil {
		h = http.Header{}
	}
	return &http.Response{StatusCode: a.status, Header: h, Body: io.NopCloser(a.body), ProtoMajor: 1, ProtoMinor: 1}, nil
}

func clientOf(t *testing.T, r http.RoundTripper) *Client {
	t.Helper()
	c, err := NewClient("https://kiroku.example.com:8480/base", func() (string, error) { return testToken, nil }, r)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Whatever answers in the server's place, the error says what to do.
func TestOddAnswers(t *testing.T) {
	for name, tt := range map[string]struct {
		answer answering
		says   string
		kind   fault.Kind
	}{
		"a page of a load balancer": {answering{502, nil, strings.NewReader("<html>")}, "502 Bad Gateway", fault.Busy},
		"another service":           {answering{404, nil, strings.NewReader("not here")}, "404 Not Found", fault.Other},
		"a proxy without CONNECT":   {answering{407, nil, strings.NewReader("")}, "user and a password", fault.Denied},
		"a proxy that refuses":      {answering{401, nil, strings.NewReader("<html>")}, "401 Unauthorized", fault.Denied},
		"a redirect":                {answering{301, http.Header{"Location": {"https://other.example.com/"}}, strings.NewReader("")}, `"https://other.example.com/"`, fault.Invalid},
		"JSON of another kind":      {answering{200, nil, strings.NewReader(`[1]`)}, "read answer", fault.Other},
		"a receiver of records":     {answering{200, nil, strings.NewReader(`{"text":"Success","code":0}`)}, "not as a Kiroku server does", fault.Other},
		"no JSON":                   {answering{200, nil, strings.NewReader("hello")}, "read answer", fault.Other},
		"a refusal without words":   {answering{401, nil, strings.NewReader(`{"reason":"token_revoked"}`)}, "The token was revoked", fault.NoToken},
		"a refusal of the future":   {answering{400, nil, strings.NewReader(`{"reason":"from_the_future","message":"no"}`)}, "no", fault.Invalid},
		"a busy server":             {answering{503, http.Header{"Retry-After": {"7"}}, strings.NewReader(`{"reason":"busy","message":"later"}`)}, "later", fault.Busy},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := clientOf(t, tt.answer).Hello(t.Context(), wire.Hello{})
			if err == nil || !strings.Contains(err.Error(), tt.says) || fault.KindOf(err) != tt.kind || fault.NextOf(err) == "" {
				t.Errorf("got %v, kind %v, next %q; want it to say %q, kind %v", err, fault.KindOf(err), fault.NextOf(err), tt.says, tt.kind)
			}
		})
	}
}

func TestBatchCutOff(t *testing.T) {
	whole, err := wire.AppendHeader(nil, &wire.BatchHeader{Store: "default", Next: 1, Records: 1})
	if err != nil {
		t.Fatal(err)
	}
	whole = wire.AppendRecord(whole, &wire.Record{Seq: 1, UID: "a", Line: []byte("line")})
	for n := range whole {
		_, records, err := clientOf(t, answering{200, nil, strings.NewReader(string(whole[:n]))}).Pull(t.Context(), wire.Pull{})
		if err == nil {
			t.Errorf("%d of %d bytes are taken for a batch of %d records", n, len(whole), len(records))
		}
	}
}

// closing is a server, or a proxy, that closes each connection with the second request, which it does not read.
func closing(t *testing.T, answer string) (address string, asked *atomic.Int32) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	asked = new(atomic.Int32)
	serve := func(conn net.Conn) {
		defer conn.Close()
		r := bufio.NewReader(conn)
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			return
		}
		asked.Add(1)
		fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(answer), answer)
		if _, err := r.Peek(1); err != nil {
			return // the client closed it
		}
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	return "http://" + l.Addr().String(), asked
}

// A connection that is closed between two requests fails none but the one that would have two effects.
func TestConnectionClosedBetween(t *testing.T) {
	address, asked := closing(t, `{"etag":"e","id":"i","token":"t"}`)
	transport, _, err := Way{}.Transport(address)
	if err != nil {
		t.Fatal(err)
	}
	defer transport.CloseIdleConnections()
	c, err := NewClient(address, func() (string, error) { return testToken, nil }, transport)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		if _, err := c.Heartbeat(t.Context(), &wire.Heartbeat{}); err != nil {
			t.Fatalf("request %d: %v", i+1, err)
		}
	}
	if n := asked.Load(); n != 4 {
		t.Errorf("the server was asked %d times, want 4", n)
	}
	if _, err := c.Recover(t.Context(), &wire.Recover{}); err == nil || fault.KindOf(err) != fault.Busy {
		t.Errorf("a recovery over a connection that is closed: %v, want an error", err)
	}
}

// silent never answers, or never ends its answer.
type silent struct{ after string }

func (s silent) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.after == "" {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return answering{200, nil, io.MultiReader(strings.NewReader(s.after), stuck{r.Context()})}.RoundTrip(r)
}

type stuck struct{ ctx context.Context }

func (s stuck) Read([]byte) (int, error) {
	<-s.ctx.Done()
	return 0, s.ctx.Err()
}

func TestSilentServer(t *testing.T) {
	for _, after := range []string{"", `{"session":`} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			_, err := clientOf(t, silent{after}).Hello(t.Context(), wire.Hello{})
			if took := time.Since(began); err == nil || took > 2*answerTime {
				t.Errorf("a server that falls silent behind %q holds the agent for %v: %v", after, took, err)
			}
		})
	}
}

func TestParseServer(t *testing.T) {
	for address, says := range map[string]string{
		"": "no server", "kiroku.example.com": "https://", "ftp://kiroku.example.com": "https://", "https://": "no host",
		"https://user:secret@kiroku.example.com": "user and a password", "https://kiroku.example.com:port": "no URL",
	} {
		_, err := ParseServer(address)
		if err == nil || !strings.Contains(err.Error(), says) || fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: %v, want it to say %q", address, err, says)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the error shows the password", address)
		}
	}
	for _, address := range []string{"http://127.0.0.1:8480", "https://[2001:db8::1]:8480/kiroku", "https://kiroku.example.com"} {
		if _, err := ParseServer(address); err != nil {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestCheckToken(t *testing.T) {
	if got, err := CheckToken("  " + testToken + "\r\n"); got != testToken || err != nil {
		t.Errorf("a token with blanks around it: %q, %v", got, err)
	}
	for token, says := range map[string]string{
		"": "empty", " \n": "empty", "kiro_abcdefgh_x": "API token", testToken[:63]: "fewer than 64", strings.Repeat("a", 193): "more than 192",
		`"` + testToken + `"`: "quote", testToken[:30] + "\n" + testToken[30:]: "line break", strings.Repeat("é", 64): "something else",
	} {
		_, err := CheckToken(token)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want it to say %q", token, err, says)
		}
		if f := FailureOf(err, true); f.Title != InvalidToken || f.Exit != ExitUse {
			t.Errorf("%q is a failure %+v", token, f)
		}
	}
}

func TestBackoff(t *testing.T) {
	for tries, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		for range 100 {
			if d := Backoff(tries); d < want*time.Second*8/10 || d > want*time.Second*12/10 {
				t.Fatalf("after %d failures: %v, want %d s and 20 %%", tries, d, want)
			}
		}
	}
	if d := Backoff(1 << 40); d > 72*time.Second {
		t.Errorf("after very many failures: %v", d)
	}
}
