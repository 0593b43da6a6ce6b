package deliver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"kiroku/internal/forward/wire"
)

// Explain says in words what an error of a connection means and what to do, and which notification it belongs to. host is
// the name that was asked for; it may be empty when err says it.
func Explain(err error, host string) (text string, code wire.Code) {
	code = codeOf(err)
	var hs *handshakeError
	if errors.As(err, &hs) && host == "" {
		host = hs.target.host
	}
	if next := explainTLS(err, host, time.Now()); next != "" {
		return with(err, next), wire.TLSError
	}
	if code == wire.TLSError {
		return with(err, explainBroken(err)), code
	}
	return with(err, explainNet(err)), code
}

// ExplainHandshake is Explain for an error of the TLS handshake with a receiver.
func ExplainHandshake(err error, host string) string {
	if next := explainTLS(err, host, time.Now()); next != "" {
		return with(err, next)
	}
	return with(err, explainBroken(err))
}

func with(err error, next string) string {
	if next == "" {
		return err.Error()
	}
	return err.Error() + ": " + next
}

// explainTLS explains what TLS itself objects to, "" when it is something else.
func explainTLS(err error, host string, now time.Time) string {
	var sent []*x509.Certificate
	var verify *tls.CertificateVerificationError
	if errors.As(err, &verify) {
		sent = verify.UnverifiedCertificates
	}
	var unknown x509.UnknownAuthorityError
	if errors.As(err, &unknown) {
		if len(sent) == 0 && unknown.Cert != nil {
			sent = []*x509.Certificate{unknown.Cert}
		}
		return explainIssuer(sent)
	}
	var invalid x509.CertificateInvalidError
	if errors.As(err, &invalid) {
		return explainInvalid(invalid, now)
	}
	var name x509.HostnameError
	if errors.As(err, &name) {
		return explainName(name)
	}
	var roots x509.SystemRootsError
	if errors.As(err, &roots) {
		return "this system has no list of trusted issuers; install its package ca-certificates, or name the issuer with tls.ca_files (--tls-ca-file) of the destination (for the Kiroku server: --ca-file)"
	}
	var header tls.RecordHeaderError
	if errors.As(err, &header) {
		return explainHeader(header)
	}
	var pin *pinError
	if errors.As(err, &pin) {
		return "if the server's key was changed on purpose, set tls.pin (--tls-pin) to the one that you trust"
	}
	return explainAlert(err)
}

// explainIssuer names the issuer that is missing: that of the last certificate sent.
func explainIssuer(sent []*x509.Certificate) string {
	const option = "get its certificate and name the file with tls.ca_files (--tls-ca-file) of the destination (for the Kiroku server: --ca-file)"
	if len(sent) == 0 {
		return "its certificate is of an issuer that is not trusted here; " + option
	}
	last := sent[len(sent)-1]
	text := fmt.Sprintf("no trust for the issuer %q; the server sent %s, the last for %q", last.Issuer, wire.Count(int64(len(sent)), "certificate"), last.Subject)
	switch {
	case last.Issuer.String() == last.Subject.String():
		text += "; it is self-signed: if it is the right one, name it with tls.ca_files (--tls-ca-file) of the destination (for the Kiroku server: --ca-file)"
	case len(last.IssuingCertificateURL) > 0:
		text += fmt.Sprintf("; the issuer's certificate is at %s: %s. An intermediate is enough", last.IssuingCertificateURL[0], option)
	default:
		text += "; " + option + ". An intermediate is enough"
	}
	if inspects(last) {
		text += ". A firewall seems to inspect TLS: let its administrator give you its issuer, or except this host"
	}
	return text
}

// inspects says whether a certificate looks like one that a firewall made on the way.
func inspects(c *x509.Certificate) bool {
	who := strings.ToLower(c.Issuer.String())
	return slices.ContainsFunc([]string{"zscaler", "fortinet", "fortigate", "palo alto", "blue coat", "bluecoat", "sophos", "netskope", "forcepoint", "check point", "mcafee", "squid", "ssl inspection", "tls inspection", "proxy ca"},
		func(s string) bool { return strings.Contains(who, s) })
}

func explainInvalid(e x509.CertificateInvalidError, now time.Time) string {
	switch e.Reason {
	case x509.Expired:
		if e.Cert == nil {
			return "check its dates and this machine's clock"
		}
		text := fmt.Sprintf("the certificate %q is valid from %s to %s, and this machine's clock says %s", e.Cert.Subject,
			e.Cert.NotBefore.UTC().Format(time.RFC3339), e.Cert.NotAfter.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
		if now.Before(e.Cert.NotBefore) {
			return text + ": it is not valid yet; set the clock, or wait"
		}
		return text + ": it has expired; renew it on the server, or set the clock when that is wrong"
	case x509.NotAuthorizedToSign:
		return "a certificate of the chain is no issuer: tls.ca_files (--tls-ca-file; for the Kiroku server: --ca-file) must name the issuer's certificate, not the server's"
	case x509.IncompatibleUsage:
		return "the certificate is not made for servers: it needs the extended key usage serverAuth"
	}
	return "the server's certificate must be made anew"
}

func explainName(e x509.HostnameError) string {
	names := "none, only a common name, which counts no more"
	if e.Certificate != nil {
		all := slices.Clone(e.Certificate.DNSNames)
		for _, ip := range e.Certificate.IPAddresses {
			all = append(all, ip.String())
		}
		if len(all) > 20 {
			all = append(all[:20], "…")
		}
		if len(all) > 0 {
			names = strings.Join(all, ", ")
		}
	}
	return fmt.Sprintf("the certificate is for other names (%s), and %q was asked for; use one of these as the host, or set tls.server_name (--tls-server-name) of the destination to it", names, e.Host)
}

func explainHeader(e tls.RecordHeaderError) string {
	begins := strings.TrimRight(string(e.RecordHeader[:]), "\x00")
	if strings.HasPrefix(begins, "HTTP") {
		return "this port speaks no TLS but HTTP; use http://, or the port for https://"
	}
	return fmt.Sprintf("this port speaks no TLS (it begins %q); use tcp:// or relp:// without tls, or the receiver's port for TLS", begins)
}

// clientFlags name a client certificate.
const clientFlags = "tls.cert_file (--tls-cert-file) and tls.key_file (--tls-key-file)"

// explainAlert explains what the other side objects to.
func explainAlert(err error) string {
	text := err.Error()
	has := func(s string) bool { return strings.Contains(text, s) }
	const client = "name a client certificate that its issuer list accepts with " + clientFlags
	switch {
	case has("tls: certificate required"):
		return "the receiver wants a client certificate; " + client
	case has("tls: bad certificate"), has("tls: unknown certificate authority"), has("tls: unknown certificate"), has("tls: unsupported certificate"):
		if has("remote error") {
			return "the receiver does not accept our client certificate; " + client
		}
	case has("tls: expired certificate") && has("remote error"):
		return "our client certificate has expired; renew it and name it with " + clientFlags
	case has("tls: access denied"):
		return "the receiver knows our client certificate and does not let it in; add it to those it permits"
	case has("protocol version not supported"), has("server selected unsupported protocol version"):
		return "it has only TLS 1.1 or older, and TLS 1.2 or newer is needed; enable that on the receiver"
	case has("tls: handshake failure") && has("remote error"):
		return "the receiver ended the handshake: it may want a client certificate, to be named with " + clientFlags + ", or has no cipher in common"
	case has("tls: unrecognized name"):
		return "the receiver does not know the name that was asked for; set tls.server_name (--tls-server-name) of the destination"
	case has("tls: no application protocol"):
		return "the receiver speaks another protocol on this port"
	case has("tls: internal error") && has("remote error"):
		return "the receiver has an error in its own TLS: look into its log; often its certificate or key is missing"
	}
	return ""
}

// explainBroken explains a handshake that the other side did not finish.
func explainBroken(err error) string {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), Is(err, syscall.ECONNRESET, syscall.EPIPE):
		return "closed during the TLS handshake: perhaps the port speaks no TLS (use tcp://), or the receiver wants a client certificate"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return "no answer to the TLS handshake: perhaps a plain port (use tcp://), or the receiver hangs"
	}
	return "see the log of the receiver"
}

// explainNoRELP says what it is that answers in place of a RELP receiver.
func explainNoRELP(said string) string {
	const relp = "use the port of the RELP receiver (rsyslog: module imrelp); for plain syslog without RELP write tcp://"
	switch {
	case strings.HasPrefix(said, "\x15\x03"):
		return "the port answers with TLS: use relp+tls:// instead of relp://"
	case strings.HasPrefix(said, "HTTP/"), strings.HasPrefix(said, "<"):
		return "a web server answers: write http:// or https:// if it takes events, else " + relp
	case strings.HasPrefix(said, "SSH-"):
		return "an SSH server answers: " + relp
	case strings.HasPrefix(said, "220 "), strings.HasPrefix(said, "+OK"), strings.HasPrefix(said, "* OK"):
		return "a mail or FTP server answers: " + relp
	}
	return "check host and port: " + relp
}

// errNoAnswer says that a connection without TLS was closed in place of an answer of HTTP.
var errNoAnswer = errors.New("it closed the connection without an answer")

// wantsTLS says whether a web server answers that its port is one for https.
func wantsTLS(answer []byte) bool {
	text := strings.ToLower(string(answer))
	for _, s := range []string{
		"client sent an http request to an https server", // Go
		"plain http request was sent to https port",      // nginx
		"plain http to an ssl-enabled server port",       // Apache
	} {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}

// explainNet tells apart why a connection could not be made or broke.
func explainNet(err error) string {
	var proxy *ProxyError
	if errors.As(err, &proxy) {
		if proxy.Refused {
			return "" // it says what to do
		}
		if Is(err, syscall.ECONNREFUSED) {
			return "nothing listens at the proxy's address and port"
		}
		return ""
	}
	var foreign *foreignError
	if errors.As(err, &foreign) {
		return explainForeign(foreign.said)
	}
	var noRELP *noRELPError
	if errors.As(err, &noRELP) {
		return explainNoRELP(noRELP.said)
	}
	var dns *net.DNSError
	var dial *dialError
	dialing := errors.As(err, &dial)
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "the name is not known; check its spelling and this machine's DNS servers, or write the address"
	case errors.As(err, &dns):
		return "the DNS server does not answer; check this machine's DNS settings, or write the address"
	case Is(err, syscall.ECONNREFUSED):
		return "nothing listens there: check host and port, whether the receiver runs, and whether a firewall refuses. If the port wants TLS, use tls://."
	case Is(err, syscall.EHOSTUNREACH, syscall.ENETUNREACH):
		return "there is no way to it: check routes, VPN and firewalls"
	case Is(err, syscall.EACCES, syscall.EPERM):
		return "this machine forbids it: check its firewall, and the rights of the agent's user"
	case dialing && (errors.Is(err, context.DeadlineExceeded) || isTimeout(err)):
		return "no answer: a firewall drops the packets, or the host is off; check host, port and firewalls"
	case errors.Is(err, errClosed):
		return "let the receiver permit this machine (rsyslog: imrelp's tls.permittedPeer, or the firewall's list), and look into its log"
	case errors.Is(err, errNoLogs):
		return "it speaks RELP, and not for records: check host and port, and the receiver's configuration"
	case errors.Is(err, errUntaken):
		return "look into the receiver's log: its disk or queue may be full; what is not confirmed is sent again. A record that alone is refused for 2 minutes, while others are taken, goes to the dead letters"
	case errors.Is(err, errUnheard):
		return "perhaps the receiver wants a client certificate, or does not permit ours, and ends the connection without a word, as rsyslog does (its log says so; " + clientFlags + "), or the port speaks no RELP: for plain syslog write tls://; else it hangs or was restarted; all is sent again"
	case errors.Is(err, errNoOpen):
		return "perhaps the port speaks no RELP: for plain syslog write tcp://, for TLS relp+tls://; else the receiver hangs or was restarted; all is sent again"
	case strings.Contains(err.Error(), `malformed HTTP response "\x15\x03`): // a TLS alert; net/http has no type for it
		return "the port answers with TLS: use https:// instead of http://"
	case strings.Contains(err.Error(), `malformed HTTP response "\x05`):
		return "a SOCKS5 proxy answers: with --proxy, write socks5:// in front of its host"
	case strings.Contains(err.Error(), "malformed HTTP response"):
		return "it answers, but not in HTTP: check host and port, and whether tcp://, tls:// or relp:// is meant"
	case errors.Is(err, errNoAnswer):
		return "perhaps the port wants TLS (https://), or it was restarted; what is not confirmed is sent again"
	case errors.Is(err, errStalled):
		return "look whether the receiver hangs or its disk or queue is full; what is not confirmed is sent again"
	case errors.Is(err, errShut):
		return "perhaps it is no syslog port (one for TLS wants tls://), or it was restarted; nothing is confirmed by that, and all is sent again. A syslog receiver that ends each connection within 10 ms of a record cannot be told from that: make it keep connections open, or use relp://, https:// or, without any confirmation, --confirm none"
	case Is(err, syscall.ECONNRESET, syscall.EPIPE):
		return "the receiver broke the connection: was it restarted, or does a firewall or load balancer end it? What is not confirmed is sent again"
	case errors.Is(err, errIdleClosed):
		return "a load balancer or the receiver ends quiet connections; what was not confirmed is sent again, and checkpoints come earlier now"
	case errors.Is(err, io.EOF), errors.Is(err, errNotCaught):
		return "it was restarted, or takes only so much for each connection; what is not confirmed is sent again"
	}
	return ""
}
