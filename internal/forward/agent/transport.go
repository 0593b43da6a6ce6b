package agent

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/net/http/httpproxy"

	"kiroku/internal/fault"
	"kiroku/internal/forward/deliver"
)

const (
	dialTime      = 15 * time.Second
	handshakeTime = 15 * time.Second
)

// Way is how the server is reached.
type Way struct {
	Proxy   string   // as ParseProxy reads it; "": as the environment says (HTTPS_PROXY, HTTP_PROXY)
	NoProxy string   // what is reached without Proxy: the form of the environment variable NO_PROXY
	CAFiles []string // issuers to trust beside those of the system
	CAOnly  bool     // instead of them
}

// InvalidProxy is the error of an address of a proxy that cannot be used.
type InvalidProxy struct{ Err error }

func (e *InvalidProxy) Error() string { return e.Err.Error() }
func (e *InvalidProxy) Unwrap() error { return e.Err }

// Transport makes the transport to the server, and the dialer for destinations that go through the proxy, nil without one.
func (w Way) Transport() (*http.Transport, deliver.DialFunc, error) {
	t := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dial,
		TLSHandshakeTimeout: handshakeTime,
		MaxIdleConnsPerHost: 64,
		IdleConnTimeout:     90 * time.Second,
		ForceAttemptHTTP2:   true,
		WriteBufferSize:     16 << 10,
		ReadBufferSize:      64 << 10,
		OnProxyConnectResponse: func(_ context.Context, proxy *url.URL, _ *http.Request, resp *http.Response) error {
			if resp.StatusCode == http.StatusOK {
				return nil
			}
			return proxyRefuses(proxy, resp.StatusCode)
		},
	}
	roots, err := w.Roots()
	if err != nil {
		return nil, nil, err
	}
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
	if w.Proxy == "" {
		return t, nil, nil
	}
	proxy, err := deliver.ParseProxy(w.Proxy)
	if err != nil {
		return nil, nil, fault.New(fault.Invalid, &InvalidProxy{err}, "Write --proxy ADDRESS[:PORT], or http://, https:// or socks5://[USER:PASSWORD@]HOST[:PORT].")
	}
	if w.NoProxy == "" { // what was asked for, even for this machine itself
		t.Proxy = http.ProxyURL(proxy.URL())
		return t, proxy.DialContext, nil
	}
	t.Proxy = throughProxy(proxy, w.NoProxy)
	return t, proxy.Bypass(w.NoProxy, dial), nil
}

// throughProxy sends everything through a proxy that noProxy does not name.
func throughProxy(p *deliver.Proxy, noProxy string) func(*http.Request) (*url.URL, error) {
	through := (&httpproxy.Config{HTTPProxy: "http://proxy.invalid", HTTPSProxy: "http://proxy.invalid", NoProxy: noProxy}).ProxyFunc()
	return func(r *http.Request) (*url.URL, error) {
		if u, err := through(r.URL); err == nil && u == nil {
			return nil, nil
		}
		return p.URL(), nil
	}
}

// Roots are the issuers that are trusted; nil: those of the system.
func (w Way) Roots() (*x509.CertPool, error) {
	if len(w.CAFiles) == 0 && !w.CAOnly {
		return nil, nil
	}
	pool, err := deliver.CAPool(w.CAFiles, w.CAOnly)
	if err != nil {
		return nil, fault.New(fault.Invalid, err, "Name files that hold certificates of issuers, roots or intermediates, in PEM or DER form: --ca-file FILE.")
	}
	return pool, nil
}

func dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTime, KeepAlive: 30 * time.Second}
	return d.DialContext(ctx, network, address)
}

// ProxyError is an answer of a proxy that says no.
type ProxyError struct {
	Proxy  string
	Status int
}

func (e *ProxyError) Error() string {
	return fmt.Sprintf("the proxy %s answers %d %s", e.Proxy, e.Status, http.StatusText(e.Status))
}

// proxyRemedies say what to do when a proxy refuses, by its status.
var proxyRemedies = map[int]string{
	http.StatusProxyAuthRequired:  "The proxy wants a user and a password, or does not know these: --proxy http://USER:PASSWORD@HOST:PORT, special characters as %XX.",
	http.StatusForbidden:          "The proxy's policy forbids it: have the server's host and port allowed there for CONNECT.",
	http.StatusMethodNotAllowed:   "The proxy allows no CONNECT: it is no proxy for HTTPS, or the port is another one.",
	http.StatusBadGateway:         "The proxy cannot reach the server: check the server's name and port, and that the proxy's machine reaches it.",
	http.StatusServiceUnavailable: "The proxy cannot reach the server: check the server's name and port, and that the proxy's machine reaches it.",
	http.StatusGatewayTimeout:     "The server did not answer the proxy: a firewall between proxy and server drops the connection, or the server is down.",
}

func proxyRefuses(proxy *url.URL, status int) error {
	next, ok := proxyRemedies[status]
	if !ok {
		next = "Check that --proxy names a proxy, and not another service."
	}
	return fault.New(fault.Denied, &ProxyError{Proxy: proxy.Host, Status: status}, next)
}

// explain gives an error of the network its cause and remedy.
func explain(err error, host string) error {
	var refused *ProxyError
	if errors.As(err, &refused) {
		return fault.New(fault.Busy, refused, fault.NextOf(err))
	}
	var inner *url.Error
	if errors.As(err, &inner) {
		err = inner.Err // the address stands in the text already
	}
	text, _ := deliver.Explain(err, host)
	return fault.New(fault.Busy, fmt.Errorf("ask %s: %w", host, err), text)
}
