package agent

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"kiroku/internal/fault"
	"kiroku/internal/forward/wire"
)

// proxyServer is an HTTP proxy that wants a password, and counts what went through it.
type proxyServer struct {
	*httptest.Server
	passed atomic.Int64
	status int // answered to everything; 0: it works
}

func newProxyServer(t *testing.T) *proxyServer {
	p := &proxyServer{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch want := "Basic " + base64.StdEncoding.EncodeToString([]byte("user:p@ss")); {
		case p.status != 0:
			w.WriteHeader(p.status)
		case r.Header.Get("Proxy-Authorization") != want:
			w.WriteHeader(http.StatusProxyAuthRequired)
		case r.Method != http.MethodConnect:
			p.passed.Add(1)
			r.RequestURI = ""
			resp, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			defer resp.Body.Close()
			w.WriteHeader(resp.StatusCode)
			_, _ = io.Copy(w, resp.Body)
		default:
			p.passed.Add(1)
			p.connect(w, r)
		}
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *proxyServer) connect(w http.ResponseWriter, r *http.Request) {
	to, err := (&net.Dialer{}).DialContext(r.Context(), "tcp", r.Host)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	conn, rw, err := w.(http.Hijacker).Hijack()
	if err != nil {
		to.Close()
		return
	}
	_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
	go func() {
		defer conn.Close()
		_, _ = io.Copy(conn, bufio.NewReader(to))
	}()
	go func() {
		defer to.Close()
		_, _ = io.Copy(to, rw)
	}()
}

func hello(t *testing.T, server string, w Way) error {
	t.Helper()
	transport, _, err := w.Transport(server)
	if err != nil {
		return err
	}
	defer transport.CloseIdleConnections()
	c, err := NewClient(server, func() (string, error) { return testToken, nil }, transport)
	if err != nil {
		return err
	}
	_, err = c.Hello(t.Context(), wire.Hello{Check: true})
	return err
}

func TestThroughProxies(t *testing.T) {
	p := newProtocol(t)
	plain := httptest.NewServer(p)
	defer plain.Close()
	secure := httptest.NewTLSServer(p)
	defer secure.Close()
	ca := filepath.Join(t.TempDir(), "ca.der")
	if err := os.WriteFile(ca, secure.Certificate().Raw, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, server := range []string{plain.URL, secure.URL} {
		proxy := newProxyServer(t)
		address := strings.TrimPrefix(proxy.URL, "http://")
		good := "http://user:p%40ss@" + address
		if err := hello(t, server, Way{Proxy: good, CAFiles: []string{ca}}); err != nil || proxy.passed.Load() == 0 {
			t.Errorf("%s through a proxy with a password: %v, %d requests passed", server, err, proxy.passed.Load())
		}
		for proxyURL, says := range map[string]string{address: "407", "http://user:wrong@" + address: "407"} {
			err := hello(t, server, Way{Proxy: proxyURL, CAFiles: []string{ca}})
			if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "wrong") {
				t.Errorf("%s through %s: %v", server, proxyURL, err)
			}
		}
		before := proxy.passed.Load()
		if err := hello(t, server, Way{Proxy: good, NoProxy: "127.0.0.1", CAFiles: []string{ca}}); err != nil || proxy.passed.Load() != before {
			t.Errorf("%s is to be reached without the proxy: %v", server, err)
		}
		proxy.status = http.StatusForbidden
		if err := hello(t, server, Way{Proxy: good, CAFiles: []string{ca}}); err == nil || !strings.Contains(err.Error(), "403") {
			t.Errorf("%s through a proxy that forbids it: %v", server, err)
		}
	}
}

// A proxy that cannot be reached is named, also where requests go to it as they are.
func TestProxyAway(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	l.Close()
	for _, server := range []string{"http://192.0.2.1:8480", "https://192.0.2.1:8480"} {
		err := hello(t, server, Way{Proxy: closed})
		if err == nil || !strings.Contains(err.Error(), "proxy http://"+closed) || !strings.Contains(fault.NextOf(err), "--proxy") {
			t.Errorf("%s: %v; next %q", server, err, fault.NextOf(err))
		}
	}
}

func TestTrust(t *testing.T) {
	secure := httptest.NewTLSServer(newProtocol(t))
	defer secure.Close()
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	pemFile := write("ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}))
	der := write("ca.crt", secure.Certificate().Raw)
	junk := write("junk.pem", []byte("not a certificate"))
	for _, w := range []Way{{CAFiles: []string{pemFile}}, {CAFiles: []string{der}, CAOnly: true}} {
		if err := hello(t, secure.URL, w); err != nil {
			t.Errorf("%+v: %v", w, err)
		}
	}
	err := hello(t, secure.URL, Way{})
	var verify *tls.CertificateVerificationError
	if !errors.As(err, &verify) || !strings.Contains(fault.NextOf(err), "--ca-file") || !strings.Contains(fault.NextOf(err), "Acme Co") {
		t.Errorf("a server of an unknown issuer: %v, next %q; want the issuer and the flag", err, fault.NextOf(err))
	}
	for _, w := range []Way{{CAFiles: []string{junk}}, {CAFiles: []string{filepath.Join(dir, "missing")}}, {CAOnly: true}} {
		if err := hello(t, secure.URL, w); fault.KindOf(err) != fault.Invalid || fault.NextOf(err) == "" {
			t.Errorf("%+v: %v", w, err)
		}
	}
}

func TestInvalidProxies(t *testing.T) {
	for _, proxy := range []string{"ftp://192.0.2.1", "http://", "192.0.2.1:99999", "http://user:%zz@192.0.2.1", "http://192.0.2.1:8080/path"} {
		_, _, err := Way{Proxy: proxy}.Transport("https://kiroku.example.com")
		if f := FailureOf(err, true); err == nil || f.Title != InvalidProxyAddress || f.Exit != ExitUse {
			t.Errorf("%q: %v is a failure %+v", proxy, err, f)
		}
	}
}

func TestLogFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "logs")
	l, err := OpenLog(dir)
	if err != nil {
		t.Fatal(err)
	}
	line := []byte(strings.Repeat("x", logSize/4) + "\n")
	for range 40 {
		if _, err := l.Write(line); err != nil {
			t.Fatal(err)
		}
	}
	names, err := l.names()
	if err != nil || len(names) != logFiles {
		t.Errorf("%d files are kept, want %d (%v)", len(names), logFiles, err)
	}
	for _, name := range names {
		if info, err := os.Stat(name); err != nil || info.Size() > logSize {
			t.Errorf("%s has more than %d bytes (%v)", name, logSize, err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := OpenLog(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if _, err := again.Write([]byte("more\n")); err != nil {
		t.Fatal(err)
	}
	if after, _ := again.names(); len(after) != logFiles || after[len(after)-1] != names[len(names)-1] {
		t.Errorf("a new start begins a new file although the last one has room: %v", after)
	}
}
