package check

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kiroku/internal/forward/receive"
	"kiroku/internal/forward/wire"
)

func serverTLS(cert tls.Certificate) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
}

// TLS 1.3 refuses a missing client certificate after the handshake: only who waits for it sees it.
func TestLateAlert(t *testing.T) {
	cert, pem, err := receive.SelfSigned("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem, 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := serverTLS(cert)
	cfg.ClientAuth = tls.RequireAnyClientCert
	l, err := tls.Listen("tcp", "127.0.0.1:0", cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_ = c.(*tls.Conn).Handshake()
				c.Close()
			}()
		}
	}()
	d := wire.Destination{Name: "siem", To: "tls://" + l.Addr().String(), Format: wire.CEF, TLS: wire.TLS{CAFiles: []string{ca}}}
	ok, hops := run(t, Options{Server: server(t, 0, d).URL})
	if h := statusOf(t, hops, hopDestTLS); ok || h.Status != Fail {
		t.Errorf("a client certificate that is missing is not noticed: %+v", h)
	}
}

// A receiver that does not answer the handshake, or ends it, is explained as by an agent that runs.
func TestNoTLS(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"silent": {context.DeadlineExceeded, "No answer to the TLS handshake: perhaps a plain port (use tcp://), or the receiver hangs."},
		"closed": {io.EOF, "Closed during the TLS handshake: perhaps the port speaks no TLS (use tcp://), or the receiver wants a client certificate."},
	} {
		client, far := net.Pipe()
		dial := func(context.Context, string, string) (net.Conn, error) { return failing{client, tt.err}, nil }
		if _, r := destinationTLS(t.Context(), dial, "192.0.2.1:6514", &wire.Destination{}, "192.0.2.1"); r.status != Fail || r.remedy != tt.want {
			t.Errorf("%s: %+v", name, r)
		}
		far.Close()
	}
}

// failing is a connection that breaks.
type failing struct {
	net.Conn
	err error
}

func (f failing) Read([]byte) (int, error)    { return 0, f.err }
func (f failing) Write(b []byte) (int, error) { return len(b), nil }

// A receiver that ends the handshake of who resumes a session, as rsyslog with OpenSSL does that wants client certificates,
// is one that an agent delivers to: no hop fails, on any connection of the check.
func TestReceiverThatRefusesResumption(t *testing.T) {
	const preSharedKey = 41 // extension of TLS 1.3
	cert, public, err := receive.SelfSigned("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, public, 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := serverTLS(cert)
	cfg.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if slices.Contains(hello.Extensions, preSharedKey) {
			return nil, errors.New("session id context uninitialized")
		}
		return nil, nil
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(io.Discard, c)
				c.Close()
			}()
		}
	}()
	d := wire.Destination{Name: "siem", To: "tls://" + l.Addr().String(), Format: wire.CEF, TLS: wire.TLS{CAFiles: []string{ca}}}
	ok, hops := run(t, Options{Server: server(t, 0, d).URL, Send: true})
	if h := statusOf(t, hops, hopConfirm); h.Status != OK {
		t.Errorf("the probe of the confirmation resumes the session of the hop before: %+v", h)
	}
	if h := statusOf(t, hops, hopRecord); !ok || h.Status != OK {
		t.Errorf("the test record: %+v", h)
	}
}

// rsyslog with GnuTLS ends the connection without a word when the client certificate is missing or not permitted.
func TestRELPClosedAfterTLS(t *testing.T) {
	cert, public, err := receive.SelfSigned("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, public, 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", serverTLS(cert))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = c.Read(make([]byte, 100))
				c.Close()
			}()
		}
	}()
	d := wire.Destination{Name: "siem", To: "relp+tls://" + l.Addr().String(), Format: wire.CEF, TLS: wire.TLS{CAFiles: []string{ca}}}
	_, hops := run(t, Options{Server: server(t, 0, d).URL})
	if h := statusOf(t, hops, hopConfirm); h.Status != Fail || !strings.Contains(h.Remedy, "client certificate") {
		t.Errorf("%+v", h)
	}
}
