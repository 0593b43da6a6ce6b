//go:build !linux

package syslog

import "net"

// controlSpace is room for control messages; none are asked for.
const controlSpace = 0

// enlargeReceiveBuffer asks for a buffer of size bytes and returns what it assumes to have got.
func enlargeReceiveBuffer(conn *net.UDPConn, size int) int {
	for ; size > 64<<10; size /= 2 {
		if conn.SetReadBuffer(size) == nil {
			break
		}
	}
	return size
}

// countSystemDrops does nothing: only Linux tells how many datagrams it dropped.
func countSystemDrops(*net.UDPConn) {}

func systemDrops([]byte) (uint32, bool) { return 0, false }
