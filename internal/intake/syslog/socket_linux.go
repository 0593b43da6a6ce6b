package syslog

import (
	"encoding/binary"
	"net"

	"golang.org/x/sys/unix"
)

// controlSpace is room for the control message that tells how many datagrams were dropped.
const controlSpace = 64

// enlargeReceiveBuffer asks for a buffer of size bytes, beyond the system's limit where the process may, and returns
// what it got.
func enlargeReceiveBuffer(conn *net.UDPConn, size int) int {
	got := 0
	withSocket(conn, func(fd int) {
		if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, size) != nil {
			_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, size) // got tells
		}
		got, _ = unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF)
	})
	return got / 2 // Linux reports twice what was asked for
}

// countSystemDrops makes the system tell with each datagram how many it has dropped (SO_RXQ_OVFL, socket(7)).
func countSystemDrops(conn *net.UDPConn) {
	withSocket(conn, func(fd int) {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RXQ_OVFL, 1) // without it the count stays 0
	})
}

// systemDrops reads the count from a datagram's control messages.
func systemDrops(control []byte) (uint32, bool) {
	for len(control) > 0 {
		header, data, rest, err := unix.ParseOneSocketControlMessage(control)
		if err != nil {
			return 0, false
		}
		if header.Level == unix.SOL_SOCKET && header.Type == unix.SO_RXQ_OVFL && len(data) >= 4 {
			return binary.NativeEndian.Uint32(data), true
		}
		control = rest
	}
	return 0, false
}

func withSocket(conn *net.UDPConn, f func(fd int)) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) { f(int(fd)) }) // fails only when the socket is closed, which the next read tells
}
