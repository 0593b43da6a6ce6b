package config

import (
	"fmt"
	"net"
	"net/netip"

	"kiroku/internal/fault"
)

// CheckExposure refuses an HTTP address that other machines can reach unless it has TLS and the administrator has set
// a password of their own. Syslog inputs may listen anywhere: their senders offer no password.
func (c *Config) CheckExposure(passwordSet bool) error {
	host, _, err := net.SplitHostPort(c.HTTP.Address)
	if err != nil || isLoopback(host) {
		return nil //nolint:nilerr // an address that cannot be read is among the problems already
	}
	encrypted := c.HTTP.CertFile != "" && c.HTTP.KeyFile != ""
	if encrypted && passwordSet {
		return nil
	}
	next := "Listen on 127.0.0.1 and let a TLS proxy on this machine forward to it, or "
	switch {
	case !encrypted && !passwordSet:
		next += "set http.cert_file and http.key_file, and change the one-time password while Kiroku listens on 127.0.0.1."
	case !encrypted:
		next += "set http.cert_file and http.key_file."
	default:
		next += "start once on 127.0.0.1 and change the one-time password."
	}
	return fault.New(fault.Invalid, fmt.Errorf("http.address is %q, which other machines can reach: that needs TLS and a set password", c.HTTP.Address), next)
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
