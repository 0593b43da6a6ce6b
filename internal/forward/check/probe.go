package check

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"kiroku/internal/forward/deliver"
	"kiroku/internal/forward/wire"
)

// probe finds out how a receiver confirms.
type probe struct {
	dial    deliver.DialFunc
	address string
	tls     *tls.Config // nil: without
	dest    *wire.Destination
}

func (p *probe) try(ctx context.Context, u *url.URL) result {
	switch u.Scheme {
	case "http", "https":
		return p.http(ctx, u)
	case "relp", "relp+tls":
		return p.relp(ctx)
	}
	return p.halfClose(ctx)
}

// open connects.
func (p *probe) open(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	raw, err := p.dial(ctx, "tcp", p.address)
	if err != nil || p.tls == nil {
		return raw, err
	}
	conn := tls.Client(raw, p.tls)
	if err := conn.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, err
	}
	return conn, nil
}

// halfClose ends our half of a connection: a receiver that reads to the end closes the other.
func (p *probe) halfClose(ctx context.Context) result {
	const window = "Use --confirm window with this receiver, or RELP or HTTPS if it offers one of them."
	conn, err := p.open(ctx)
	if err != nil {
		return explained(err, "")
	}
	defer conn.Close()
	err = closeWrite(conn)
	if err == nil {
		if err = conn.SetReadDeadline(time.Now().Add(probeTime)); err == nil {
			_, err = io.Copy(io.Discard, conn)
		}
	}
	closes := err == nil
	switch {
	case closes && p.dest.Confirm == wire.ConfirmHalfClose && p.dest.Proxy:
		return warning("Use RELP or HTTPS through a proxy: there the receiver itself answers.", "the connection is closed when we have ended, and it may be the proxy that closes: halfclose then says no more than that the proxy has the records")
	case closes && p.dest.Confirm == wire.ConfirmHalfClose:
		return good("the receiver closes when we have ended: halfclose works. Behind a load balancer it is the balancer that closes: use RELP or HTTPS there")
	case closes:
		return warning("Let it confirm: kiroku agents edit ID --to … --confirm halfclose.", "the receiver would confirm by halfclose, and confirm is %s", p.dest.Confirm)
	case p.dest.Confirm == wire.ConfirmHalfClose && errors.Is(err, os.ErrDeadlineExceeded):
		return failure(window, "the receiver does not close within %v after we have ended: halfclose does not work", probeTime)
	case p.dest.Confirm == wire.ConfirmHalfClose:
		return failure(window, "the connection breaks when we end our half: %v", err)
	case p.dest.Confirm == wire.ConfirmNone:
		return warning("Use --confirm window, or RELP or HTTPS if the SIEM offers one of them.", "confirm is none: what is lost on the way is lost")
	}
	return good("the receiver's kernel confirms (window)")
}

// closeWrite ends our half of a connection.
func closeWrite(conn net.Conn) error {
	if t, ok := conn.(*tls.Conn); ok {
		if err := t.CloseWrite(); err != nil {
			return err
		}
		conn = t.NetConn()
	}
	half, ok := conn.(interface{ CloseWrite() error })
	if !ok {
		return nil // a proxy with TLS: the end of the inner one says enough
	}
	return half.CloseWrite()
}

// relp opens a session.
func (p *probe) relp(ctx context.Context) result {
	conn, err := p.open(ctx)
	if err != nil {
		return explained(err, "")
	}
	defer conn.Close()
	const offer = "relp_version=0\nrelp_software=kiroku\ncommands=syslog"
	_ = conn.SetDeadline(time.Now().Add(probeTime)) // a connection that is broken says so
	if _, err := fmt.Fprintf(conn, "1 open %d %s\n", len(offer), offer); err != nil {
		return explained(err, "")
	}
	line, err := bufio.NewReaderSize(io.LimitReader(conn, 4096), 4096).ReadString('\n')
	if err != nil && line == "" {
		return failure("Check that the port is one for RELP (rsyslog: module imrelp), and not for plain syslog.", "there is no answer to RELP: %v", err)
	}
	if fields := strings.Fields(line); len(fields) < 4 || fields[1] != "rsp" || fields[3] != "200" {
		return failure("Check that the port is one for RELP, and that the receiver permits this machine.", "the answer to RELP is %.80q", line)
	}
	_, _ = io.WriteString(conn, "2 close 0\n")
	return good("RELP is open: the receiver confirms each record")
}

// splunkHealth is what Splunk's HTTP Event Collector answers to a GET.
const splunkHealth = "/services/collector/health"

// http asks for anything: what counts is that HTTP answers, and as something that may take records.
func (p *probe) http(ctx context.Context, u *url.URL) result {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	if p.dest.HTTP.Body == wire.SplunkHEC {
		u = u.JoinPath("/")
		u.Path = splunkHealth
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return of(err, "")
	}
	if p.dest.HTTP.CredentialFile != "" {
		credential, err := os.ReadFile(p.dest.HTTP.CredentialFile)
		if err != nil {
			return failure("Put the value of the header Authorization into that file on this machine; the agent's user must be able to read it.", "%v", err)
		}
		req.Header.Set("Authorization", strings.TrimSpace(string(credential)))
	}
	t := &http.Transport{DialContext: p.dial, TLSClientConfig: p.tls, DisableKeepAlives: true}
	resp, err := (&http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req)
	if err != nil {
		return explained(err, u.Hostname())
	}
	resp.Body.Close()
	text := fmt.Sprintf("HTTP answers %s to a GET", resp.Status)
	switch resp.StatusCode {
	case http.StatusNotFound, http.StatusGone:
		return warning("Check the path of the destination. Some receivers answer so to a GET and take records by POST: --send-test tells.", "%s", text)
	case http.StatusUnauthorized, http.StatusForbidden:
		return warning("If records are refused, too: check http.credential_file (--http-credential-file) of the destination (Splunk: the line \"Splunk TOKEN\").", "%s", text)
	case http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return failure("Give the address that it sends on to, if it is the right one.", "%s and sends on to %q", text, resp.Header.Get("Location"))
	}
	if resp.StatusCode >= http.StatusInternalServerError {
		return failure("Look at the receiver's log: it, or a load balancer in front of it, cannot take records now.", "%s", text)
	}
	if r, ok := others(p.dest.HTTP.CredentialFile); ok {
		return r
	}
	return good("%s: records are confirmed by 2xx", text)
}
