package syslog

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"

	"kiroku/internal/fault"
)

// bindError words why an input cannot listen, and what to do about it.
func bindError(c Config, err error) error {
	_, port, splitErr := net.SplitHostPort(c.Address)
	if splitErr != nil {
		return fault.New(fault.Invalid, fmt.Errorf("listen on %q for input %q: %w", c.Address, c.Name, splitErr),
			`Write the address as host:port, for example 127.0.0.1:5514, or :5514 for all addresses of this machine.`)
	}
	err = fmt.Errorf("Can't start %s forwarder on port %s: %w", strings.ToUpper(c.Type), port, err) //nolint:staticcheck // the words that people search for
	switch {
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return fault.New(fault.Denied, err, permissionAdvice(port))
	case errors.Is(err, syscall.EADDRINUSE):
		return fault.New(fault.Conflict, err, inUseAdvice(c, port))
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fault.New(fault.Invalid, err, fmt.Sprintf("This machine has no address %q: use one that it has, or :%s for all.", c.Address, port))
	}
	return fault.New(fault.Invalid, err, fmt.Sprintf("Check the address of input %q.", c.Name))
}

func permissionAdvice(port string) string {
	binary, err := os.Executable()
	if err != nil {
		binary = "kiroku"
	}
	return fmt.Sprintf(`Ports below 1024 need a right. Grant it with "sudo setcap CAP_NET_BIND_SERVICE=+ep %[1]s", `+
		`check with "sudo getcap %[1]s", which prints "%[1]s = cap_net_bind_service+ep", and start again; `+
		`repeat this after each upgrade. Or choose a port from 1024 instead of %[2]s.`, binary, port)
}

func inUseAdvice(c Config, port string) string {
	proto := "tcp"
	if c.Type == UDP {
		proto = "udp"
	}
	advice := fmt.Sprintf(`Another program listens on %s port %s`, proto, port)
	if port == "514" {
		advice += `, usually the system's own syslog: disable it with "sudo systemctl disable --now syslog.socket rsyslog"`
	} else {
		advice += fmt.Sprintf(`: find it with "sudo ss -lnp 'sport = :%s'" and stop it`, port)
	}
	return advice + fmt.Sprintf(`, or give input %q another port.`, c.Name)
}
