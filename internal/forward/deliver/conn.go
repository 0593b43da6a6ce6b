package deliver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Limits of time of a connection.
const (
	dialTime  = 30 * time.Second
	stallTime = 60 * time.Second // without any progress while something is to be done; doubled when that repeats
	maxStall  = 16 * time.Minute
	looks     = 20 // for progress in that time
	keepAlive = 15 * time.Second

	// notifyTime is how long a receiver may take from its close_notify to its FIN.
	notifyTime = 5 * time.Second
)

var (
	errStalled   = errors.New("it takes nothing more and does not answer")
	errNotCaught = errors.New("it closed before it had everything")
)

// conn is a connection to a receiver that is always read: what a receiver says, its end and late alerts are noticed at
// once.
type conn struct {
	w      net.Conn // plain, or TLS over it
	raw    net.Conn
	sys    syscall.RawConn // nil: not a socket
	target target
	ended  chan struct{} // closed when nothing more comes
	end    error         // why, once ended is closed; io.EOF: the receiver closed
	at     time.Time     // when, the same
	busy   atomic.Bool   // something is being written or waited for: no progress is a stall
	owed   atomic.Int64  // answers that the receiver owes: the same
	stall  time.Duration
	moved  atomic.Int64 // bytes written and read
	wg     sync.WaitGroup

	look  *time.Timer // for progress
	seen  int64       // moved at the last look
	still int         // looks without progress
}

// watch begins to read the connection and to look for progress.
func watch(w, raw net.Conn, t target, stall time.Duration, read func(io.Reader) error) *conn {
	c := &conn{w: w, raw: raw, target: t, stall: stall, ended: make(chan struct{})}
	if s, ok := raw.(syscall.Conn); ok {
		if sys, err := s.SyscallConn(); err == nil {
			c.sys = sys
		}
	}
	if c.sys != nil {
		limitSilence(c.sys, 2*stall)
	}
	if read == nil {
		read = c.listen
	}
	c.wg.Go(func() {
		c.end = read(w)
		c.at = time.Now()
		close(c.ended)
	})
	c.look = time.AfterFunc(time.Hour, c.lookForProgress)
	c.look.Reset(stall / looks) // now that look is set
	return c
}

// afterNotify waits for the FIN behind a close_notify. A receiver that closes with something unread resets the connection
// instead: its close_notify was no answer to ours.
func (c *conn) afterNotify() error {
	_ = c.raw.SetReadDeadline(time.Now().Add(notifyTime))
	_, err := io.Copy(io.Discard, c.raw)
	if err == nil || isTimeout(err) {
		return io.EOF
	}
	return err
}

// lookForProgress closes a connection on which something is to be done and nothing moves. It calls itself again until the
// connection is closed.
func (c *conn) lookForProgress() {
	moved := c.moved.Load() + c.acknowledged()
	switch {
	case moved != c.seen || (!c.busy.Load() && c.owed.Load() == 0):
		c.seen, c.still = moved, 0
	default:
		c.still++
	}
	if c.still >= looks {
		_ = c.raw.SetDeadline(time.Unix(1, 0)) // wakes who reads or writes
		return
	}
	c.look.Reset(c.stall / looks)
}

func (c *conn) acknowledged() int64 {
	if c.sys == nil {
		return 0
	}
	n, _ := peerState(c.sys)
	return n
}

// write writes everything, as slowly as the receiver takes it.
func (c *conn) write(b []byte) error {
	c.busy.Store(true)
	defer c.busy.Store(false)
	_, err := c.w.Write(b)
	if err == nil {
		c.moved.Add(int64(len(b)))
		return nil
	}
	return c.reason(err)
}

// reason prefers what the receiver said to what a write met after that.
func (c *conn) reason(err error) error {
	if isTimeout(err) {
		return errStalled
	}
	wait := time.NewTimer(saidTime + 100*time.Millisecond)
	defer wait.Stop()
	select {
	case <-c.ended:
		if errors.Is(c.end, io.EOF) {
			return fmt.Errorf("the receiver closed the connection: %w", err)
		}
		if !errors.Is(c.end, net.ErrClosed) && !isTimeout(c.end) {
			return c.end
		}
	case <-wait.C:
	}
	return err
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}

// finish closes our side and waits until the receiver has read everything and closes its own: nil, when it has.
func (c *conn) finish(ctx context.Context) error {
	select {
	case <-c.ended:
		return c.early()
	default:
	}
	c.busy.Store(true)
	defer c.busy.Store(false)
	if t, ok := c.w.(*tls.Conn); ok {
		if err := t.CloseWrite(); err != nil {
			return c.reason(err)
		}
	}
	half, ok := c.raw.(interface{ CloseWrite() error })
	if !ok {
		return errors.New("the connection cannot be closed in one direction (a proxy in between?): use --confirm window")
	}
	if err := half.CloseWrite(); err != nil {
		return c.reason(err)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-c.ended:
	}
	if !errors.Is(c.end, io.EOF) {
		return c.early()
	}
	return c.settled()
}

// early is the error for an end that we did not ask for.
func (c *conn) early() error {
	if errors.Is(c.end, io.EOF) {
		return fmt.Errorf("the receiver closed the connection: %w", io.EOF)
	}
	if isTimeout(c.end) { // ours, or that of the system (ETIMEDOUT)
		return errStalled
	}
	return c.end
}

// settled makes sure that the receiver's kernel had everything when the receiver closed.
func (c *conn) settled() error {
	if c.sys == nil {
		return nil
	}
	for d := time.Millisecond; ; d *= 4 {
		n, ok := unacknowledged(c.sys)
		if err := pendingError(c.sys); err != nil {
			return err
		}
		if !ok || n == 0 {
			return nil
		}
		if d > 100*time.Millisecond {
			return errNotCaught
		}
		time.Sleep(d)
	}
}

// Close ends the connection and waits for its goroutines.
func (c *conn) Close() {
	c.look.Stop()
	c.raw.Close()
	c.wg.Wait()
}
