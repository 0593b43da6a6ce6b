package deliver

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"os"

	"kiroku/internal/forward/wire"
)

// TLSConfig makes the configuration for a receiver's TLS. It reads the files.
func TLSConfig(t wire.TLS) (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName, ClientSessionCache: tls.NewLRUClientSessionCache(8)}
	if len(t.CAFiles) > 0 || t.CAOnly {
		pool, err := CAPool(t.CAFiles, t.CAOnly)
		if err != nil {
			return nil, err
		}
		cfg.RootCAs = pool
	}
	if (t.CertFile == "") != (t.KeyFile == "") {
		return nil, errors.New("client certificate: tls.cert_file (--tls-cert-file) and tls.key_file (--tls-key-file) go together; name both, or none")
	}
	if t.CertFile != "" {
		cert, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("client certificate: tls.cert_file (--tls-cert-file) %q, tls.key_file (--tls-key-file) %q: %w; both must be PEM, the key without a password", t.CertFile, t.KeyFile, err)
		}
		cfg.Certificates = []tls.Certificate{cert}
	}
	if t.Pin != "" {
		pin, err := base64.StdEncoding.DecodeString(t.Pin)
		if err != nil || len(pin) != sha256.Size {
			return nil, errors.New("tls.pin (--tls-pin): it is not the base64 of a SHA-256; make it with: openssl x509 -in CERT -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64")
		}
		cfg.VerifyConnection = func(s tls.ConnectionState) error { return checkPin(s, pin) }
	}
	return cfg, nil
}

// CAPool reads certificates of issuers, roots or intermediates, PEM or DER, beside those of the system unless only.
func CAPool(files []string, only bool) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	if !only {
		if system, err := x509.SystemCertPool(); err == nil {
			pool = system
		}
	}
	if only && len(files) == 0 {
		return nil, errors.New("tls.ca_only (--tls-ca-only) without tls.ca_files (--tls-ca-file) trusts nobody: name the files of the issuers (for the Kiroku server: --ca-only and --ca-file)")
	}
	for _, name := range files {
		certs, err := readCertificates(name)
		if err != nil {
			return nil, fmt.Errorf("CA file %q: %w", name, err)
		}
		for _, c := range certs {
			pool.AddCert(c)
		}
	}
	return pool, nil
}

func readCertificates(name string) ([]*x509.Certificate, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	if !bytes.Contains(b, []byte("-----BEGIN")) {
		certs, err := x509.ParseCertificates(b)
		if err != nil || len(certs) == 0 {
			return nil, errors.New("it holds no certificate in PEM or DER form")
		}
		return certs, nil
	}
	var certs []*x509.Certificate
	for rest := b; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" && block.Type != "TRUSTED CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", len(certs)+1, err)
		}
		certs = append(certs, c)
	}
	if len(certs) == 0 {
		return nil, errors.New("it holds no certificate; a block -----BEGIN CERTIFICATE----- is needed")
	}
	return certs, nil
}

// pinError says that no certificate has the key that is pinned.
type pinError struct{ has []string }

func (e *pinError) Error() string {
	return fmt.Sprintf("no certificate of the chain has the pinned key; the chain has %v", e.has)
}

func checkPin(s tls.ConnectionState, pin []byte) error {
	// Only what was verified counts: a server may send any certificate of others beside its own.
	e := &pinError{}
	for _, chain := range s.VerifiedChains {
		for _, c := range chain {
			sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
			if subtle.ConstantTimeCompare(sum[:], pin) == 1 {
				return nil
			}
			e.has = append(e.has, base64.StdEncoding.EncodeToString(sum[:]))
		}
	}
	return e
}
