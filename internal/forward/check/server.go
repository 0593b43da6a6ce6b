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
			return of(asked, "Check that --server is the address of Kiroku itself.")
		}
		off = time.Until(config.Now) + time.Since(began)/2
		return good("the server knows the token: it is of agent %q", config.Agent.Name)
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
		return of(err, "")
	}
	if c.Way.Proxy != "" {
		if c.proxy, err = deliver.ParseProxy(c.Way.Proxy); err != nil {
			return failure("Write --proxy ADDRESS[:PORT], or http://, https:// or socks5://[USER:PASSWORD@]HOST[:PORT].", "%s: %v", agent.InvalidProxyAddress, err)
		}
	}
	transport, proxied, err := c.Way.Transport(c.Server)
	if err != nil {
		return of(err, "")
	}
	c.proxied = proxied
	if c.client, err = agent.NewClient(c.Server, c.Token, transport); err != nil {
		return of(err, "")
	}
	if c.base.Scheme == "http" {
		return warning("Use https:// where others share the network: the token and the events are readable on the way.", "the server is asked without TLS")
	}
	return good("the server is %s", c.base.Host)
}

func (c *checker) tokenForm() result {
	token, err := c.Token()
	if err != nil {
		return failure(fault.NextOf(err), "%s: %v", agent.InvalidToken, err)
	}
	if r, ok := others(c.TokenFile); ok {
		return r
	}
	return good("%d characters, the form is right", len(token))
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
	return warning("Let the agent's user alone read it: chmod 600 "+name+", and chown it to that user.", "other users may read %s: its mode is %04o", name, info.Mode().Perm()), true
}

// first is the first address on the way: that of the proxy, or of the server.
func (c *checker) first() string {
	if c.proxy != nil {
		return c.proxy.Host
	}
	return c.address()
}

func (c *checker) address() string {
	port := c.base.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[c.base.Scheme]
	}
	return net.JoinHostPort(c.base.Hostname(), port)
}

func (c *checker) name(ctx context.Context) result {
	host, _, err := net.SplitHostPort(c.first())
	if err != nil {
		return of(err, "")
	}
	r := lookup(ctx, host)
	if r.status == Fail && c.proxy != nil {
		r.text, r.remedy = fmt.Sprintf("the proxy %s: %s", c.proxy, r.text), "Check the proxy's name in --proxy (or HTTPS_PROXY, HTTP_PROXY) and this machine's DNS servers, or write its address."
	}
	return c.firstHop(r, "DNS of the proxy")
}

// connect reaches the first address on the way.
func (c *checker) connect(ctx context.Context) result {
	r := connect(ctx, c.first())
	switch {
	case r.status != Fail:
	case c.proxy != nil:
		r.text, r.remedy = fmt.Sprintf("the proxy %s is not reached: %s", c.proxy, r.text), "Check host and port of --proxy (or HTTPS_PROXY, HTTP_PROXY), whether the proxy runs, and the firewalls on the way to it; leave the proxy out when the server can be reached without it."
	default:
		r.remedy = "Check host and port of --server, whether the server runs, and the firewalls on the way; if the server is reached through a proxy only, name that with --proxy."
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
	case c.proxy == nil:
		return skipped("there is none")
	case c.base.Scheme == "http" && c.proxy.Scheme != "socks5":
		return skipped("%s is asked with each request", c.proxy)
	}
	conn, err := c.proxied(ctx, "tcp", c.address())
	if err != nil {
		r := explained(err, "")
		var refused *deliver.ProxyError
		if errors.As(err, &refused) {
			r.remedy = "It is the proxy that answers: correct what it says, or leave --proxy out when the server can be reached without it."
		}
		return r
	}
	conn.Close()
	return good("%s leads to %s", c.proxy, c.address())
}

// serverTLS looks at the server's certificate.
func (c *checker) serverTLS(ctx context.Context) result {
	if c.base.Scheme != "https" {
		return skipped("the server is asked without it")
	}
	roots, err := c.Way.Roots()
	if err != nil {
		return of(err, "")
	}
	dial := deliver.DialFunc(direct)
	if c.proxied != nil {
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
	const add = "Add one: kiroku agents edit ID."
	switch {
	case len(config.Destinations) == 0:
		return failure(add, "the agent has no destination")
	case config.Agent.Paused:
		return warning("Let it go on: kiroku agents resume ID.", "the agent is paused: nothing is sent")
	case !config.Agent.Expires.IsZero():
		return warning("Put the newer token into the file of --token-file: no restart is needed. An agent with --token has to be started again with it.", "the token was replaced and works until %s", config.Agent.Expires.UTC().Format(time.RFC3339))
	}
	if len(config.Destinations) == 1 {
		return good("1 destination")
	}
	return good("%d destinations", len(config.Destinations))
}

func clock(off time.Duration) result {
	off = off.Round(time.Millisecond)
	if off.Abs() > wire.MaxClockSkew {
		return warning("Synchronise both clocks, for example by NTP: certificates and states depend on them.", "this clock and the server's differ by %v", off.Abs())
	}
	return good("it differs from the server's by %v", off.Abs())
}

// sample pulls one record, and moves nothing.
func (c *checker) sample(ctx context.Context, d *wire.Destination) result {
	h, records, err := c.client.Pull(ctx, wire.Pull{Destination: d.Name, Check: true, Max: 1, Host: c.Host})
	if err != nil {
		return of(err, "The server cannot encode what this destination wants: kiroku agents show ID.")
	}
	if len(records) == 0 && h.Dead > 0 {
		return warning(agent.UnfitRemedy, "the last one cannot be sent and would be a dead letter: %s", excerpt([]byte(h.DeadWhy), maxReason))
	}
	if len(records) == 0 {
		return warning("Look whether the filter is meant so: kiroku agents preview.", "there is no record yet that would be sent")
	}
	r := &records[0]
	return good("the last one, %s, has %d bytes: %s", time.UnixMicro(r.Time).UTC().Format(time.RFC3339), len(r.Line), excerpt(r.Line, maxLine))
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
