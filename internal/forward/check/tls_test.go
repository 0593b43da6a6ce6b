package check

import (
	"crypto/tls"
	"os"
	"path/filepath"
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
