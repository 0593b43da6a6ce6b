package check

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"kiroku/internal/forward/agent"
	"kiroku/internal/forward/receive"
	"kiroku/internal/forward/wire"
)

const token = "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuv"

// server answers what a check asks.
func server(t *testing.T, skew time.Duration, destinations ...wire.Destination) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Token "+token {
			w.WriteHeader(http.StatusUnauthorized)
			_ = json.NewEncoder(w).Encode(wire.Refusal{Reason: wire.ReasonRevoked})
			return
		}
		switch r.URL.Path {
		case wire.PathHello:
			var h wire.Hello
			if json.NewDecoder(r.Body).Decode(&h) != nil || !h.Check {
				t.Error("a check begins a session")
			}
			_ = json.NewEncoder(w).Encode(wire.Config{ETag: "1", Now: time.Now().Add(skew), Agent: wire.Agent{ID: "a1", Name: "soc"}, Destinations: destinations})
		case wire.PathPull:
			var p wire.Pull
			if json.NewDecoder(r.Body).Decode(&p) != nil || !p.Check || p.Host != "checker" {
				t.Error("a check moves positions")
			}
			if p.Destination == "unfit" {
				b, _ := wire.AppendHeader(nil, &wire.BatchHeader{Store: "default", Next: 1, Dead: 1, DeadWhy: "the event is too long for max_bytes"})
				_, _ = w.Write(b)
				return
			}
			b, _ := wire.AppendHeader(nil, &wire.BatchHeader{Store: "default", Next: 1, Records: 1})
			_, _ = w.Write(wire.AppendRecord(b, &wire.Record{Seq: 1, UID: "a", Line: []byte("CEF:0|\x1b[31mred")}))
		default:
			t.Errorf("a check asks for %s", r.URL.Path)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// siem is our receiver, which keeps the lines.
type siem struct {
	addr  string
	ca    string
	mu    sync.Mutex
	lines []string
}

func newSIEM(t *testing.T) *siem {
	t.Helper()
	s := &siem{ca: filepath.Join(t.TempDir(), "ca.pem")}
	cert, pem, err := receive.SelfSigned("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.ca, pem, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r, err := receive.Listen(ctx, receive.Options{Addr: "127.0.0.1:0", TLS: serverTLS(cert), Handle: func(r *receive.Record) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.lines = append(s.lines, string(r.Line))
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	s.addr = r.Addr().String()
	return s
}

func (s *siem) got(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.lines, func(l string) bool { return strings.Contains(l, text) })
}

// run checks and returns the hops as "number status".
func run(t *testing.T, o Options) (bool, []Hop) {
	t.Helper()
	var hops []Hop
	if o.Token == nil {
		o.Token = func() (string, error) { return token, nil }
	}
	o.Report, o.Host = func(h Hop) {
		if strings.Contains(h.Text+h.Remedy, "%!") {
			t.Errorf("a text is not filled in: %+v", h)
		}
		hops = append(hops, h)
	}, "checker"
	ok := Run(t.Context(), o)
	for _, h := range hops {
		if (h.Status == Warn || h.Status == Fail) && h.Remedy == "" {
			t.Errorf("hop %d says nothing about what to do: %s", h.Number, h.Text)
		}
		if strings.ContainsRune(h.Text, '\x1b') {
			t.Errorf("hop %d passes an escape on to the terminal: %q", h.Number, h.Text)
		}
		if h.Text == "" {
			t.Errorf("hop %d says nothing", h.Number)
		}
	}
	return ok, hops
}

func statusOf(t *testing.T, hops []Hop, number int) Hop {
	t.Helper()
	for _, h := range hops {
		if h.Number == number {
			return h
		}
	}
	t.Fatalf("hop %d was not tried: %+v", number, hops)
	return Hop{}
}

func TestEveryHop(t *testing.T) {
	s := newSIEM(t)
	for _, to := range []string{"tcp://", "tls://", "relp://", "relp+tls://", "http://", "https://"} {
		t.Run(to, func(t *testing.T) {
			d := wire.Destination{Name: "siem", To: to + s.addr, Format: wire.CEF}
			if strings.Contains(to, "tls") || strings.HasPrefix(to, "https") {
				d.TLS.CAFiles = []string{s.ca}
			}
			ok, hops := run(t, Options{Server: server(t, 0, d).URL, Send: true})
			if !ok || len(hops) != 15 {
				t.Errorf("%d hops, ok %v: %+v", len(hops), ok, hops)
			}
			for i, h := range hops {
				if h.Number != i+1 || h.Status == Fail {
					t.Errorf("hop %d of %d: %+v", i+1, len(hops), h)
				}
			}
			record := statusOf(t, hops, hopRecord)
			id, _, _ := strings.Cut(record.Text, " ")
			if record.Status != OK || !s.got(id) {
				t.Errorf("the test record has not arrived: %+v", record)
			}
		})
	}
}

// What can be wrong is found at the hop where it is wrong, and ends the way there.
func TestWhatIsWrong(t *testing.T) {
	s := newSIEM(t)
	silent := listener(t, func(net.Conn) {}) // takes connections, and never closes them
	closed := closedPort(t)
	good := wire.Destination{Name: "siem", To: "tcp://" + s.addr, Format: wire.CEF}
	to := func(address string) wire.Destination {
		d := good
		d.To = address
		return d
	}
	for name, tt := range map[string]struct {
		o    Options
		hop  int
		text string
		left bool // there is another hop behind it
	}{
		"no server":            {Options{Server: ""}, hopFlags, "no server", false},
		"a proxy's port":       {Options{Server: "http://192.0.2.1", Way: agent.Way{Proxy: "192.0.2.1:0"}}, hopFlags, agent.InvalidProxyAddress, false},
		"half a token":         {Options{Server: "http://192.0.2.1", Token: func() (string, error) { return agent.CheckToken("abc") }}, hopToken, agent.InvalidToken, false},
		"a name":               {Options{Server: "http://no-such-host.invalid"}, hopDNS, "no-such-host.invalid", false},
		"no server there":      {Options{Server: "http://" + closed}, hopTCP, "refused", false},
		"no proxy there":       {Options{Server: "http://192.0.2.1", Way: agent.Way{Proxy: closed}}, hopTCP, "the proxy http://" + closed + " is not reached", false},
		"no such proxy":        {Options{Server: "https://192.0.2.1", Way: agent.Way{Proxy: "no-such-host.invalid"}}, hopDNS, "the proxy http://no-such-host.invalid", false},
		"a server without TLS": {Options{Server: "https://" + silentHTTP(t)}, hopTLS, "first record does not look like a TLS handshake", false},
		"a proxy that is none": {Options{Server: "https://192.0.2.1:8480", Way: agent.Way{Proxy: silentHTTP(t)}}, hopProxy, "refuses the way", false},
		"a revoked token":      {Options{Server: server(t, 0).URL, Token: func() (string, error) { return strings.Repeat("x", 64), nil }}, hopAccess, "revoked", false},
		"no destination":       {Options{Server: server(t, 0).URL}, hopConfig, "no destination", true},
		"another destination":  {Options{Server: server(t, 0, good).URL, Only: "other"}, hopDestDNS, `"other"`, false},
		"a SIEM that is off":   {Options{Server: server(t, 0, to("tcp://"+closed)).URL}, hopDestTCP, "refused", true},
		"an unknown issuer":    {Options{Server: server(t, 0, to("tls://"+s.addr)).URL}, hopDestTLS, "unknown authority", true},
		"no end":               {Options{Server: server(t, 0, to("tcp://"+silent)).URL}, hopConfirm, "does not close", true},
		"no RELP":              {Options{Server: server(t, 0, to("relp://"+silentHTTP(t))).URL}, hopConfirm, "RELP", true},
		"no proxy for it":      {Options{Server: server(t, 0, wire.Destination{Name: "siem", To: good.To, Format: wire.CEF, Proxy: true}).URL}, hopDestTCP, "there is none", true},
		"a sick receiver":      {Options{Server: server(t, 0, to(status(t, 500))).URL}, hopConfirm, "500", true},
		"no folder":            {Options{Server: server(t, 0, to("file:///no/such/folder/file")).URL}, hopDestDNS, "no such file", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ok, hops := run(t, tt.o)
			h := statusOf(t, hops, tt.hop)
			if ok || h.Status != Fail || !strings.Contains(h.Text, tt.text) {
				t.Errorf("ok %v; hop %d is %+v, want a failure that says %q", ok, tt.hop, h, tt.text)
			}
			if last := hops[len(hops)-1]; last.Number != tt.hop != tt.left {
				t.Errorf("the last hop is %+v", last)
			}
		})
	}
}

// What HTTP refuses for good ends the try at once; a path that GET does not find is a warning before.
func TestDefiniteRefusals(t *testing.T) {
	for code, body := range map[int]wire.HTTPBody{400: wire.SplunkHEC, 401: wire.Lines, 403: wire.SplunkHEC, 404: wire.Lines} {
		d := wire.Destination{Name: "siem", To: status(t, code), Format: wire.JSON, HTTP: wire.HTTP{Body: body}}
		began := time.Now()
		_, hops := run(t, Options{Server: server(t, 0, d).URL, Send: true})
		if h := statusOf(t, hops, hopRecord); h.Status != Fail || !strings.Contains(h.Text, strconv.Itoa(code)) || time.Since(began) > recordTime/3 {
			t.Errorf("%d: after %v: %+v", code, time.Since(began), h)
		}
		if h := statusOf(t, hops, hopConfirm); code != 400 && h.Status != Warn {
			t.Errorf("%d: %+v", code, h)
		}
	}
}

// status is the address of a service that always answers the same.
func status(t *testing.T, code int) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }))
	t.Cleanup(s.Close)
	return s.URL
}

// A secret that others may read is a warning.
func TestOthersMayRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	d := wire.Destination{Name: "siem", To: status(t, 200), Format: wire.JSON, HTTP: wire.HTTP{CredentialFile: file}}
	for mode, want := range map[os.FileMode]Status{0o600: OK, 0o640: Warn, 0o604: Warn} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		ok, hops := run(t, Options{Server: server(t, 0, d).URL, TokenFile: file})
		if a, b := statusOf(t, hops, hopToken), statusOf(t, hops, hopConfirm); !ok || a.Status != want || b.Status != want {
			t.Errorf("%o: %+v %+v", mode, a, b)
		}
	}
}

func TestWarnings(t *testing.T) {
	s := newSIEM(t)
	d := wire.Destination{Name: "siem", To: "tcp://" + s.addr, Format: wire.CEF, Confirm: wire.ConfirmNone}
	ok, hops := run(t, Options{Server: server(t, 61*time.Second, d).URL})
	if !ok || statusOf(t, hops, hopClock).Status != Warn || statusOf(t, hops, hopConfirm).Status != Warn {
		t.Errorf("a clock that is wrong and a destination that could confirm are no warnings: %+v", hops)
	}
	ok, hops = run(t, Options{Server: server(t, 0, wire.Destination{Name: "siem", To: "udp://" + s.addr, Format: wire.CEF}).URL, Send: true})
	if !ok || statusOf(t, hops, hopConfirm).Status != Warn || statusOf(t, hops, hopRecord).Status != Warn {
		t.Errorf("UDP is no warning: %+v", hops)
	}
	_, hops = run(t, Options{Server: server(t, 0, wire.Destination{Name: "unfit", To: "tcp://" + s.addr, Format: wire.CEF}).URL})
	if h := statusOf(t, hops, hopRecords); h.Status != Warn || !strings.Contains(h.Text, "too long for max_bytes") || !strings.Contains(h.Remedy, "--max-bytes") {
		t.Errorf("a record that cannot be encoded: %+v", h)
	}
}

// listener takes connections and keeps them open.
func listener(t *testing.T, f func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var open []net.Conn
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		defer mu.Unlock()
		for _, c := range open {
			c.Close()
		}
	})
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			go f(c)
		}
	}()
	return l.Addr().String()
}

// silentHTTP is a service that knows HTTP and nothing that is asked of it.
func silentHTTP(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// closedPort is an address where nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// What --no-proxy names is reached directly, by the check as by an agent that runs.
func TestNoProxy(t *testing.T) {
	good := wire.Destination{Name: "siem", To: "stdout:", Format: wire.CEF}
	for _, proxy := range []string{"192.0.2.1:1", "socks5://192.0.2.1:1"} {
		ok, hops := run(t, Options{Server: server(t, 0, good).URL, Way: agent.Way{Proxy: proxy, NoProxy: "127.0.0.0/8"}})
		if h := statusOf(t, hops, hopProxy); !ok || h.Status != Skip || !strings.Contains(h.Text, "--no-proxy") {
			t.Errorf("--proxy %s: ok is %v, the hop of the proxy is %+v", proxy, ok, h)
		}
	}
}
