package check

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
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
		c.hop(hopDestDNS, d.Name, func() result { return of(err, "Correct the destination: kiroku agents edit ID.") })
		return
	}
	reached := true
	for _, to := range append([]string{normal.To}, normal.Failover...) {
		reached = c.target(ctx, &normal, to) && reached
	}
	c.hop(hopRecord, d.Name, func() result {
		switch {
		case !c.Send:
			return skipped("not asked for: --send-test sends one")
		case !reached:
			return skipped("a hop before it failed")
		}
		return c.record(ctx, &normal)
	})
}

// target tries one address.
func (c *checker) target(ctx context.Context, d *wire.Destination, to string) bool {
	u, err := url.Parse(to)
	if err != nil {
		return c.hop(hopDestDNS, d.Name, func() result { return of(err, "Correct the destination: kiroku agents edit ID.") })
	}
	switch u.Scheme {
	case "stdout":
		return c.hop(hopDestDNS, d.Name, func() result { return skipped("records go to standard output") })
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
				return failure("Start the agent with --proxy, or set proxy to false in the destination.", "the destination goes through the agent's proxy, and there is none")
			})
		}
		dial, through = c.proxied, " through the proxy"
	} else if !c.hop(hopDestDNS, d.Name, func() result { return lookup(ctx, u.Hostname()) }) {
		return false
	}
	if u.Scheme == "udp" {
		c.hop(hopDestTCP, d.Name, func() result { return skipped("UDP makes no connection") })
		return c.hop(hopConfirm, d.Name, func() result {
			return warning("Use RELP, HTTPS, or TCP with --confirm halfclose, if the SIEM offers it.", "UDP confirms nothing: what is lost on the way is lost")
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
			return skipped("the destination has none")
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
	return good("%s is reached%s", address, through)
}

// folder checks that a file can be written.
func folder(path string) result {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".kiroku-*")
	if err != nil {
		return failure("Make the folder, and give the agent's user the right to write to it.", "%v", err)
	}
	f.Close()
	if err := os.Remove(f.Name()); err != nil {
		return failure("Give the agent's user the right to write to the folder.", "%v", err)
	}
	return good("%s can be written to", dir)
}

// destinationTLS makes the configuration of a destination's TLS and tries it.
func destinationTLS(ctx context.Context, dial deliver.DialFunc, address string, d *wire.Destination, host string) (*tls.Config, result) {
	cfg, err := deliver.TLSConfig(d.TLS)
	if err != nil {
		return nil, failure("Correct the files on this machine, or the destination: kiroku agents edit ID.", "%v", err)
	}
	if cfg.ServerName == "" {
		cfg.ServerName = host
	}
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
	refused := ""
	o := deliver.Options{Destination: *d, Problem: func(_ wire.Code, text string) {
		problem = text
		if definite.MatchString(text) { // the next try is answered the same
			refused = text
			enough()
		}
	}, Dead: func(_ wire.Record, reason string) error { refused = reason; enough(); return nil }}
	if d.Proxy {
		o.Dial = c.proxied
	}
	sender, err := deliver.New(o)
	if err != nil {
		return failure("Correct the destination: kiroku agents edit ID.", "%v", err)
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
	case refused != "":
		return failure("Correct what the receiver objects to: path, credential file, index or format of the destination.", "the receiver refuses the record: %s", refused)
	case err != nil && problem != "":
		return failure("Correct that, and run the check again.", "it is not confirmed: %s", problem)
	case err != nil:
		return failure("Look whether the receiver takes events.", "it is not confirmed after %v", recordTime)
	case d.Confirm == wire.ConfirmNone:
		return warning("Look for it in the SIEM: nothing tells whether it has arrived.", "%s was sent", id)
	}
	return good("%s is confirmed by %s", id, fmt.Sprint(d.Confirm))
}
