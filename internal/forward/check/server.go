package check

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"time"

	"kiroku/internal/fault"
	"kiroku/internal/forward/agent"
	"kiroku/internal/forward/deliver"
	"kiroku/internal/forward/wire"
)

// server goes the way to the server, up to a record of each destination. nil: it did not get there.
func (c *checker) server(ctx context.Context) *wire.Config {
	if !c.hop(hopFlags, "", c.flags) || !c.hop(hopToken, "", c.tokenForm) {
		return nil
	}
	if !c.hop(hopDNS, "", func() result { return c.name(ctx) }) ||
		!c.hop(hopTCP, "", func() result { return c.connect(ctx) }) ||
		!c.hop(hopProxy, "", func() result { return c.through(ctx) }) ||
		!c.hop(hopTLS, "", func() result { return c.serverTLS(ctx) }) {
		return nil
	}
	var config *wire.Config
	var off time.Duration
	var asked error
	if !c.hop(hopAccess, "", func() result {
		began := time.Now()
		config, asked = c.client.Hello(ctx, c.greet())
		if asked != nil {
			return tokenRefused.of(asked)
		}
		off = time.Until(config.Now) + time.Since(began)/2
		return tokenKnown.with(config.Agent.Name)
	}) {
		return nil
	}
	c.hop(hopConfig, "", func() result { return configuration(config) })
	c.hop(hopClock, "", func() result { return clock(off) })
	for i := range config.Destinations {
		if d := &config.Destinations[i]; c.Only == "" || c.Only == d.Name {
			c.hop(hopRecords, d.Name, func() result { return c.sample(ctx, d) })
		}
	}
	return config
}

// flags checks what was given.
func (c *checker) flags() result {
	var err error
	if c.base, err = agent.ParseServer(c.Server); err != nil {
		return errorItself.of(err)
	}
	if c.Way.Proxy != "" {
		if c.proxy, err = deliver.ParseProxy(c.Way.Proxy); err != nil {
			return wrongProxy.with(err)
		}
	}
	transport, proxied, err := c.Way.Transport(c.Server)
	if err != nil {
		return errorItself.of(err)
	}
	c.proxied = proxied
	if c.Way.Direct(c.base) {
		c.proxy = nil
	}
	if c.client, err = agent.NewClient(c.Server, c.Token, transport); err != nil {
		return errorItself.of(err)
	}
	if c.base.Scheme == "http" {
		return serverPlain.with()
	}
	return serverGiven.with(c.base.Host)
}

func (c *checker) tokenForm() result {
	token, err := c.Token()
	if err != nil {
		return wrongToken.with(err).do(fault.NextOf(err))
	}
	if r, ok := others(c.TokenFile); ok {
		return r
	}
	return tokenForm.with(len(token))
}

// others warns of a secret's file that other users may read.
func others(name string) (result, bool) {
	if name == "" || runtime.GOOS == "windows" {
		return result{}, false
	}
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o077 == 0 {
		return result{}, false
	}
	return othersRead.with(name, info.Mode().Perm()).do(name), true
}

// first is the first address on the way: that of the proxy, or of the server.
func (c *checker) first() string {
	if c.proxy != nil {
		return c.proxy.Host
	}
	return c.address()
}

func (c *checker) address() string { return agent.Address(c.base) }

func (c *checker) name(ctx context.Context) result {
	host, _, err := net.SplitHostPort(c.first())
	if err != nil {
		return errorItself.of(err)
	}
	r := lookup(ctx, host)
	if r.status == Fail && c.proxy != nil {
		r = proxyUnknown.with(c.proxy, r.text)
	}
	return c.firstHop(r, "DNS of the proxy")
}

// connect reaches the first address on the way.
func (c *checker) connect(ctx context.Context) result {
	r := connect(ctx, c.first())
	switch {
	case r.status != Fail:
	case c.proxy != nil:
		r = proxyAway.with(c.proxy, r.text)
	default:
		r = serverAway.with(r.text)
	}
	return c.firstHop(r, "TCP to the proxy")
}

// firstHop names the hop after the proxy when that is the first on the way.
func (c *checker) firstHop(r result, name string) result {
	if c.proxy != nil {
		r.name = name
	}
	return r
}

// through asks the proxy for the way to the server.
func (c *checker) through(ctx context.Context) result {
	switch {
	case c.proxy == nil && c.Way.Proxy != "":
		return proxyBypassed.with()
	case c.proxy == nil:
		return noProxy.with()
	case c.base.Scheme == "http" && c.proxy.Scheme != "socks5":
		return eachRequest.with(c.proxy)
	}
	conn, err := c.proxied(ctx, "tcp", c.address())
	if err != nil {
		if refusal := (*deliver.ProxyError)(nil); errors.As(err, &refusal) {
			return proxyRefuses.with(err)
		}
		return explained(err, "")
	}
	conn.Close()
	return proxyLeads.with(c.proxy, c.address())
}

// serverTLS looks at the server's certificate.
func (c *checker) serverTLS(ctx context.Context) result {
	if c.base.Scheme != "https" {
		return serverNoTLS.with()
	}
	roots, err := c.Way.Roots()
	if err != nil {
		return errorItself.of(err)
	}
	dial := deliver.DialFunc(direct)
	if c.proxy != nil {
		dial = c.proxied
	}
	conn, r := handshake(ctx, dial, c.address(), &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12, ServerName: c.base.Hostname()}, func(err error) result { return explained(err, c.base.Hostname()) })
	if conn != nil {
		conn.Close()
	}
	return r
}

// configuration says what the agent has to do.
func configuration(config *wire.Config) result {
	switch {
	case len(config.Destinations) == 0:
		return noDestination.with()
	case config.Agent.Paused:
		return paused.with()
	case !config.Agent.Expires.IsZero():
		return tokenReplaced.with(config.Agent.Expires.UTC().Format(time.RFC3339))
	}
	if len(config.Destinations) == 1 {
		return configured.with(1, "")
	}
	return configured.with(len(config.Destinations), "s")
}

func clock(off time.Duration) result {
	off = off.Round(time.Millisecond)
	if off.Abs() > wire.MaxClockSkew {
		return clocksDiffer.with(off.Abs())
	}
	return clocksAgree.with(off.Abs())
}

// sample pulls one record, and moves nothing.
func (c *checker) sample(ctx context.Context, d *wire.Destination) result {
	h, records, err := c.client.Pull(ctx, wire.Pull{Destination: d.Name, Check: true, Max: 1, Host: c.Host})
	if err != nil {
		return noSample.of(err)
	}
	if len(records) == 0 && h.Dead > 0 {
		return unfit.with(excerpt([]byte(h.DeadWhy), maxReason))
	}
	if len(records) == 0 {
		return noRecord.with()
	}
	r := &records[0]
	return record.with(time.UnixMicro(r.Time).UTC().Format(time.RFC3339), len(r.Line), excerpt(r.Line, maxLine))
}

// How much of a text is shown.
const (
	maxLine   = 100
	maxReason = 500
)

// excerpt is the beginning of a line, harmless for a terminal.
func excerpt(line []byte, most int) string {
	text := bytes.ToValidUTF8(line[:min(len(line), most)], nil)
	text = bytes.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '.'
		}
		return r
	}, text)
	if len(line) > most {
		return fmt.Sprintf("%s…", text)
	}
	return string(text)
}
