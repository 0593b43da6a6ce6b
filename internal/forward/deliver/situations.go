package deliver

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"kiroku/internal/forward/wire"
)

// Situation is something that can go wrong with a connection.
type Situation struct {
	Name string
	Err  error
}

// Situations lists errors as the network, TLS and receivers make them, for the page that explains them.
func Situations() []Situation {
	name := func(cn string) pkix.Name { return pkix.Name{CommonName: cn} }
	leaf := &x509.Certificate{Subject: name("siem.example.com"), Issuer: name("Example Issuing CA 1"), DNSNames: []string{"siem.example.com"},
		IssuingCertificateURL: []string{"http://ca.example.com/issuing1.crt"}, NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)}
	inspected := &x509.Certificate{Subject: name("siem.example.com"), Issuer: name("Zscaler Intermediate Root CA")}
	chain := func(err error, cert *x509.Certificate) error {
		return &tls.CertificateVerificationError{UnverifiedCertificates: []*x509.Certificate{cert}, Err: err}
	}
	alert := func(n uint8) error { return &net.OpError{Op: "remote error", Err: tls.AlertError(n)} }
	dial := func(err error) error {
		return &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 6514}, Err: err}
	}
	siem, proxy := target{host: "192.0.2.1", port: "6514"}, &Proxy{Scheme: "http", Host: "proxy.example.com:8080"}
	sending := func(err error) error { return fmt.Errorf("send to %s: %w", siem, err) }
	relp := func(err error) error { return fmt.Errorf("RELP with %s: %w", siem, err) }
	return []Situation{
		{"an intermediate or private issuer is missing", chain(x509.UnknownAuthorityError{Cert: leaf}, leaf)},
		{"a firewall inspects TLS", chain(x509.UnknownAuthorityError{Cert: inspected}, inspected)},
		{"the certificate has expired", chain(x509.CertificateInvalidError{Cert: leaf, Reason: x509.Expired}, leaf)},
		{"the certificate is for another name", chain(x509.HostnameError{Certificate: leaf, Host: "10.0.0.7"}, leaf)},
		{"the port speaks no TLS", tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake", RecordHeader: [5]byte{'<', '1', '3', '4', '>'}}},
		{"the port speaks HTTP", tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake", RecordHeader: [5]byte{'H', 'T', 'T', 'P', '/'}}},
		{"only TLS 1.1 or older", alert(70)},
		{"a client certificate is wanted (TLS 1.3)", alert(116)},
		{"a client certificate may be wanted (TLS 1.2)", alert(40)},
		{"the client certificate is not accepted", alert(42)},
		{"the client certificate has expired", alert(45)},
		{"the client certificate may not enter", alert(49)},
		{"the receiver does not know the name", alert(112)},
		{"nothing listens", dial(syscall.ECONNREFUSED)},
		{"there is no way", dial(syscall.EHOSTUNREACH)},
		{"this machine forbids it", dial(syscall.EPERM)},
		{"the name is not known", &net.DNSError{Err: "no such host", Name: "siem.example.com", IsNotFound: true}},
		{"DNS does not answer", &net.DNSError{Err: "i/o timeout", Name: "siem.example.com", IsTimeout: true}},
		{"the connection breaks", &net.OpError{Op: "write", Net: "tcp", Err: syscall.ECONNRESET}},
		{"no list of issuers on this machine", x509.SystemRootsError{Err: errors.New("open /etc/ssl/certs: no such file or directory")}},
		{"plain TCP to a port for TLS", sending(&foreignError{"\x15\x03\x01\x00\x02\x02F"})},
		{"plain TCP to a web server", sending(&foreignError{"HTTP/1.1 400 Bad Request"})},
		{"plain TCP to another server that speaks first", sending(&foreignError{"who are you?"})},
		{"plain TCP to a port that closes at once", sending(fmt.Errorf("%w: %w", errShut, io.EOF))},
		{"RELP to a port for TLS", relp(&noRELPError{"\x15\x03\x03\x00\x02\x02F"})},
		{"RELP to a web server", relp(&noRELPError{"HTTP/1.1 400 Bad Request"})},
		{"RELP to another server", relp(&noRELPError{"who are you?"})},
		{"RELP to a port that says nothing", relp(fmt.Errorf("%w: %w", errNoOpen, errStalled))},
		{"RELP over TLS to a port that says nothing", relp(fmt.Errorf("%w: %w", errUnheard, io.EOF))},
		{"RELP refuses the session", relp(openAnswer([]byte("500 not permitted")))},
		{"RELP is offered without records", relp(openAnswer([]byte("200 OK\nrelp_version=0\ncommands=starttls")))},
		{"RELP answers that a record was not processed", relp((&relpSession{}).answered(2, []byte("500 queue full")))},
		{"http:// to a port for TLS that says so in TLS", sending(errors.New(`net/http: HTTP/1.x transport connection broken: malformed HTTP response "\x15\x03\x01\x00\x02\x02F"`))},
		{"http:// to a port that closes", sending(fmt.Errorf("%w: %w", errNoAnswer, io.EOF))},
		{"http:// to a SOCKS5 proxy", sending(errors.New(`net/http: HTTP/1.x transport connection broken: malformed HTTP response "\x05\xff"`))},
		{"http:// to something else", sending(errors.New(`net/http: HTTP/1.x transport connection broken: malformed HTTP response "SSH-2.0-OpenSSH_9.6"`))},
		{"the receiver takes nothing more", sending(errStalled)},
		{"the receiver closes", sending(io.EOF)},
		{"the receiver closes what is quiet", sending(errIdleClosed)},
		{"the port speaks no TLS and closes", &handshakeError{siem, io.EOF}},
		{"the port speaks no TLS and is silent", &handshakeError{siem, os.ErrDeadlineExceeded}},
		{"the key is not the pinned one", &handshakeError{siem, &pinError{}}},
		{"there is no answer", &dialError{siem, os.ErrDeadlineExceeded}},
		{"nothing listens at the proxy", &dialError{siem, proxy.fail(proxyUnreachable, syscall.ECONNREFUSED)}},
	}
}

// WrongFiles lists errors of what a destination names on the agent's machine.
func WrongFiles() (all []error) {
	for _, t := range []wire.TLS{{CAFiles: []string{"missing.pem"}}, {CertFile: "missing.pem", KeyFile: "missing.key"}, {CertFile: "siem.pem"}, {Pin: "short"}} {
		_, err := TLSConfig(t)
		all = append(all, err)
	}
	h := &httpSender{dest: wire.HTTP{CredentialFile: "missing.credential"}}
	return append(all, h.loadCredential(), errEmptyCredential("siem.credential"))
}

// HTTPAnswer is an answer of a destination over HTTP that confirms nothing.
type HTTPAnswer struct {
	Err  error
	Dead bool // a single record that is answered so is a dead letter; else everything is sent again
	Late bool // it is one when it is answered so for two minutes and others are not
}

// HTTPAnswers lists answers with what they mean.
func HTTPAnswers() (all []HTTPAnswer) {
	h, t := &httpSender{d: &Deliverer{}}, target{transport: overHTTP, host: "siem.example.com", port: "8088"}
	for _, a := range []struct {
		status int
		header http.Header
		body   string
	}{
		{301, http.Header{"Location": {"https://siem.example.com:8088/"}}, ""},
		{400, nil, "Client sent an HTTP request to an HTTPS server."},
		{400, nil, "mapping error"},
		{401, nil, "invalid token"},
		{404, nil, "not found"},
		{429, nil, "slow down"},
		{503, nil, "busy"},
	} {
		err := h.refusal(t, a.status, a.header, []byte(a.body))
		var answer *answerError
		all = append(all, HTTPAnswer{err, errors.As(err, &answer) && answer.poison, mayBePoison(err)})
	}
	return all
}
