//go:build integration

package integration

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"testing"
	"time"
)

// authority signs certificates for tests.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	dir  string
	file string // certificate, PEM
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{dir: t.TempDir()}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.key, a.cert = sign(t, template, nil)
	a.file = write(t, a.dir, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})))
	return a
}

// issue writes <name>.pem and <name>-key.pem, good for 127.0.0.1 and the name, as server and as client.
func (a *authority) issue(t *testing.T, name string) (cert, key string) {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	private, signed := sign(t, template, a)
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert = write(t, a.dir, name+".pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed.Raw})))
	key = write(t, a.dir, name+"-key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	return cert, key
}

func sign(t *testing.T, template *x509.Certificate, by *authority) (*ecdsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parent, parentKey := template, key
	if by != nil {
		parent, parentKey = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return key, cert
}

func TestTLS(t *testing.T) {
	a := newAuthority(t)
	cert, key := a.issue(t, "kiroku.example.com")
	clientCert, clientKey := a.issue(t, "vpn1.example.com")
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
`, open, cert, key, closed, a.file))
	s := start(t, t.TempDir(), "--config", config)

	global := fmt.Sprintf(`defaultNetstreamDriver="ossl" defaultNetstreamDriverCAFile=%q defaultNetstreamDriverCertFile=%q defaultNetstreamDriverKeyFile=%q`, a.file, clientCert, clientKey)
	action := `port="%d" protocol="tcp" TCP_Framing="octet-counted" template="asitcame" StreamDriver="ossl" StreamDriverMode="1" StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="kiroku.example.com"`
	for name, forward := range map[string]func(t *testing.T) int{
		"rsyslog-tls":        func(t *testing.T) int { return rsyslog(t, global, fmt.Sprintf(action, open)) },
		"rsyslog-tls-client": func(t *testing.T) int { return rsyslog(t, global, fmt.Sprintf(action, closed)) },
		"syslogng-tls": func(t *testing.T) int {
			return syslogNG(t, fmt.Sprintf(`syslog("127.0.0.1" port(%d) transport("tls") tls(ca-file(%q) peer-verify(required-trusted)));`, open, a.file))
		},
		"syslogng-tls-client": func(t *testing.T) int {
			return syslogNG(t, fmt.Sprintf(`syslog("127.0.0.1" port(%d) transport("tls") tls(ca-file(%q) cert-file(%q) key-file(%q) peer-verify(required-trusted)));`, closed, a.file, clientCert, clientKey))
		},
	} {
		t.Run(name, func(t *testing.T) {
			feed(t, forward(t), name)
			arrived(t, s, name)
		})
	}
	t.Run("without client certificate", func(t *testing.T) {
		pool := x509.NewCertPool()
		pool.AddCert(a.cert)
		refused(t, closed, &tls.Config{RootCAs: pool, ServerName: "kiroku.example.com"})
	})
	t.Run("stranger's client certificate", func(t *testing.T) {
		strangerCert, strangerKey := newAuthority(t).issue(t, "stranger.example.com")
		pair, err := tls.LoadX509KeyPair(strangerCert, strangerKey)
		if err != nil {
			t.Fatal(err)
		}
		pool := x509.NewCertPool()
		pool.AddCert(a.cert)
		refused(t, closed, &tls.Config{RootCAs: pool, ServerName: "kiroku.example.com", Certificates: []tls.Certificate{pair}})
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
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("the connection was answered")
	} else if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
		t.Error("the connection was not refused")
	}
}
