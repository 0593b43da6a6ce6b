package deliver

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// ProxyError says what went wrong with a proxy. Status is that of CONNECT, or 0; Refused means that the proxy was reached
// and answered.
type ProxyError struct {
	Proxy   string
	Status  int
	Refused bool
	Text    string
	Err     error
}

func (e *ProxyError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("proxy %s: %s: %v", e.Proxy, e.Text, e.Err)
	}
	return fmt.Sprintf("proxy %s: %s", e.Proxy, e.Text)
}

func (e *ProxyError) Unwrap() error { return e.Err }

func (p *Proxy) fail(text string, err error) error {
	return &ProxyError{Proxy: p.String(), Text: text, Err: err}
}

func (p *Proxy) refused(status int, text string) error {
	return &ProxyError{Proxy: p.String(), Status: status, Refused: true, Text: text}
}

// What a proxy does that answers nothing.
const (
	proxyUnreachable = "it cannot be reached; check its address and port"
	proxyNoTLS       = "TLS with it failed; is it an http:// proxy?"
	proxySilent      = "it does not answer; is it a proxy of another kind?"
)

// DialContext connects to an address through the proxy. Only tcp goes through proxies.
func (p *Proxy) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	if !strings.HasPrefix(network, "tcp") {
		return nil, p.fail(network+" does not go through a proxy", errors.New("use tcp, tls, relp or https, or no proxy"))
	}
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	raw, err := direct(ctx, "tcp", p.Host)
	if err != nil {
		return nil, p.fail(proxyUnreachable, err)
	}
	c, err := p.through(ctx, raw, addr)
	if err != nil {
		raw.Close()
		return nil, err
	}
	return c, nil
}

// through asks a proxy that is connected for the way to an address.
func (p *Proxy) through(ctx context.Context, raw net.Conn, addr string) (net.Conn, error) {
	c := raw
	if p.Scheme == "https" {
		host, _, _ := net.SplitHostPort(p.Host)
		t := tls.Client(raw, &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12})
		if err := t.HandshakeContext(ctx); err != nil {
			return nil, p.fail(proxyNoTLS, err)
		}
		c = t
	}
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	var err error
	if p.Scheme == "socks5" {
		err = p.socks(c, addr)
	} else {
		err = p.connect(c, addr)
	}
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		if ctx.Err() != nil && isTimeout(err) {
			return nil, p.fail(proxySilent, ctx.Err())
		}
		return nil, err
	}
	return c, nil
}

// maxProxyAnswer bounds what we read of an answer to CONNECT.
const maxProxyAnswer = 16 << 10

func (p *Proxy) connect(c net.Conn, addr string) error {
	req := "CONNECT " + addr + " HTTP/1.1\r\nHost: " + addr + "\r\nUser-Agent: kiroku\r\n"
	if auth := p.authorization(); auth != "" {
		req += "Proxy-Authorization: " + auth + "\r\n"
	}
	if _, err := io.WriteString(c, req+"\r\n"); err != nil {
		return p.fail("it did not take the request CONNECT", err)
	}
	head, err := readHead(c)
	if err != nil {
		return p.fail("it did not answer CONNECT; is it an HTTP proxy?", err)
	}
	line, _, _ := bytes.Cut(head, []byte("\r\n"))
	status := 0
	if proto, rest, ok := strings.Cut(string(line), " "); ok && strings.HasPrefix(proto, "HTTP/1.") {
		code, _, _ := strings.Cut(rest, " ")
		status, _ = strconv.Atoi(code)
	}
	if status/100 == 2 {
		return nil
	}
	return p.refusedConnect(status, addr, line)
}

// readHead reads an HTTP head, not a byte more: what follows belongs to the connection.
func readHead(r io.Reader) ([]byte, error) {
	var head []byte
	b := make([]byte, 1)
	for !bytes.HasSuffix(head, []byte("\r\n\r\n")) {
		if len(head) >= maxProxyAnswer {
			return nil, errors.New("its answer is too long")
		}
		if _, err := io.ReadFull(r, b); err != nil {
			if len(head) > 0 && errors.Is(err, io.EOF) {
				return head, nil
			}
			return nil, err
		}
		head = append(head, b[0])
		if len(head) == 5 && string(head) != "HTTP/" {
			return head, nil
		}
	}
	return head, nil
}

// SOCKS5, RFC 1928 and RFC 1929.
const (
	socksVersion  = 5
	socksNone     = 0
	socksPassword = 2
	socksNoMethod = 0xff
)

func (p *Proxy) socks(c net.Conn, addr string) error {
	greeting := []byte{socksVersion, 1, socksNone}
	if p.User != "" {
		greeting = []byte{socksVersion, 2, socksNone, socksPassword}
	}
	if _, err := c.Write(greeting); err != nil {
		return p.fail("it did not take the greeting of SOCKS5", err)
	}
	var answer [2]byte
	if _, err := io.ReadFull(c, answer[:]); err != nil {
		return p.fail("it did not answer SOCKS5; is it an HTTP proxy (http://)?", err)
	}
	switch {
	case answer[0] != socksVersion:
		return p.refusedSOCKS(proxyNoSOCKS, addr, "")
	case answer[1] == socksPassword && p.User != "":
		if err := p.socksLogin(c, addr); err != nil {
			return err
		}
	case answer[1] == socksNoMethod && p.User == "":
		return p.refusedSOCKS(proxyWantsUser, addr, "")
	case answer[1] != socksNone:
		return p.refusedSOCKS(proxyNoLogin, addr, "")
	}
	req, err := socksRequest(addr)
	if err != nil {
		return p.fail("the address cannot be asked for", err)
	}
	if _, err := c.Write(req); err != nil {
		return p.fail("it did not take the request", err)
	}
	return p.socksAnswer(c, addr)
}

func (p *Proxy) socksLogin(c net.Conn, addr string) error {
	b := append([]byte{1, byte(len(p.User))}, p.User...)
	b = append(append(b, byte(len(p.secret))), p.secret...)
	if _, err := c.Write(b); err != nil {
		return p.fail("it did not take user and password", err)
	}
	var answer [2]byte
	if _, err := io.ReadFull(c, answer[:]); err != nil {
		return p.fail("it did not answer to user and password", err)
	}
	if answer[1] != 0 {
		return p.refusedSOCKS(proxyRefusesPassword, addr, "")
	}
	return nil
}

func socksRequest(addr string) ([]byte, error) {
	host, portText, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("port %q: %w", portText, err)
	}
	b := []byte{socksVersion, 1, 0}
	switch ip, err := netip.ParseAddr(host); {
	case err == nil && ip.Unmap().Is4():
		b = append(append(b, 1), ip.Unmap().AsSlice()...)
	case err == nil:
		b = append(append(b, 4), ip.AsSlice()...)
	case len(host) > 255:
		return nil, errors.New("the name is longer than 255 bytes")
	default:
		b = append(append(b, 3, byte(len(host))), host...)
	}
	return binary.BigEndian.AppendUint16(b, uint16(port)), nil
}

func (p *Proxy) socksAnswer(c net.Conn, addr string) error {
	var head [5]byte
	if _, err := io.ReadFull(c, head[:]); err != nil {
		return p.fail("it did not answer to the request", err)
	}
	size := map[byte]int{1: 4, 3: int(head[4]) + 1, 4: 16}[head[3]]
	if head[0] != socksVersion || size == 0 {
		return p.refusedSOCKS(proxyNoSOCKS, addr, "")
	}
	if _, err := io.ReadFull(c, make([]byte, size+2-1)); err != nil {
		return p.fail("its answer is cut off", err)
	}
	if head[1] != 0 {
		return p.refusedRequest(head[1], addr)
	}
	return nil
}
