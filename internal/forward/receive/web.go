package receive

import (
	"net"
	"sync"
)

// webListener gives the HTTP server the connections that speak HTTP.
type webListener struct {
	addr  net.Addr
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

// Accept returns the next connection.
func (l *webListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (l *webListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

// Addr is that of the receiver.
func (l *webListener) Addr() net.Addr { return l.addr }

// hand gives a connection to the server, or closes it when there is none any more.
func (l *webListener) hand(c net.Conn) bool {
	select {
	case l.conns <- c:
		return true
	case <-l.done:
		c.Close()
		return false
	}
}

// webConn tells when the server is done with a connection.
type webConn struct {
	net.Conn
	done chan struct{}
	once sync.Once
}

// Close closes the connection.
func (c *webConn) Close() error {
	defer c.once.Do(func() { close(c.done) })
	return c.Conn.Close()
}
