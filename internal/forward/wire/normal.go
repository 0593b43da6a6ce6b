package wire

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
)

// Limits of MaxBytes.
const (
	MinMaxBytes     = 480      // what every receiver of syslog takes (RFC 5424 section 6.1)
	DefaultUDPBytes = 2048     // what a receiver should take
	DefaultMaxBytes = 64 << 10 // of everything else
	MaxMaxBytes     = 16 << 20
	maxUDPBytes     = 65_507 // of one datagram over IPv4
)

// Limits of requests, in records.
const (
	defaultHTTP  = 500
	maxHTTPBatch = MaxPull
)

// Normal checks whether the members of a destination fit each other, and fills in defaults. Its errors say what to write.
func Normal(d Destination) (Destination, error) {
	scheme, err := target(d.To)
	if err != nil {
		return d, fmt.Errorf("to: %w", err)
	}
	for i, to := range d.Failover {
		other, err := target(to)
		if err != nil {
			return d, fmt.Errorf("failover[%d]: %w", i, err)
		}
		if other != scheme {
			return d, fmt.Errorf("failover[%d] is %q, and to is %q: both must have the same scheme", i, to, d.To)
		}
	}
	if len(d.Failover) > 0 && !overNetwork(scheme) {
		return d, fmt.Errorf("failover is set, and %s: has nothing to fail over from: leave it out", scheme)
	}
	if d.Name == "" {
		return d, fmt.Errorf("name is missing: write one that is unique within the agent")
	}
	if d.Header, err = NormalHeader(d.Format, d.Header); err != nil {
		return d, err
	}
	for _, step := range []func(*Destination, string) error{normalFraming, normalConfirm, normalSize, normalTLS, normalHTTP, normalRest} {
		if err := step(&d, scheme); err != nil {
			return d, err
		}
	}
	return d, nil
}

// The schemes of destinations.
const (
	schemeUDP     = "udp"
	schemeTCP     = "tcp"
	schemeTLS     = "tls"
	schemeRELP    = "relp"
	schemeRELPTLS = "relp+tls"
	schemeHTTP    = "http"
	schemeHTTPS   = "https"
	schemeFile    = "file"
	schemeStdout  = "stdout"
)

func overNetwork(scheme string) bool { return scheme != schemeFile && scheme != schemeStdout }

func secured(scheme string) bool {
	return scheme == schemeTLS || scheme == schemeRELPTLS || scheme == schemeHTTPS
}

func isHTTP(scheme string) bool { return scheme == schemeHTTP || scheme == schemeHTTPS }

func isRELP(scheme string) bool { return scheme == schemeRELP || scheme == schemeRELPTLS }

// target checks an address and returns its scheme.
func target(to string) (scheme string, err error) {
	const forms = "udp, tcp, tls, relp or relp+tls://HOST:PORT, http(s)://HOST[:PORT]/PATH, file:///PATH, or stdout:"
	u, err := url.Parse(to)
	if err != nil || u.Scheme == "" {
		return "", fmt.Errorf("%q is no address; write %s", to, forms)
	}
	switch u.Scheme {
	case schemeStdout:
		if u.Opaque+u.Host+u.Path != "" {
			return "", fmt.Errorf("%q says more than stdout takes; write \"stdout:\"", to)
		}
	case schemeFile:
		if u.Host != "" || !filepath.IsAbs(filepath.FromSlash(u.Path)) && !strings.HasPrefix(u.Path, "/") {
			return "", fmt.Errorf("%q names no file; write file:///PATH with three slashes and the whole path", to)
		}
	case schemeUDP, schemeTCP, schemeTLS, schemeRELP, schemeRELPTLS:
		if u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			return "", fmt.Errorf("%q says more than host and port; write %s://HOST:PORT", to, u.Scheme)
		}
		return u.Scheme, hostPort(to, u, true)
	case schemeHTTP, schemeHTTPS:
		if u.User != nil {
			return "", fmt.Errorf("%s://%s holds a user name or password, which everybody who sees the destination would read: put the header's value into a file and name it in http.credential_file (--http-credential-file)", u.Scheme, u.Host)
		}
		return u.Scheme, hostPort(to, u, false)
	default:
		return "", fmt.Errorf("%q has the scheme %q; write %s", to, u.Scheme, forms)
	}
	return u.Scheme, nil
}

func hostPort(to string, u *url.URL, wanted bool) error {
	host, port := u.Hostname(), u.Port()
	if host == "" {
		return fmt.Errorf("%q names no host; write %s://HOST:PORT", to, u.Scheme)
	}
	if strings.Count(u.Host, ":") > 1 && !strings.HasPrefix(u.Host, "[") {
		return fmt.Errorf("%q: an IPv6 address stands in brackets; write %s://%s", to, u.Scheme, net.JoinHostPort(host, "PORT"))
	}
	if port == "" {
		if wanted || strings.HasSuffix(u.Host, ":") {
			return fmt.Errorf("%q has no port; write for example %s", to, u.Scheme+"://"+net.JoinHostPort(host, "514"))
		}
		return nil
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return fmt.Errorf("%q has the port %s; ports are 1 to 65535", to, port)
	}
	return nil
}

func normalFraming(d *Destination, scheme string) error {
	switch d.Framing {
	case "", LF, Octet, NUL:
	default:
		return fmt.Errorf("framing is %q; write one of: lf, octet, nul", d.Framing)
	}
	switch {
	case scheme == schemeTLS:
		d.Framing = cmp.Or(d.Framing, Octet) // RFC 5425
	case scheme == schemeTCP, scheme == schemeFile, scheme == schemeStdout:
		d.Framing = cmp.Or(d.Framing, LF)
	case d.Framing == LF:
		d.Framing = "" // it frames itself
	case d.Framing != "":
		return fmt.Errorf("framing is %q, and %s frames records itself: leave framing out", d.Framing, scheme)
	}
	return nil
}

func normalConfirm(d *Destination, scheme string) error {
	allowed := []Confirm{ConfirmNone}
	switch {
	case isRELP(scheme):
		allowed = []Confirm{ConfirmRELP}
	case isHTTP(scheme):
		allowed = []Confirm{ConfirmHTTP}
	case scheme == schemeTCP, scheme == schemeTLS:
		allowed = []Confirm{ConfirmHalfClose, ConfirmWindow, ConfirmNone}
	}
	d.Confirm = cmp.Or(d.Confirm, allowed[0])
	words := make([]string, len(allowed))
	for i, c := range allowed {
		if d.Confirm == c {
			return nil
		}
		words[i] = string(c)
	}
	return fmt.Errorf("confirm is %q, and %s is confirmed by %s: write that, or take another scheme", d.Confirm, scheme, strings.Join(words, ", "))
}

func normalSize(d *Destination, scheme string) error {
	limit := MaxMaxBytes
	if scheme == schemeUDP {
		d.MaxBytes = cmp.Or(d.MaxBytes, DefaultUDPBytes)
		limit = maxUDPBytes
	}
	d.MaxBytes = cmp.Or(d.MaxBytes, DefaultMaxBytes)
	if d.MaxBytes < MinMaxBytes || d.MaxBytes > limit {
		return fmt.Errorf("max_bytes (--max-bytes) is %d; over %s write %d to %d", d.MaxBytes, scheme, MinMaxBytes, limit)
	}
	return nil
}

func normalTLS(d *Destination, scheme string) error {
	t := &d.TLS
	given := len(t.CAFiles) > 0 || t.CAOnly || t.ServerName != "" || t.CertFile != "" || t.KeyFile != "" || t.Pin != ""
	if given && !secured(scheme) {
		return fmt.Errorf("tls (flags --tls-…) is set, and %s has none: take tls, relp+tls or https, or leave tls out", scheme)
	}
	if (t.CertFile == "") != (t.KeyFile == "") {
		return fmt.Errorf("tls.cert_file (--tls-cert-file) and tls.key_file (--tls-key-file) belong together: write both, or neither")
	}
	if t.CAOnly && len(t.CAFiles) == 0 {
		return fmt.Errorf("tls.ca_only (--tls-ca-only) is set without tls.ca_files (--tls-ca-file): nothing would be trusted; name the files")
	}
	if t.Pin != "" {
		if sum, err := base64.StdEncoding.DecodeString(t.Pin); err != nil || len(sum) != 32 {
			return fmt.Errorf("tls.pin (--tls-pin) is %q; write the base64 of the SHA-256 of a SubjectPublicKeyInfo: 44 characters", t.Pin)
		}
	}
	return nil
}

func normalHTTP(d *Destination, scheme string) error {
	h := &d.HTTP
	if !isHTTP(scheme) {
		if h.Body != "" || len(h.Headers) > 0 || h.CredentialFile != "" || h.Ack || h.Index != "" || h.Batch != 0 {
			return fmt.Errorf("http (flags --http-…) is set, and %s is not HTTP: take http:// or https://, or leave http out", scheme)
		}
		return nil
	}
	h.Body, h.Batch = cmp.Or(h.Body, Lines), cmp.Or(h.Batch, defaultHTTP)
	switch h.Body {
	case Lines, SplunkHEC:
	case Array, Elastic:
		if !isJSON(d.Format) || d.Header.Form != HeaderNone {
			return fmt.Errorf("http.body (--http-body) is %q and needs records of JSON: take the format json or ocsf-json without a header, or http.body lines", h.Body)
		}
	default:
		return fmt.Errorf("http.body (--http-body) is %q; write one of: lines, array, splunk-hec, elastic", h.Body)
	}
	switch {
	case h.Batch < 1 || h.Batch > maxHTTPBatch:
		return fmt.Errorf("http.batch (--http-batch) is %d; write 1 to %d", h.Batch, maxHTTPBatch)
	case h.Ack && h.Body != SplunkHEC:
		return fmt.Errorf("http.ack (--http-ack) is Splunk's: it needs http.body (--http-body) splunk-hec")
	case h.Body == Elastic && h.Index == "":
		return fmt.Errorf("http.body (--http-body) is elastic and http.index (--http-index) is missing: name the index or data stream")
	case h.Index != "" && h.Body != SplunkHEC && h.Body != Elastic:
		return fmt.Errorf("http.index (--http-index) is set, and http.body (--http-body) %s has none: leave it out", h.Body)
	}
	for name, value := range h.Headers {
		if name == "" || strings.ContainsAny(name, " \t\r\n:") || strings.ContainsAny(value, "\r\n\x00") {
			return fmt.Errorf("http.headers (--http-header) has %q, which is no header of one line", name)
		}
		if strings.EqualFold(name, "Authorization") {
			return fmt.Errorf("http.headers (--http-header) holds Authorization, which everybody who sees the destination would read: put its value into a file and name it in http.credential_file (--http-credential-file)")
		}
	}
	return nil
}

func isJSON(f Format) bool { return f == JSON || f == OCSFJSON }

func normalRest(d *Destination, scheme string) error {
	switch {
	case d.Raw && !isJSON(d.Format) && d.Format != RFC5424JSON:
		return fmt.Errorf("raw (--raw) is set, and the format %s has no place for raw_data: take json, ocsf-json or rfc5424-json", d.Format)
	case d.Proxy && (!overNetwork(scheme) || scheme == schemeUDP):
		return fmt.Errorf("proxy (--through-proxy) is set, and %s cannot go through a proxy: leave it out", scheme)
	case d.Rate.Records < 0 || d.Rate.Bytes < 0:
		return fmt.Errorf("rate (--rate-records, --rate-bytes) has a negative number; write 0 for no limit")
	}
	return nil
}
