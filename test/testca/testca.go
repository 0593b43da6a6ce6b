package testca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Authority signs certificates.
type Authority struct {
	File string // its certificate, PEM

	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// New makes an authority whose files live as long as the test.
func New(t testing.TB) *Authority {
	t.Helper()
	a := &Authority{}
	template := template("test authority", 1)
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	a.key, a.cert = sign(t, template, nil)
	a.File = write(t, filepath.Join(t.TempDir(), "ca.pem"), "CERTIFICATE", a.cert.Raw)
	return a
}

// Issue writes <name>.pem and <name>-key.pem, good for 127.0.0.1 and the name, as server and as client.
func (a *Authority) Issue(t testing.TB, name string) (cert, key string) {
	t.Helper()
	return a.IssueFor(t, name, net.IPv4(127, 0, 0, 1))
}

// IssueFor is Issue for other addresses, or none.
func (a *Authority) IssueFor(t testing.TB, name string, addresses ...net.IP) (cert, key string) {
	t.Helper()
	template := template(name, time.Now().UnixNano())
	template.DNSNames, template.IPAddresses = []string{name}, addresses
	template.ExtKeyUsage, template.KeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, x509.KeyUsageDigitalSignature
	private, signed := sign(t, template, a)
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	return write(t, filepath.Join(dir, name+".pem"), "CERTIFICATE", signed.Raw), write(t, filepath.Join(dir, name+"-key.pem"), "PRIVATE KEY", der)
}

// Pool trusts the authority alone.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

func write(t testing.TB, path, kind string, der []byte) string {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o644); err != nil { //nolint:gosec // daemons may run as other users
		t.Fatal(err)
	}
	return path
}

func template(name string, serial int64) *x509.Certificate {
	return &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
}

func sign(t testing.TB, template *x509.Certificate, by *Authority) (*ecdsa.PrivateKey, *x509.Certificate) {
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
