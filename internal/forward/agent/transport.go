package agent

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
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
	Proxy   string   // as deliver.ParseProxy reads it; "": none
	NoProxy string   // what is reached without Proxy: the form of the environment variable NO_PROXY
	CAFiles []string // issuers to trust beside those of the system
	CAOnly  bool     // instead of them
}

// InvalidProxy is the error of an address of a proxy that cannot be used.
type InvalidProxy struct{ Err error }

func (e *InvalidProxy) Error() string { return e.Err.Error() }
func (e *InvalidProxy) Unwrap() error { return e.Err }

// Transport makes the transport to a server, and the dialer for destinations that go through the proxy, nil without one.
func (w Way) Transport(server string) (*http.Transport, deliver.DialFunc, error) {
	t := &http.Transport{
		DialContext:         dial,
		TLSHandshakeTimeout: handshakeTime,
		MaxIdleConnsPerHost: 64,
		IdleConnTimeout:     90 * time.Second,
		ForceAttemptHTTP2:   true,
		WriteBufferSize:     16 << 10,
		ReadBufferSize:      64 << 10,
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
	through := proxy.DialContext // what was asked for, even for this machine itself
	if w.NoProxy != "" {
		through = proxy.Bypass(w.NoProxy, dial)
	}
	if proxy.Scheme != "socks5" && strings.HasPrefix(server, "http:") {
		t.Proxy = throughProxy(proxy, w.NoProxy) // proxies allow CONNECT to few ports
		t.DialContext = dialNaming(proxy)
		return t, through, nil
	}
	t.DialContext = through
	return t, through, nil
}

// Direct says whether a server is reached without the proxy, because NoProxy names it.
func (w Way) Direct(server *url.URL) bool {
	if w.Proxy == "" || w.NoProxy == "" {
		return w.Proxy == ""
	}
	proxy, err := deliver.ParseProxy(w.Proxy)
	if err != nil {
		return false
	}
	if proxy.Scheme != "socks5" && server.Scheme == "http" {
		u, err := throughProxy(proxy, w.NoProxy)(&http.Request{URL: server})
		return err == nil && u == nil
	}
	return deliver.Bypasses(w.NoProxy, Address(server))
}

// Address is the host and port of a server.
func Address(server *url.URL) string {
	port := server.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[server.Scheme]
	}
	return net.JoinHostPort(server.Hostname(), port)
}

// dialNaming is dial with an error that says when it is the proxy that cannot be reached.
func dialNaming(p *deliver.Proxy) deliver.DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil && address == p.Host {
			err = &deliver.ProxyError{Proxy: p.String(), Text: "it cannot be reached", Err: err}
		}
		return conn, err
	}
}

// throughProxy sends everything through a proxy that noProxy does not name.
func throughProxy(p *deliver.Proxy, noProxy string) func(*http.Request) (*url.URL, error) {
	if noProxy == "" {
		return http.ProxyURL(p.URL())
	}
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

// explain gives an error of the network its cause and remedy.
func explain(err error, host string) error {
	var inner *url.Error
	if errors.As(err, &inner) {
		err = inner.Err // the address stands in the text already
	}
	text, _ := deliver.Explain(err, host)
	next := Remedy(err, text)
	var proxy *deliver.ProxyError
	switch {
	case errors.As(err, &proxy) && proxy.Refused: // it says what to do
	case errors.As(err, &proxy):
		next = "Check host and port of --proxy (or HTTPS_PROXY, HTTP_PROXY), whether the proxy runs, and the firewalls on the way to it."
	case deliver.Is(err, syscall.ECONNREFUSED):
		next = "Nothing listens there: check host and port of --server, whether the server runs, and whether a firewall refuses."
	case errors.Is(err, io.EOF), deliver.Is(err, syscall.ECONNRESET):
		next = "The server or something on the way ended the connection: was it restarted, or does a firewall end it?"
	}
	return fault.New(fault.Busy, fmt.Errorf("ask %s: %w", host, err), next)
}

// UnfitRemedy is what to do about records that cannot be encoded.
const UnfitRemedy = "Raise max_bytes (--max-bytes) of the destination if the SIEM takes longer records: kiroku agents edit ID. Delivery goes on with the next record."

// Remedy takes from an explanation of deliver what stands in it beside the error itself, as a sentence.
func Remedy(err error, explanation string) string {
	text, ok := strings.CutPrefix(explanation, err.Error()+": ")
	if !ok || text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + strings.TrimSuffix(text[1:], ".") + "."
}
