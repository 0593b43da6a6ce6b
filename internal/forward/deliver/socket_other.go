//go:build !linux

package deliver

import (
	"syscall"
	"time"
)

func unacknowledged(syscall.RawConn) (n int, ok bool) { return 0, false }

func pendingError(syscall.RawConn) error { return nil }

func peerState(syscall.RawConn) (acknowledged, window int64) { return 0, 0 }

func limitSilence(syscall.RawConn, time.Duration) {}

func acknowledgeSoon(syscall.RawConn) {}
