package syslog

import "net/netip"

// networks say who may send.
type networks struct{ allow, deny []netip.Prefix }

// admit says whether addr may send: it is in no denied network, and in an allowed one if there are any.
func (n networks) admit(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	if contain(n.deny, addr) {
		return false
	}
	return len(n.allow) == 0 || contain(n.allow, addr)
}

func contain(prefixes []netip.Prefix, addr netip.Addr) bool {
	for _, p := range prefixes {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}
