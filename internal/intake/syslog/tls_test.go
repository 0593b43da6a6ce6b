package syslog

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kiroku/internal/fault"
)

// authority issues certificates for a test.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir()}
	a.key = newKey(t)
	tmpl := template("test authority", 1)
	tmpl.IsCA, tmpl.BasicConstraintsValid, tmpl.KeyUsage = true, true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.file = filepath.Join(a.dir, "ca.pem")
	writePEM(t, a.file, "CERTIFICATE", der)
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func template(name string, serial int64) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
}

// issue writes a certificate and its key, and returns their paths.
func (a *authority) issue(name string, serial int64) (cert, key string) {
	a.t.Helper()
	k := newKey(a.t)
	der, err := x509.CreateCertificate(rand.Reader, template(name, serial), a.cert, &k.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, key = filepath.Join(a.dir, name+".pem"), filepath.Join(a.dir, name+".key")
	writePEM(a.t, key, "PRIVATE KEY", raw)
	writePEM(a.t, cert, "CERTIFICATE", der)
	return cert, key
}

func writePEM(t *testing.T, path, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

func TestTLS(t *testing.T) {
	ca := newAuthority(t)
	cert, key := ca.issue("server", 2)
	sink := newMemory()
	in := start(t, Config{Type: TLS, TLS: TLSConfig{CertFile: cert, KeyFile: key}}, sink)
	conn, err := tls.Dial("tcp", in.Addr().String(), &tls.Config{RootCAs: ca.pool()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	send(t, conn, octets("<134>one")+octets("<134>two\nlines"))
	eventually(t, "two records", func() bool { return sink.count() == 2 })
	time.Sleep(2 * settleAfter) // a read that timed out must not break the connection
	send(t, conn, octets("<134>three"))
	eventually(t, "the third record", func() bool { return sink.count() == 3 })

	if _, err := tls.Dial("tcp", in.Addr().String(), &tls.Config{RootCAs: ca.pool(), MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1 was accepted")
	}
	eventually(t, "the refusal", func() bool { return in.Status().Refused == 1 })
}

func TestTLSPlaintext(t *testing.T) {
	ca := newAuthority(t)
	cert, key := ca.issue("server", 2)
	sink := newMemory()
	in := start(t, Config{Type: TLS, TLS: TLSConfig{CertFile: cert, KeyFile: key}}, sink)
	conn := dial(t, in)
	send(t, conn, "<134>1 - plain text\n")
	eventually(t, "the refusal", func() bool { return in.Status().Refused == 1 })
	if sink.count() != 0 {
		t.Error("plaintext on a TLS port became a record")
	}
}

// A sender that speaks TLS to a port without it is turned away; its handshake is no record.
func TestTLSOnPlainPort(t *testing.T) {
	sink := newMemory()
	in := start(t, Config{Type: TCP}, sink)
	if _, err := tls.Dial("tcp", in.Addr().String(), &tls.Config{InsecureSkipVerify: true}); err == nil {
		t.Error("a port without TLS speaks it")
	}
	eventually(t, "the refusal", func() bool { return in.Status().Refused == 1 })
	if sink.count() != 0 {
		t.Errorf("the handshake became %d records", sink.count())
	}
}

func TestTLSClientCertificate(t *testing.T) {
	ca, stranger := newAuthority(t), newAuthority(t)
	cert, key := ca.issue("server", 2)
	load := func(a *authority) []tls.Certificate {
		pair, err := tls.LoadX509KeyPair(a.issue("client", 3))
		if err != nil {
			t.Fatal(err)
		}
		return []tls.Certificate{pair}
	}
	tests := []struct {
		name, auth string
		client     []tls.Certificate
		accepted   bool
	}{
		{"required, good", "required", load(ca), true},
		{"required, none", "required", nil, false},
		{"required, of a stranger", "required", load(stranger), false},
		{"optional, none", "optional", nil, true},
		{"optional, of a stranger", "optional", load(stranger), false},
		{"none, of a stranger", "none", load(stranger), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sink := newMemory()
			in := start(t, Config{Type: TLS, TLS: TLSConfig{CertFile: cert, KeyFile: key, CAFile: ca.file, ClientAuth: tt.auth}}, sink)
			cfg := &tls.Config{RootCAs: ca.pool(), GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				if len(tt.client) == 0 {
					return &tls.Certificate{}, nil
				}
				return &tt.client[0], nil
			}}
			conn, err := tls.Dial("tcp", in.Addr().String(), cfg)
			if err == nil {
				defer func() { _ = conn.Close() }()
				_, _ = conn.Write([]byte("<134>x\n")) // a refused client learns it only when it reads
			}
			if tt.accepted {
				eventually(t, "the record", func() bool { return sink.count() == 1 })
				return
			}
			eventually(t, "the refusal", func() bool { return in.Status().Refused == 1 })
			if sink.count() != 0 {
				t.Error("a record of a refused client was taken")
			}
		})
	}
}

func TestTLSReload(t *testing.T) {
	ca := newAuthority(t)
	cert, key := ca.issue("server", 2)
	in := start(t, Config{Type: TLS, TLS: TLSConfig{CertFile: cert, KeyFile: key}}, newMemory())
	serial := func() int64 {
		conn, err := tls.Dial("tcp", in.Addr().String(), &tls.Config{RootCAs: ca.pool()})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	if got := serial(); got != 2 {
		t.Fatalf("serial %d, want 2", got)
	}
	if err := os.WriteFile(cert, []byte("half written"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := serial(); got != 2 {
		t.Errorf("serial %d with a broken file, want the old one, 2", got)
	}
	ca.issue("server", 3)
	if got := serial(); got != 3 {
		t.Errorf("serial %d after the files changed, want 3", got)
	}
}

func TestTLSConfigErrors(t *testing.T) {
	ca := newAuthority(t)
	cert, key := ca.issue("server", 2)
	tests := []struct {
		cfg  TLSConfig
		want string
	}{
		{TLSConfig{CertFile: cert}, "tls requires both cert_file and key_file"},
		{TLSConfig{CertFile: cert, KeyFile: key, ClientAuth: "x"}, `unrecognized client_auth "x"; valid values: none, optional, required`},
		{TLSConfig{CertFile: cert, KeyFile: key, ClientAuth: "required"}, `client_auth "required" requires ca_file`},
		{TLSConfig{CertFile: cert, KeyFile: key, MinVersion: "tlsv1.0"}, `unrecognized min_tls_version "tlsv1.0"`},
		{TLSConfig{CertFile: cert, KeyFile: cert}, "load certificate"},
		{TLSConfig{CertFile: cert, KeyFile: key, CAFile: key}, "holds no PEM certificate"},
		{TLSConfig{CertFile: cert, KeyFile: key, CAFile: key + "x"}, "no such file"},
	}
	for _, tt := range tests {
		_, err := loadTLS(tt.cfg, nil)
		if err == nil || !strings.Contains(err.Error(), tt.want) || fault.NextOf(err) == "" {
			t.Errorf("error %v, next %q; want %q", err, fault.NextOf(err), tt.want)
		}
	}
}
