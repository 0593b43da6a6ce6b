package deliver

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// Proxy is a proxy that connections are made through.
type Proxy struct {
	Scheme string // http, https or socks5
	Host   string // with port
	User   string
	secret string
}

// ParseProxy reads http://, https:// or socks5://[USER:PASSWORD@]HOST[:PORT]; a bare ADDRESS[:PORT] is HTTP with the port
// 8080. Errors name the part that is wrong, and never the password.
func ParseProxy(s string) (*Proxy, error) {
	if s == "" {
		return nil, errors.New("the proxy is empty; write ADDRESS[:PORT] or http://, https:// or socks5://[USER:PASSWORD@]HOST[:PORT]")
	}
	text := s
	if !strings.Contains(s, "://") {
		text = "http://" + bracketed(s)
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, proxyURLError(text, err)
	}
	p := &Proxy{Scheme: strings.ToLower(u.Scheme)}
	standard := ""
	switch p.Scheme {
	case "http":
		standard = "8080"
	case "https":
		standard = "443"
	case "socks5", "socks5h":
		p.Scheme, standard = "socks5", "1080"
	default:
		return nil, fmt.Errorf("the scheme %q of the proxy is not known; use http, https or socks5", u.Scheme)
	}
	if u.Hostname() == "" {
		return nil, errors.New("the host of the proxy is missing; write HOST:PORT behind the scheme")
	}
	if strings.ContainsAny(u.Hostname(), " \t,;") {
		return nil, fmt.Errorf("the host %q of the proxy is no name and no address", u.Hostname())
	}
	port := u.Port()
	if port == "" {
		port = standard
	}
	if err := checkPort(port); err != nil {
		return nil, fmt.Errorf("the proxy: %w", err)
	}
	if (u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("behind host and port of the proxy nothing may follow")
	}
	if u.User != nil {
		p.User = u.User.Username()
		p.secret, _ = u.User.Password()
		if p.User == "" {
			return nil, errors.New("the user of the proxy is empty; write USER:PASSWORD@ in front of the host, special characters as %XX")
		}
		if p.Scheme == "socks5" && (len(p.User) > 255 || len(p.secret) > 255) {
			return nil, errors.New("user and password of a SOCKS5 proxy have at most 255 bytes each")
		}
	}
	p.Host = net.JoinHostPort(u.Hostname(), port)
	return p, nil
}

// bracketed makes a bare IPv6 address what URLs want.
func bracketed(s string) string {
	if net.ParseIP(s) != nil && strings.Contains(s, ":") {
		return "[" + s + "]"
	}
	return s
}

// proxyURLError says which part of the address cannot be read. The parser's own text may hold the password.
func proxyURLError(text string, err error) error {
	what := err.Error()
	switch {
	case strings.Contains(what, "invalid port"):
		return errors.New("the port of the proxy is not a number between 1 and 65535")
	case strings.Contains(what, "userinfo"), strings.Contains(what, "invalid URL escape") && strings.Contains(text, "@"):
		return errors.New("user or password of the proxy cannot be read: write special characters as %XX (@ as %40, : as %3A, % as %25)")
	case strings.Contains(what, "host"), strings.Contains(what, "missing ']'"):
		return errors.New("the host of the proxy cannot be read; an IPv6 address stands in brackets: [2001:db8::1]:8080")
	case strings.Contains(what, "scheme"):
		return errors.New("the scheme of the proxy cannot be read; use http://, https:// or socks5://")
	}
	return errors.New("the proxy cannot be read; write ADDRESS[:PORT] or http://, https:// or socks5://[USER:PASSWORD@]HOST[:PORT]")
}

// String names the proxy without its password.
func (p *Proxy) String() string {
	if p.User != "" {
		return p.Scheme + "://" + p.User + "@" + p.Host
	}
	return p.Scheme + "://" + p.Host
}

// URL is what net/http wants. It holds the password.
func (p *Proxy) URL() *url.URL {
	u := &url.URL{Scheme: p.Scheme, Host: p.Host}
	if p.User != "" {
		u.User = url.UserPassword(p.User, p.secret)
	}
	return u
}

func (p *Proxy) authorization() string {
	if p.User == "" {
		return ""
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(p.User+":"+p.secret))
}

// Bypass returns a DialFunc that dials through the proxy, but directly to what noProxy names: the form of the environment
// variable NO_PROXY, which is names (and all below them), .suffixes, addresses, networks, each with or without :PORT, or *.
func (p *Proxy) Bypass(noProxy string, dial DialFunc) DialFunc {
	if dial == nil {
		dial = direct
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		if Bypasses(noProxy, addr) {
			return dial(ctx, network, addr)
		}
		return p.DialContext(ctx, network, addr)
	}
}

// Bypasses says whether a list like that of NO_PROXY names an address with port.
func Bypasses(list, addr string) bool {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	ip, _ := netip.ParseAddr(host)
	for _, entry := range strings.FieldsFunc(strings.ToLower(list), func(r rune) bool { return r == ',' || r == ' ' }) {
		if entry == "*" {
			return true
		}
		if network, err := netip.ParsePrefix(entry); err == nil {
			if network.Contains(ip.Unmap()) {
				return true
			}
			continue
		}
		if h, p, err := net.SplitHostPort(entry); err == nil {
			if p != port {
				continue
			}
			entry = h
		}
		if other, err := netip.ParseAddr(strings.Trim(entry, "[]")); err == nil {
			if ip.IsValid() && other.Unmap() == ip.Unmap() {
				return true
			}
			continue
		}
		name := strings.TrimPrefix(strings.TrimPrefix(entry, "*"), ".")
		if strings.HasSuffix(host, "."+name) || (host == name && name == entry) {
			return true
		}
	}
	return false
}
