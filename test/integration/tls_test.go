//go:build integration

package integration

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"kiroku/test/testca"
)

func TestTLS(t *testing.T) {
	a := testca.New(t)
	cert, key := a.Issue(t, "kiroku.example.com")
	clientCert, clientKey := a.Issue(t, "vpn1.example.com")
	open, closed := freePort(t), freePort(t)
	config := write(t, t.TempDir(), "kiroku.yaml", fmt.Sprintf(`inputs:
  - name: tls-open
    type: tls
    address: 127.0.0.1:%d
    tls: {cert_file: %s, key_file: %s}
  - name: tls-closed
    type: tls
    address: 127.0.0.1:%d
    tls: {cert_file: %[2]s, key_file: %[3]s, ca_file: %[5]s, client_auth: required}
`, open, cert, key, closed, a.File))
	s := start(t, t.TempDir(), "--config", config)

	global := fmt.Sprintf(`defaultNetstreamDriver="ossl" defaultNetstreamDriverCAFile=%q defaultNetstreamDriverCertFile=%q defaultNetstreamDriverKeyFile=%q`, a.File, clientCert, clientKey)
	action := `port="%d" protocol="tcp" TCP_Framing="octet-counted" template="asitcame" StreamDriver="ossl" StreamDriverMode="1" StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="kiroku.example.com"`
	for name, forward := range map[string]func(t *testing.T) int{
		"rsyslog-tls":        func(t *testing.T) int { return rsyslog(t, global, fmt.Sprintf(action, open)) },
		"rsyslog-tls-client": func(t *testing.T) int { return rsyslog(t, global, fmt.Sprintf(action, closed)) },
		"syslogng-tls": func(t *testing.T) int {
			return syslogNG(t, fmt.Sprintf(`syslog("127.0.0.1" port(%d) transport("tls") tls(ca-file(%q) peer-verify(required-trusted)));`, open, a.File))
		},
		"syslogng-tls-client": func(t *testing.T) int {
			return syslogNG(t, fmt.Sprintf(`syslog("127.0.0.1" port(%d) transport("tls") tls(ca-file(%q) cert-file(%q) key-file(%q) peer-verify(required-trusted)));`, closed, a.File, clientCert, clientKey))
		},
	} {
		t.Run(name, func(t *testing.T) {
			feed(t, forward(t), name)
			arrived(t, s, name)
		})
	}
	t.Run("without client certificate", func(t *testing.T) {
		refused(t, closed, &tls.Config{RootCAs: a.Pool(), ServerName: "kiroku.example.com"})
	})
	t.Run("stranger's client certificate", func(t *testing.T) {
		strangerCert, strangerKey := testca.New(t).Issue(t, "stranger.example.com")
		pair, err := tls.LoadX509KeyPair(strangerCert, strangerKey)
		if err != nil {
			t.Fatal(err)
		}
		refused(t, closed, &tls.Config{RootCAs: a.Pool(), ServerName: "kiroku.example.com", Certificates: []tls.Certificate{pair}})
	})
	t.Run("TLS 1.1", func(t *testing.T) {
		refused(t, open, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10})
	})
	if n := s.count("metadata_uid:refused-*"); n != 0 {
		t.Errorf("%d records of refused connections were stored", n)
	}
}

// refused checks that a connection ends without taking a record.
func refused(t *testing.T, port int, config *tls.Config) {
	t.Helper()
	conn, err := tls.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port), config)
	if err != nil {
		return
	}
	defer conn.Close()
	// With TLS 1.3 the client learns only from the first read that it was refused.
	_, _ = fmt.Fprintf(conn, "%s\n", record("refused", 0))
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	var timeout net.Error
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("the connection was answered")
	} else if errors.As(err, &timeout) && timeout.Timeout() {
		t.Error("the connection was not refused")
	}
}
