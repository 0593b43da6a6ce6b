package check

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"

	"kiroku/internal/forward/deliver"
	"kiroku/internal/forward/wire"
)

// destination goes the way to one destination, for each of its addresses.
func (c *checker) destination(ctx context.Context, d *wire.Destination) {
	normal, err := wire.Normal(*d)
	if err != nil {
		c.hop(hopDestDNS, d.Name, func() result { return wrongDestination.of(err) })
		return
	}
	there := true
	for _, to := range append([]string{normal.To}, normal.Failover...) {
		there = c.target(ctx, &normal, to) && there
	}
	c.hop(hopRecord, d.Name, func() result {
		switch {
		case !c.Send:
			return notAsked.with()
		case !there:
			return hopBefore.with()
		}
		return c.record(ctx, &normal)
	})
}

// target tries one address.
func (c *checker) target(ctx context.Context, d *wire.Destination, to string) bool {
	u, err := url.Parse(to)
	if err != nil {
		return c.hop(hopDestDNS, d.Name, func() result { return wrongDestination.of(err) })
	}
	switch u.Scheme {
	case "stdout":
		return c.hop(hopDestDNS, d.Name, func() result { return toStdout.with() })
	case "file":
		return c.hop(hopDestDNS, d.Name, func() result { return folder(u.Path) })
	}
	address := u.Host
	if u.Port() == "" {
		address = net.JoinHostPort(u.Hostname(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	}
	dial, through := deliver.DialFunc(direct), ""
	if d.Proxy {
		if c.proxied == nil {
			return c.hop(hopDestTCP, d.Name, func() result {
				return proxyMissing.with()
			})
		}
		dial, through = c.proxied, " through the proxy"
	} else if !c.hop(hopDestDNS, d.Name, func() result { return lookup(ctx, u.Hostname()) }) {
		return false
	}
	if u.Scheme == "udp" {
		c.hop(hopDestTCP, d.Name, func() result { return udpNoConnection.with() })
		return c.hop(hopConfirm, d.Name, func() result {
			return udpUnconfirmed.with()
		})
	}
	if !c.hop(hopDestTCP, d.Name, func() result {
		if d.Proxy {
			return dialed(ctx, dial, address, through)
		}
		return connect(ctx, address)
	}) {
		return false
	}
	secure := u.Scheme == "tls" || u.Scheme == "relp+tls" || u.Scheme == "https"
	var cfg *tls.Config
	if !c.hop(hopDestTLS, d.Name, func() (r result) {
		if !secure {
			return noTLS.with()
		}
		cfg, r = destinationTLS(ctx, dial, address, d, u.Hostname())
		return r
	}) {
		return false
	}
	p := probe{dial: dial, address: address, tls: cfg, dest: d}
	return c.hop(hopConfirm, d.Name, func() result { return p.try(ctx, u) })
}

func dialed(ctx context.Context, dial deliver.DialFunc, address, through string) result {
	conn, err := dial(ctx, "tcp", address)
	if err != nil {
		return explained(err, "")
	}
	conn.Close()
	return reachedThrough.with(address, through)
}

// folder checks that a file can be written.
func folder(path string) result {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".kiroku-*")
	if err != nil {
		return noFolder.with(err)
	}
	f.Close()
	if err := os.Remove(f.Name()); err != nil {
		return keptFile.with(err)
	}
	return toFile.with(dir)
}

// destinationTLS makes the configuration of a destination's TLS and tries it.
func destinationTLS(ctx context.Context, dial deliver.DialFunc, address string, d *wire.Destination, host string) (*tls.Config, result) {
	cfg, err := deliver.TLSConfig(d.TLS)
	if err != nil {
		return nil, wrongFiles.with(err)
	}
	if cfg.ServerName == "" {
		cfg.ServerName = host
	}
	cfg.ClientSessionCache = nil // some receivers refuse who resumes a session: each hop is tried by itself
	conn, r := handshake(ctx, dial, address, cfg, func(err error) result { return remedied(err, deliver.ExplainHandshake(err, host)) })
	if conn != nil {
		conn.Close()
	}
	return cfg, r
}

// definite are answers of HTTP that waiting does not change.
var definite = regexp.MustCompile(`answers 4(0[013-7]|1[0-9]|2[0-46-8]) `)

// record sends one marked record and waits until it is confirmed.
func (c *checker) record(ctx context.Context, d *wire.Destination) result {
	ctx, cancel := context.WithTimeout(ctx, recordTime)
	defer cancel()
	ctx, enough := context.WithCancel(ctx)
	defer enough()
	var problem string
	objection := ""
	o := deliver.Options{Destination: *d, Problem: func(_ wire.Code, text string) {
		problem = text
		if definite.MatchString(text) { // the next try is answered the same
			objection = text
			enough()
		}
	}, Dead: func(_ wire.Record, reason string) error { objection = reason; enough(); return nil }}
	if d.Proxy {
		o.Dial = c.proxied
	}
	sender, err := deliver.New(o)
	if err != nil {
		return wrongDestination.with(err)
	}
	running, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- sender.Run(running) }()
	id := mark()
	err = sender.Send(ctx, []wire.Record{testRecord(d, c.Host, id)})
	if err == nil {
		err = sender.Flush(ctx)
	}
	stop()
	err = errors.Join(err, <-done)
	switch {
	case objection != "":
		return refused.with(objection)
	case err != nil && problem != "":
		return unconfirmed.with(problem)
	case err != nil:
		return noConfirmation.with(recordTime)
	case d.Confirm == wire.ConfirmNone:
		return sent.with(id)
	}
	return confirmed.with(id, d.Confirm)
}
