package deliver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"kiroku/internal/forward/wire"
)

// direct opens connections without a proxy.
func direct(ctx context.Context, network, addr string) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTime, KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: keepAlive, Interval: keepAlive / 3, Count: 4}}
	return d.DialContext(ctx, network, addr)
}

// dialError says that no connection could be made; handshakeError that there is one and TLS on it failed.
type (
	dialError struct {
		target target
		err    error
	}
	handshakeError struct {
		target target
		err    error
	}
)

func (e *dialError) Error() string {
	var op *net.OpError
	if errors.As(e.err, &op) && op.Op == "dial" && op.Source == nil && error(op) == e.err {
		return fmt.Sprintf("connect to %s: %v", e.target, op.Err) // the address once
	}
	return fmt.Sprintf("connect to %s: %v", e.target, e.err)
}

func (e *dialError) Unwrap() error { return e.err }

func (e *handshakeError) Error() string { return fmt.Sprintf("TLS with %s: %v", e.target, e.err) }
func (e *handshakeError) Unwrap() error { return e.err }

// open connects to the first target that can be reached.
func (d *Deliverer) open(ctx context.Context, read func(io.Reader) error) (*conn, error) {
	var errs []error
	known := d.connections.Load() > 0
	for i, t := range d.targets {
		var c *conn
		var err error
		if d.dest.Confirm == wire.ConfirmHalfClose && !d.trusts(t) {
			c, err = d.openStranger(ctx, t)
		} else {
			c, err = d.openTo(ctx, t, read)
		}
		if err == nil {
			if i > 0 {
				d.away = time.Now()
			}
			if known {
				d.reconnects.Add(1)
			}
			d.backAt(ctx, t)
			return c, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		errs = append(errs, err)
	}
	if len(errs) == 1 {
		return nil, errs[0]
	}
	return nil, errors.Join(errs...)
}

// openTo connects to one target.
func (d *Deliverer) openTo(ctx context.Context, t target, read func(io.Reader) error) (*conn, error) {
	c, err := d.connect(ctx, t, read)
	if isResumption(err) {
		return d.connect(ctx, t, read)
	}
	return c, err
}

func (d *Deliverer) connect(ctx context.Context, t target, read func(io.Reader) error) (*conn, error) {
	raw, err := d.dial(ctx, t)
	if err != nil {
		return nil, err
	}
	w, asked, err := d.handshake(ctx, raw, t)
	if err != nil {
		raw.Close()
		return nil, &handshakeError{t, err}
	}
	c := watch(w, raw, t, d.stall(), read)
	if asked {
		// TLS 1.3 refuses a client certificate after the handshake: it is only seen by reading.
		select {
		case <-c.ended:
			c.Close()
			return nil, &handshakeError{t, c.end}
		case <-time.After(lateAlert):
		}
	}
	return c, nil
}

// dial makes a plain connection to a target.
func (d *Deliverer) dial(ctx context.Context, t target) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	raw, err := d.o.Dial(ctx, "tcp", t.addr())
	if err != nil {
		return nil, &dialError{t, err}
	}
	d.connections.Add(1)
	return raw, nil
}

// lateAlert is how long we wait for the refusal of a client certificate, once the server asked for one.
const lateAlert = 300 * time.Millisecond

// handshake makes TLS of a connection, when the target wants it. asked: the server asked for a client certificate anew.
func (d *Deliverer) handshake(ctx context.Context, raw net.Conn, t target) (w net.Conn, asked bool, err error) {
	if !t.tls {
		return raw, false, nil
	}
	cfg := d.tls.Clone()
	if cfg.ServerName == "" {
		cfg.ServerName = t.host
	}
	if t.transport == overHTTP {
		cfg.NextProtos = []string{"http/1.1"} // one request at a time, in order
	}
	certificates := cfg.Certificates
	cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		asked = true
		if len(certificates) > 0 {
			return &certificates[0], nil
		}
		return &tls.Certificate{}, nil
	}
	known := &sessions{ClientSessionCache: cfg.ClientSessionCache}
	cfg.ClientSessionCache = known
	if d.whole.Load() {
		cfg.ClientSessionCache = nil
	}
	c := tls.Client(raw, cfg)
	ctx, cancel := context.WithTimeout(ctx, min(dialTime, d.stall()))
	defer cancel()
	if err := c.HandshakeContext(ctx); err != nil {
		if known.offered && ctx.Err() == nil {
			d.whole.Store(true)
			return nil, asked, &resumptionError{err}
		}
		return nil, asked, err
	}
	state := c.ConnectionState()
	d.certExpires.Store(state.PeerCertificates[0].NotAfter.Unix())
	return c, asked && state.Version >= tls.VersionTLS13, nil
}

// sessions notes whether a session of before was offered to the receiver.
type sessions struct {
	tls.ClientSessionCache
	offered bool
}

// Get gives the session with a receiver.
func (s *sessions) Get(key string) (*tls.ClientSessionState, bool) {
	session, ok := s.ClientSessionCache.Get(key)
	s.offered = s.offered || ok && session != nil
	return session, ok
}

// resumptionError is a handshake that failed with a session of before: OpenSSL's servers that want client certificates end
// it with an internal error when they have no session id context, as rsyslog's. It may work with a whole handshake, which
// is made from then on.
type resumptionError struct{ err error }

func (e *resumptionError) Error() string { return e.err.Error() }
func (e *resumptionError) Unwrap() error { return e.err }

func isResumption(err error) bool {
	var e *resumptionError
	return errors.As(err, &e)
}

// stall is how long nothing may move: longer after each time that it came to that.
func (d *Deliverer) stall() time.Duration {
	return min(d.o.stall<<min(d.stalls, 8), maxStall)
}

// codeOf tells which notification an error belongs to.
func codeOf(err error) wire.Code {
	var hs *handshakeError
	var dial *dialError
	switch {
	case errors.As(err, &hs):
		return wire.TLSError
	case errors.As(err, &dial):
		return wire.ConnectionError
	}
	return wire.SendError
}
