package deliver

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"

	"kiroku/internal/forward/wire"
)

// transport is how bytes get to a destination.
type transport string

const (
	overUDP    transport = "udp"
	overTCP    transport = "tcp"
	overTLS    transport = "tls"
	overRELP   transport = "relp"
	overHTTP   transport = "http"
	overFile   transport = "file"
	overStdout transport = "stdout"
)

// confirms lists the ways to confirm that go with a transport, the default first.
func (t transport) confirms() []wire.Confirm {
	switch t {
	case overTCP, overTLS:
		return []wire.Confirm{wire.ConfirmHalfClose, wire.ConfirmWindow, wire.ConfirmNone}
	case overRELP:
		return []wire.Confirm{wire.ConfirmRELP}
	case overHTTP:
		return []wire.Confirm{wire.ConfirmHTTP}
	}
	return []wire.Confirm{wire.ConfirmNone}
}

// connected says whether records go over one connection that lasts.
func (t transport) connected() bool { return t == overTCP || t == overTLS || t == overRELP }

// target is one address of a destination.
type target struct {
	transport transport
	tls       bool
	host      string
	port      string
	path      string // of a file
	url       string // of HTTP
}

func (t target) addr() string { return net.JoinHostPort(t.host, t.port) }

func (t target) String() string {
	switch t.transport {
	case overFile:
		return t.path
	case overStdout:
		return "standard output"
	}
	return t.addr()
}

// parseTargets reads To and Failover.
func parseTargets(dest wire.Destination) ([]target, error) {
	var all []target
	for _, to := range append([]string{dest.To}, dest.Failover...) {
		t, err := parseTarget(to)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
		if t.transport != all[0].transport || t.tls != all[0].tls {
			return nil, fmt.Errorf("destination %q: the failover %q must have the same scheme as %q", dest.Name, to, dest.To)
		}
	}
	if len(all) > 1 && (all[0].transport == overFile || all[0].transport == overStdout) {
		return nil, fmt.Errorf("destination %q: a file needs no failover", dest.Name)
	}
	return all, nil
}

const schemes = "udp://, tcp://, tls://, relp://, relp+tls://HOST:PORT, http://, https://HOST[:PORT]/PATH, file:///PATH or stdout:"

func parseTarget(to string) (target, error) {
	u, err := url.Parse(to)
	if err != nil {
		var inner *url.Error
		if errors.As(err, &inner) {
			err = inner.Err // without the address: it may carry a password
		}
		return target{}, fmt.Errorf("destination %q: %w; write %s", to, err, schemes)
	}
	t := target{transport: transport(u.Scheme), host: u.Hostname(), port: u.Port()}
	switch u.Scheme {
	case "udp", "tcp", "relp":
	case "tls":
		t.tls = true
	case "relp+tls":
		t.transport, t.tls = overRELP, true
	case "http", "https":
		return parseHTTPTarget(u)
	case "file":
		if u.Path == "" || u.Host != "" {
			return target{}, fmt.Errorf("destination %q: write the whole path behind three slashes: file:///var/log/siem.log", to)
		}
		return target{transport: overFile, path: u.Path}, nil
	case "stdout":
		return target{transport: overStdout}, nil
	default:
		return target{}, fmt.Errorf("destination %q: the scheme %q is not known; write %s", to, u.Scheme, schemes)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" || (u.Path != "" && u.Path != "/") {
		return target{}, fmt.Errorf("destination %q: write only %s://HOST:PORT", to, u.Scheme)
	}
	if t.host == "" {
		return target{}, fmt.Errorf("destination %q: the host is missing; write %s://HOST:PORT", to, u.Scheme)
	}
	if err := checkPort(t.port); err != nil {
		return target{}, fmt.Errorf("destination %q: %w; write %s://HOST:PORT", to, err, u.Scheme)
	}
	return t, nil
}

func parseHTTPTarget(u *url.URL) (target, error) {
	t := target{transport: overHTTP, tls: u.Scheme == "https", host: u.Hostname(), port: u.Port()}
	if u.User != nil {
		return t, fmt.Errorf("destination %q: no user and password in the address; put the value of the header Authorization into a file and name it as http.credential_file (--http-credential-file)", u.Redacted())
	}
	if t.host == "" {
		return t, fmt.Errorf("destination %q: the host is missing; write %s://HOST[:PORT]/PATH", u, u.Scheme)
	}
	if t.port == "" {
		t.port = "80"
		if t.tls {
			t.port = "443"
		}
	} else if err := checkPort(t.port); err != nil {
		return t, fmt.Errorf("destination %q: %w", u, err)
	}
	t.url = u.String()
	return t, nil
}

func checkPort(port string) error {
	if port == "" {
		return errors.New("the port is missing")
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return fmt.Errorf("the port %q is not between 1 and 65535", port)
	}
	return nil
}
