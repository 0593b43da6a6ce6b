package syslog

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"context"

	"kiroku/internal/fault"
	"kiroku/internal/logkey"
)

// tlsFiles is the TLS configuration made of an input's files. It is made anew when a file changed.
type tlsFiles struct {
	cfg    TLSConfig
	auth   tls.ClientAuthType
	min    uint16
	warner *warner

	mu      sync.Mutex
	current *tls.Config
	stamps  [3]stamp
}

// stamp tells one state of a file from another.
type stamp struct {
	modified time.Time
	size     int64
}

func stampOf(path string) stamp {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}
	}
	return stamp{info.ModTime(), info.Size()}
}

// loadTLS reads the files for the first time.
func loadTLS(cfg TLSConfig, w *warner) (*tlsFiles, error) {
	f := &tlsFiles{cfg: cfg, warner: w}
	if err := f.options(); err != nil {
		return nil, fault.New(fault.Invalid, err, "Correct the tls section of the input.")
	}
	f.stamps = f.stampAll()
	var err error
	if f.current, err = f.read(); err != nil {
		return nil, fault.New(fault.Invalid, err, "Check that the files exist, are readable by this user, hold PEM and belong together.")
	}
	return f, nil
}

func (f *tlsFiles) options() error {
	if f.cfg.CertFile == "" || f.cfg.KeyFile == "" {
		return errors.New("tls requires both cert_file and key_file")
	}
	switch f.cfg.MinVersion {
	case "", "tlsv1.2":
		f.min = tls.VersionTLS12
	case "tlsv1.3":
		f.min = tls.VersionTLS13
	default:
		return fmt.Errorf("unrecognized min_tls_version %q; valid values: tlsv1.2, tlsv1.3", f.cfg.MinVersion)
	}
	switch f.cfg.ClientAuth {
	case "", "none":
		f.auth = tls.NoClientCert
	case "optional":
		f.auth = tls.VerifyClientCertIfGiven
	case "required":
		f.auth = tls.RequireAndVerifyClientCert
	default:
		return fmt.Errorf("unrecognized client_auth %q; valid values: none, optional, required", f.cfg.ClientAuth)
	}
	if f.auth != tls.NoClientCert && f.cfg.CAFile == "" {
		return fmt.Errorf("client_auth %q requires ca_file", f.cfg.ClientAuth)
	}
	return nil
}

// server is the configuration of one connection.
func (f *tlsFiles) server() *tls.Config {
	f.mu.Lock()
	defer f.mu.Unlock()
	stamps := f.stampAll()
	if stamps == f.stamps {
		return f.current
	}
	f.stamps = stamps
	fresh, err := f.read()
	if err != nil {
		// A file is being replaced, or is broken: what worked goes on working.
		f.warner.warn(context.Background(), "read changed TLS files; keeping the old ones", slog.Any(logkey.Err, err))
		return f.current
	}
	f.current = fresh
	return fresh
}

func (f *tlsFiles) stampAll() [3]stamp {
	return [3]stamp{stampOf(f.cfg.CertFile), stampOf(f.cfg.KeyFile), stampOf(f.cfg.CAFile)}
}

func (f *tlsFiles) read() (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(f.cfg.CertFile, f.cfg.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("load certificate %q and key %q: %w", f.cfg.CertFile, f.cfg.KeyFile, err)
	}
	// Without session tickets every connection checks its certificates against the current authorities.
	c := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: f.min, ClientAuth: f.auth, SessionTicketsDisabled: true}
	if f.cfg.CAFile == "" {
		return c, nil
	}
	pem, err := os.ReadFile(f.cfg.CAFile)
	if err != nil {
		return nil, fmt.Errorf("load certificate authorities: %w", err)
	}
	c.ClientCAs = x509.NewCertPool()
	if !c.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("load certificate authorities: %q holds no PEM certificate", f.cfg.CAFile)
	}
	return c, nil
}

// handshakeProblem words why a TLS handshake did not succeed. It must not repeat what the sender sent.
func handshakeProblem(err error) string {
	var record tls.RecordHeaderError
	var verify *tls.CertificateVerificationError
	switch {
	case errors.As(err, &record):
		return "plaintext on a TLS port; switch the sender to TLS or send to a tcp input"
	case errors.As(err, &verify):
		return "client certificate not accepted"
	case strings.Contains(err.Error(), "client didn't provide a certificate"):
		return "client certificate missing"
	case errors.Is(err, io.EOF), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return "TLS handshake not completed"
	}
	return "TLS handshake failed"
}
