package check

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"strings"
	"time"

	"kiroku/internal/forward/deliver"
	"kiroku/internal/forward/wire"
)

// expiresSoon is when the end of a certificate is worth a word.
const expiresSoon = 14 * 24 * time.Hour

// handshake makes TLS and looks at the certificate. The connection is for the caller, nil after a failure. broken makes a
// failure of TLS a result.
func handshake(ctx context.Context, dial deliver.DialFunc, address string, cfg *tls.Config, broken func(error) result) (*tls.Conn, result) {
	ctx, cancel := context.WithTimeout(ctx, tlsTime)
	defer cancel()
	raw, err := dial(ctx, "tcp", address)
	if err != nil {
		return nil, explained(err, cfg.ServerName)
	}
	asked := false
	cfg = cfg.Clone()
	certificates := cfg.Certificates
	cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		asked = true
		if len(certificates) > 0 {
			return &certificates[0], nil
		}
		return &tls.Certificate{}, nil
	}
	conn := tls.Client(raw, cfg)
	if err := conn.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, broken(err)
	}
	if err := lateAlert(conn); err != nil {
		raw.Close()
		return nil, broken(err)
	}
	state := conn.ConnectionState()
	leaf := state.PeerCertificates[0]
	client := ""
	if asked {
		client = "; the receiver asked for a client certificate"
		if len(certificates) == 0 {
			client += " and takes none, too"
		}
	}
	is := []any{tls.VersionName(state.Version), leaf.Subject, leaf.Issuer, leaf.NotAfter.UTC().Format(time.DateOnly), client}
	switch left := time.Until(leaf.NotAfter); {
	case left < expiresSoon:
		return conn, certificateEnds.with(append(is, wire.Count(int64(left.Hours()/24), "day"))...)
	case inspected(leaf):
		return conn, certificateInspected.with(is...)
	}
	return conn, certificate.with(is...)
}

// lateAlert waits for a refusal after the handshake: TLS 1.3 tells so of client certificates. Silence is consent.
func lateAlert(conn *tls.Conn) error {
	if err := conn.SetReadDeadline(time.Now().Add(alertTime)); err != nil {
		return err
	}
	_, err := conn.Read(make([]byte, 1))
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return conn.SetReadDeadline(time.Time{})
	}
	if op := (*net.OpError)(nil); errors.As(err, &op) && op.Op == "remote error" {
		return err
	}
	return nil // it closed, as some do where nothing comes
}

// inspected says whether an issuer's name is one of a device that inspects TLS.
func inspected(leaf *x509.Certificate) bool {
	who := strings.ToLower(leaf.Issuer.String())
	for _, name := range []string{"zscaler", "fortinet", "fortigate", "palo alto", "blue coat", "bluecoat", "sophos", "netskope", "forcepoint", "check point", "mcafee", "squid", "inspection"} {
		if strings.Contains(who, name) {
			return true
		}
	}
	return false
}
