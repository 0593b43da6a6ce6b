package deliver

import (
	"bufio"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"kiroku/internal/forward/receive"
	"kiroku/internal/forward/wire"
)

// A receiver that wants client certificates and was built without a context for sessions (rsyslog with OpenSSL) ends the
// handshake of who resumes one with an internal error. It must not be sent to again and again without being believed.
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
	var arrived, refused atomic.Int64
	cfg := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS13, GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if slices.Contains(hello.Extensions, preSharedKey) {
			refused.Add(1)
			return nil, errors.New("session id context uninitialized")
		}
		return nil, nil
	}}
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
			go func(c net.Conn) {
				defer c.Close()
				for in := bufio.NewScanner(c); in.Scan(); {
					arrived.Add(1)
				}
			}(c)
		}
	}()
	d, confirmed := start(t, Options{Destination: wire.Destination{
		To: "tls://" + l.Addr().String(), Framing: wire.LF, Confirm: wire.ConfirmHalfClose, TLS: wire.TLS{CAFiles: []string{ca}},
	}})
	const n = 2000
	if err := d.Send(limited(t), lines(0, n, 600)); err != nil {
		t.Fatal(err)
	}
	if err := d.Flush(limited(t)); err != nil {
		t.Fatalf("%v; %d lines arrived, %d confirmed", err, arrived.Load(), confirmed.Load())
	}
	if arrived.Load() != n || confirmed.Load() != n || refused.Load() != 1 {
		t.Errorf("%d lines arrived, %d confirmed, want %d each; %d handshakes were refused, want 1", arrived.Load(), confirmed.Load(), n, refused.Load())
	}
	if m := d.Metrics(); m.Errors != 0 {
		t.Errorf("%d errors are counted, want 0", m.Errors)
	}
}
