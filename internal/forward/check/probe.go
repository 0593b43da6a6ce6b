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
	switch closed := err == nil; {
	case closed && p.dest.Confirm == wire.ConfirmHalfClose && p.dest.Proxy:
		return closesProxy.with()
	case closed && p.dest.Confirm == wire.ConfirmHalfClose:
		return closes.with()
	case closed:
		return wouldClose.with(p.dest.Confirm)
	case p.dest.Confirm == wire.ConfirmHalfClose && errors.Is(err, os.ErrDeadlineExceeded):
		return staysOpen.with(probeTime)
	case p.dest.Confirm == wire.ConfirmHalfClose:
		return breaks.with(err)
	case p.dest.Confirm == wire.ConfirmNone:
		return confirmsNothing.with()
	}
	return kernelConfirms.with()
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
		if p.tls != nil {
			return relpUnheard.with(err)
		}
		return relpSilent.with(err)
	}
	if fields := strings.Fields(line); len(fields) < 4 || fields[1] != "rsp" || fields[3] != "200" {
		return relpRefuses.with(line)
	}
	_, _ = io.WriteString(conn, "2 close 0\n")
	return relpOpen.with()
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
		return wrongDestination.of(err)
	}
	if p.dest.HTTP.CredentialFile != "" {
		credential, err := os.ReadFile(p.dest.HTTP.CredentialFile)
		if err != nil {
			return noCredential.with(err)
		}
		req.Header.Set("Authorization", strings.TrimSpace(string(credential)))
	}
	t := &http.Transport{DialContext: p.dial, TLSClientConfig: p.tls, DisableKeepAlives: true}
	resp, err := (&http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req)
	if err != nil {
		return explained(err, u.Hostname())
	}
	resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusNotFound, http.StatusGone:
		return httpNotFound.with(resp.Status)
	case http.StatusUnauthorized, http.StatusForbidden:
		return httpDenied.with(resp.Status)
	case http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return httpElsewhere.with(resp.Status, resp.Header.Get("Location"))
	}
	if resp.StatusCode >= http.StatusInternalServerError {
		return httpBroken.with(resp.Status)
	}
	if r, ok := others(p.dest.HTTP.CredentialFile); ok {
		return r
	}
	return httpAnswers.with(resp.Status)
}
