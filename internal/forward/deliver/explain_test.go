package deliver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"kiroku/internal/forward/wire"
)

// issued is a certificate with its key.
type issued struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func issue(t *testing.T, template *x509.Certificate, by *issued) *issued {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	}
	template.BasicConstraintsValid = true
	parent, signer := template, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &issued{c, key}
}

func (i *issued) tls(more ...*issued) tls.Certificate {
	c := tls.Certificate{Certificate: [][]byte{i.cert.Raw}, PrivateKey: i.key}
	for _, m := range more {
		c.Certificate = append(c.Certificate, m.cert.Raw)
	}
	return c
}

func (i *issued) file(t *testing.T, der bool) string {
	t.Helper()
	b := i.cert.Raw
	if !der {
		b = append([]byte("# a comment\n"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: b})...)
	}
	name := filepath.Join(t.TempDir(), "ca")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func (i *issued) pin() string {
	sum := sha256.Sum256(i.cert.RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// tlsServer shakes hands and reads until the end.
func tlsServer(t *testing.T, cfg *tls.Config) string {
	t.Helper()
	return serve(t, func(c net.Conn) {
		s := tls.Server(c, cfg)
		_, _ = io.Copy(io.Discard, s)
		s.Close()
	})
}

func TestExplainTLS(t *testing.T) {
	ip := []net.IP{net.IPv4(127, 0, 0, 1)}
	root := issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "Example Root"}, IsCA: true, KeyUsage: x509.KeyUsageCertSign}, nil)
	middle := issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "Example Issuing CA 01"}, IsCA: true, KeyUsage: x509.KeyUsageCertSign}, root)
	leaf := issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "siem"}, IPAddresses: ip, IssuingCertificateURL: []string{"http://pki.example.com/ca01.crt"}}, middle)
	other := issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "siem"}, DNSNames: []string{"siem.example.com"}}, root)
	old := issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "siem"}, IPAddresses: ip, NotBefore: time.Unix(1600000000, 0), NotAfter: time.Unix(1700000000, 0)}, root)
	own := issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "alone"}, IPAddresses: ip}, nil)
	trust := func(i *issued) wire.TLS { return wire.TLS{CAFiles: []string{i.file(t, false)}, CAOnly: true} }
	plain := serve(t, func(c net.Conn) { _, _ = io.WriteString(c, "220 mail.example.com ESMTP\r\n") })
	web := serve(t, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 10))
		_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n")
	})
	for _, test := range []struct {
		name string
		addr string
		tls  wire.TLS
		want []string // none: it works
	}{
		{"root, chain sent", tlsServer(t, &tls.Config{Certificates: []tls.Certificate{leaf.tls(middle)}}), trust(root), nil},
		{"intermediate as anchor", tlsServer(t, &tls.Config{Certificates: []tls.Certificate{leaf.tls()}}), trust(middle), nil},
		{"DER", tlsServer(t, &tls.Config{Certificates: []tls.Certificate{leaf.tls()}}), wire.TLS{CAFiles: []string{middle.file(t, true)}, CAOnly: true}, nil},
		{"name", tlsServer(t, &tls.Config{Certificates: []tls.Certificate{other.tls()}}), wire.TLS{CAFiles: []string{root.file(t, false)}, ServerName: "siem.example.com"}, nil},
		{"pin", tlsServer(t, &tls.Config{Certificates: []tls.Certificate{leaf.tls()}}), wire.TLS{CAFiles: []string{middle.file(t, false)}, Pin: leaf.pin()}, nil},
		{"pin of the issuer", tlsServer(t, &tls.Config{Certificates: []tls.Certificate{leaf.tls()}}), wire.TLS{CAFiles: []string{middle.file(t, false)}, Pin: middle.pin()}, nil},
		{"wrong pin", tlsServer(t, &tls.Config{Certificates: []tls.Certificate{leaf.tls()}}), wire.TLS{CAFiles: []string{middle.file(t, false)}, Pin: own.pin()}, []string{"pinned key", leaf.pin()}},
		{"pin sent beside the chain", tlsServer(t, &tls.Config{Certificates: []tls.Certificate{leaf.tls(own)}}), wire.TLS{CAFiles: []string{middle.file(t, false)}, Pin: own.pin()}, []string{"pinned key"}},
		{"missing intermediate", tlsServer(t, &tls.Config{Certificates: []tls.Certificate{leaf.tls()}}), trust(root),
			[]string{`no trust for the issuer "CN=Example Issuing CA 01"`, "sent 1 certificate, the", "http://pki.example.com/ca01.crt", "ca_files", "--ca-file"}},
		{"private CA", tlsServer(t, &tls.Config{Certificates: []tls.Certificate{leaf.tls(middle)}}), trust(own), []string{`no trust for the issuer "CN=Example Root"`, "sent 2 certificates, the"}},
		{"self-signed", tlsServer(t, &tls.Config{Certificates: []tls.Certificate{own.tls()}}), trust(root), []string{"self-signed", "ca_files"}},
		{"expired", tlsServer(t, &tls.Config{Certificates: []tls.Certificate{old.tls()}}), trust(root), []string{"2020-09-13", "2023-11-14T22:13:20Z", "clock says", "expired"}},
		{"other name", tlsServer(t, &tls.Config{Certificates: []tls.Certificate{other.tls()}}), trust(root), []string{"siem.example.com", `"127.0.0.1" was asked for`, "server_name"}},
		{"TLS 1.1", tlsServer(t, &tls.Config{Certificates: []tls.Certificate{leaf.tls(middle)}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}), trust(root), []string{"TLS 1.2 or newer"}},
		{"client certificate, TLS 1.2", tlsServer(t, &tls.Config{Certificates: []tls.Certificate{leaf.tls(middle)}, ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12}), trust(root), []string{"client certificate", "cert_file"}},
		{"client certificate, TLS 1.3", tlsServer(t, &tls.Config{Certificates: []tls.Certificate{leaf.tls(middle)}, ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS13}), trust(root), []string{"wants a client certificate", "cert_file"}},
		{"plain port that talks", plain, trust(root), []string{"speaks no TLS", "220"}},
		{"web server", web, trust(root), []string{"speaks no TLS but HTTP"}},
		{"closes", serve(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) }), trust(root), []string{"closed during the TLS handshake: perhaps the port speaks no TLS (use tcp://)"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, err := New(Options{Destination: wire.Destination{To: "tls://" + test.addr, TLS: test.tls}, Dead: func(wire.Record, string) error { return nil }})
			if err != nil {
				t.Fatal(err)
			}
			c, err := d.open(t.Context(), nil)
			if err == nil {
				c.Close()
			}
			if (err != nil) != (test.want != nil) {
				t.Fatalf("error %v, want %q", err, test.want)
			}
			if err == nil {
				return
			}
			text, code := Explain(err, "")
			if code != wire.TLSError {
				t.Errorf("code %s", code)
			}
			for _, want := range test.want {
				if !strings.Contains(text, want) {
					t.Errorf("%q does not say %q", text, want)
				}
			}
		})
	}
}

func TestTLSConfigRefuses(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		tls  wire.TLS
		want string
	}{
		{wire.TLS{CAOnly: true}, "trusts nobody"},
		{wire.TLS{CAFiles: []string{empty}}, "no certificate"},
		{wire.TLS{CAFiles: []string{"absent"}}, "absent"},
		{wire.TLS{CertFile: "a"}, "go together"},
		{wire.TLS{CertFile: empty, KeyFile: empty}, "must be PEM"},
		{wire.TLS{Pin: "abc"}, "openssl"},
	} {
		if _, err := TLSConfig(test.tls); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: error %v, want …%s…", test.tls, err, test.want)
		}
	}
}

// A client certificate is given to a receiver that wants one.
func TestClientCertificate(t *testing.T) {
	t.Parallel()
	root := issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "Example Root"}, IsCA: true, KeyUsage: x509.KeyUsageCertSign}, nil)
	server := issue(t, &x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}, root)
	client := issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "agent"}}, root)
	key, err := x509.MarshalPKCS8PrivateKey(client.key)
	if err != nil {
		t.Fatal(err)
	}
	keyFile := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), 0o600); err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(root.cert)
	addr := tlsServer(t, &tls.Config{Certificates: []tls.Certificate{server.tls()}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool})
	d, confirmed := start(t, Options{Destination: wire.Destination{To: "tls://" + addr, TLS: wire.TLS{CAFiles: []string{root.file(t, false)}, CertFile: client.file(t, false), KeyFile: keyFile}}})
	if err := d.Send(limited(t), lines(0, 700, 100)); err != nil {
		t.Fatal(err)
	}
	if err := d.Flush(limited(t)); err != nil {
		t.Fatalf("%v: %+v", err, d.Metrics())
	}
	if m := d.Metrics(); confirmed.Load() != 700 || m.CertExpires < 3000 || m.CertExpires > 3600 {
		t.Errorf("%d confirmed, certificate ends in %d s", confirmed.Load(), m.CertExpires)
	}
}

// The address is said once, and what to do.
func TestExplainRefused(t *testing.T) {
	d, err := New(Options{Destination: wire.Destination{To: "tcp://127.0.0.1:1"}, Dead: func(wire.Record, string) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.open(t.Context(), nil)
	text, _ := Explain(err, "")
	if strings.Count(text, "127.0.0.1:1") != 1 || !strings.HasSuffix(text, "If the port wants TLS, use tls://.") {
		t.Errorf("%q", text)
	}
}

// What Windows calls otherwise is the same: a restart of the receiver is one, and the text says what to do.
func TestWindowsErrors(t *testing.T) {
	at := func(op string, err error) error {
		return &net.OpError{Op: op, Net: "tcp", Err: os.NewSyscallError("connectex", err)}
	}
	for unix, windows := range map[syscall.Errno]syscall.Errno{
		syscall.ECONNREFUSED: 10061, syscall.ECONNRESET: 10054, syscall.EPIPE: 10053, syscall.EHOSTUNREACH: 10065, syscall.ENETUNREACH: 10051, syscall.EACCES: 10013,
	} {
		for _, op := range []string{"dial", "write"} {
			was, is := at(op, unix), at(op, windows)
			if isRestart(was) != isRestart(is) || explainNet(was) != explainNet(is) || explainNet(is) == "" || codeOf(was) != codeOf(is) {
				t.Errorf("%s: %v is %v, %q, %s; and %v is %v, %q, %s", op, was, isRestart(was), explainNet(was), codeOf(was), is, isRestart(is), explainNet(is), codeOf(is))
			}
		}
	}
}
