package deliver

import (
	"errors"
	"syscall"
)

// winsock are the numbers of Windows for the errors of sockets, which the package syscall names as Unix does and does not translate.
var winsock = map[syscall.Errno]syscall.Errno{
	syscall.EACCES: 10013, syscall.EMSGSIZE: 10040, syscall.EADDRINUSE: 10048, syscall.ENETUNREACH: 10051, syscall.EPIPE: 10053, syscall.ECONNRESET: 10054,
	syscall.ECONNREFUSED: 10061, syscall.EHOSTUNREACH: 10065,
}

// Is says whether an error of a socket is one of some, on Unix or on Windows.
func Is(err error, errnos ...syscall.Errno) bool {
	for _, no := range errnos {
		if w, ok := winsock[no]; errors.Is(err, no) || ok && errors.Is(err, w) {
			return true
		}
	}
	return false
}
