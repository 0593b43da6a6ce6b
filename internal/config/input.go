package config

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"time"
	_ "time/tzdata" // zone names must mean something on machines without a zone database

	"kiroku/internal/event"
)

func itoa(n int) string { return strconv.Itoa(n) }

// sources are the products whose records can be configured for an input.
func sources() []string {
	return []string{
		string(event.IvantiConnectSecure), string(event.OktaAccessGateway), string(event.CloudTrail),
		string(event.AuditEvents), string(event.DefenderForCloudApps), string(event.Generic),
	}
}

func isSource(name string) bool { return slices.Contains(sources(), name) }

// complete fills in what follows from other keys.
func (in *Input) complete() {
	if in.Type == CloudTrail {
		in.completeTrail()
		return
	}
	if in.Type == "tcp" && in.agent && in.TLS != (TLS{}) {
		in.Type = "tls"
	}
	if in.Address == "" && in.Port != 0 {
		in.Address = net.JoinHostPort(in.BindHost, itoa(in.Port))
	}
	if in.Name == "" && in.Type != "" && in.portText() != "" {
		in.Name = "syslog-" + in.Type + "-" + in.portText()
	}
}

// portText is the port of the input as it is written.
func (in *Input) portText() string {
	if in.Address != "" {
		_, port, _ := net.SplitHostPort(in.Address)
		return port
	}
	if in.Port != 0 {
		return itoa(in.Port)
	}
	return ""
}

// transport is tcp or udp.
func (in *Input) transport() string {
	if in.Type == "udp" {
		return "udp"
	}
	return "tcp"
}

// Location is the zone of time stamps that carry none; UTC when the input names none.
func (in *Input) Location() (*time.Location, error) {
	loc, err := time.LoadLocation(in.Zone)
	if err != nil {
		return nil, fmt.Errorf("%q is not a time zone: write a name such as Asia/Tokyo or UTC", in.Zone)
	}
	return loc, nil
}

// Networks are the allowed and the denied networks of the input; a single address is a network of one.
func (in *Input) Networks() (allow, deny []netip.Prefix, err error) {
	if allow, err = prefixes(in.Allow); err != nil {
		return nil, nil, err
	}
	deny, err = prefixes(in.Deny)
	return allow, deny, err
}

func prefixes(entries []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, e := range entries {
		p, err := prefix(e)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func prefix(entry string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(entry); err == nil && addr.Zone() == "" {
		return netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()), nil
	}
	p, err := netip.ParsePrefix(entry)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("invalid entry %q: not a valid IP address or CIDR", entry)
	}
	return p.Masked(), nil
}
