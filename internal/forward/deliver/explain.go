package deliver

import (
	"crypto/tls"
	"crypto/x509"
	"errors"

	"kiroku/internal/forward/wire"
)

// isHandshake says whether TLS failed.
func isHandshake(err error) bool {
	var verify *tls.CertificateVerificationError
	var header tls.RecordHeaderError
	var alert tls.AlertError
	var name x509.HostnameError
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var pin *pinError
	return errors.As(err, &verify) || errors.As(err, &header) || errors.As(err, &alert) || errors.As(err, &name) ||
		errors.As(err, &unknown) || errors.As(err, &invalid) || errors.As(err, &pin)
}

// Explain says in words what an error of a connection means and what to do, and which notification it belongs to.
func Explain(err error, host string) (text string, code wire.Code) {
	return err.Error(), codeOf(err)
}
