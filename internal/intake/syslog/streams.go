package syslog

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"kiroku/internal/logkey"
)

const (
	handshakeTimeout = 10 * time.Second
	maxAcceptPause   = time.Second
)

const keyConnections = "connections"

// connections are the open connections of an input.
type connections struct {
	mu   sync.Mutex
	open map[net.Conn]struct{}
	wg   sync.WaitGroup
}

// runStreams accepts connections until ctx ends, and waits for them.
func (in *Input) runStreams(ctx, offers context.Context) error {
	conns := &connections{open: map[net.Conn]struct{}{}}
	stop := func() {
		in.beginStop()
		_ = in.listener.Close() // may be closed already
		conns.stop(*in.stopping.Load())
	}
	unhook := context.AfterFunc(ctx, stop)
	defer func() {
		unhook()
		stop()
		conns.wg.Wait()
	}()
	pause := time.Duration(0)
	for {
		conn, err := in.listener.Accept()
		switch {
		case err == nil:
			pause = 0
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		default:
			// Usually no file descriptors are left: give connections time to end instead of spinning.
			pause = min(max(2*pause, 5*time.Millisecond), maxAcceptPause)
			in.warner.warn(ctx, "accept connection", slog.Any(logkey.Err, err))
			if !sleep(ctx, pause) {
				return nil
			}
			continue
		}
		in.accept(ctx, offers, conns, conn)
	}
}

// accept starts receiving conn, or refuses it.
func (in *Input) accept(ctx, offers context.Context, conns *connections, conn net.Conn) {
	from := senderOf(conn)
	p := in.peers.get(from.Addr())
	switch open := in.connections.Load(); {
	case !in.networks.admit(from.Addr()):
		in.refuse(ctx, p, conn, "connection refused: address not allowed", nil)
		return
	case open >= int64(in.cfg.MaxConnections):
		in.refuse(ctx, p, conn, "connection refused: too many connections; raise max_connections or set idle_timeout", nil, slog.Int64(keyConnections, open))
		return
	}
	in.connections.Add(1)
	conns.add(conn)
	conns.wg.Go(func() {
		defer func() {
			conns.remove(conn)
			in.connections.Add(-1)
		}()
		secured, err := in.handshake(ctx, conn)
		if err != nil {
			in.refuse(ctx, p, conn, "connection refused: "+handshakeProblem(err), err)
			return
		}
		in.newStream(secured, from, p).receive(offers)
		_ = secured.Close() // nothing was written, so closing can lose nothing
	})
}

// senderOf is the other end of conn; an IPv4 address is never written as IPv6.
func senderOf(conn net.Conn) netip.AddrPort {
	addr, ok := conn.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	return unmapped(addr.AddrPort())
}

func unmapped(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }

// handshake returns conn itself when the input does not use TLS.
func (in *Input) handshake(ctx context.Context, conn net.Conn) (net.Conn, error) {
	if in.tls == nil {
		return conn, nil
	}
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	secured := tls.Server(conn, in.tls.server())
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return secured, nil
}

func (in *Input) refuse(ctx context.Context, p *peer, conn net.Conn, why string, err error, attrs ...slog.Attr) {
	_ = conn.Close() // the sender is turned away; there is nothing to lose
	in.total.refused.Add(1)
	p.refused.Add(1)
	attrs = append(attrs, slog.String(logkey.Peer, p.addr.String()))
	if err != nil {
		attrs = append(attrs, slog.Any(logkey.Err, err))
	}
	in.warner.warn(ctx, why, attrs...)
}

func (c *connections) add(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open[conn] = struct{}{}
}

func (c *connections) remove(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, conn)
	_ = conn.Close() // closed twice where the stream closed it
}

// stop ends every connection at t.
func (c *connections) stop(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.open {
		_ = conn.SetReadDeadline(t) // a closed connection has ended already
	}
}

// sleep waits, and says whether it could do so before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
