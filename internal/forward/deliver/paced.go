package deliver

import (
	"net"
	"time"
)

// pacedConn fails a write of which nothing moves; a slow receiver that takes a piece at a time is none.
type pacedConn struct {
	net.Conn
	stall time.Duration
}

func (c *pacedConn) Write(b []byte) (n int, err error) {
	for len(b) > 0 && err == nil {
		_ = c.Conn.SetWriteDeadline(time.Now().Add(c.stall))
		var m int
		m, err = c.Conn.Write(b[:min(len(b), 16<<10)])
		n += m
		b = b[m:]
	}
	return n, err
}
