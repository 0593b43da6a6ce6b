package deliver

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// unacknowledged returns how many bytes the receiver's kernel has not acknowledged (SIOCOUTQ).
func unacknowledged(c syscall.RawConn) (n int, ok bool) {
	err := c.Control(func(fd uintptr) {
		var e error
		n, e = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
		ok = e == nil
	})
	return n, ok && err == nil
}

// pendingError returns an error of the socket that no call has returned yet (SO_ERROR).
func pendingError(c syscall.RawConn) error {
	var code int
	err := c.Control(func(fd uintptr) {
		code, _ = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR)
	})
	if err == nil && code != 0 {
		return syscall.Errno(code)
	}
	return nil
}

// peerState returns how many bytes the receiver's kernel has acknowledged since the connection began, and the window that it
// offers (TCP_INFO).
func peerState(c syscall.RawConn) (acknowledged, window int64) {
	_ = c.Control(func(fd uintptr) {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		if err == nil {
			acknowledged, window = int64(info.Bytes_acked), int64(info.Snd_wnd) //nolint:gosec // counts of bytes
		}
	})
	return acknowledged, window
}

// limitSilence ends a connection whose bytes are not acknowledged for d (TCP_USER_TIMEOUT).
func limitSilence(c syscall.RawConn, d time.Duration) {
	_ = c.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(d.Milliseconds()))
	})
}

// acknowledgeSoon makes the system acknowledge at once what it receives next (TCP_QUICKACK): a receiver that does not set
// TCP_NODELAY holds each answer back until the one before is acknowledged.
func acknowledgeSoon(c syscall.RawConn) {
	_ = c.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1)
	})
}
