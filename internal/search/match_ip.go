package search

import (
	"net/netip"
	"strconv"
	"strings"
)

// addresses asks for IP addresses and networks. An IPv4 address written inside IPv6 (::ffff:192.0.2.1) is that address.
type addresses struct {
	nets   []netip.Prefix
	single map[netip.Addr]bool // the nets of one address, when there are many
}

func newAddresses(nets ...netip.Prefix) *addresses {
	a := &addresses{nets: nets}
	if len(nets) > 8 {
		a.single = make(map[netip.Addr]bool)
		for _, n := range nets {
			if n.IsSingleIP() {
				a.single[n.Addr()] = true
			}
		}
	}
	return a
}

func (a *addresses) match(v string) bool {
	ip, ok := parseIP(v)
	if !ok {
		return false
	}
	if a.single[ip] {
		return true
	}
	for _, n := range a.nets {
		if (a.single == nil || !n.IsSingleIP()) && n.Contains(ip) {
			return true
		}
	}
	return false
}

func (a *addresses) need() [][]uint64 { return nil }

func (a *addresses) write(w *writer, x string) string {
	all := make([]string, len(a.nets))
	for i, n := range a.nets {
		text := n.String()
		if n.IsSingleIP() {
			text = n.Addr().String()
		}
		all[i] = w.IPIn(w.args, x, text)
	}
	return anyOf(all)
}

// InNetwork says whether ip lies in network, which is an address or a prefix. It is what SQL's ip_in means.
func InNetwork(ip, network string) bool {
	n, ok := parseNet(network)
	if !ok {
		return false
	}
	addr, ok := parseIP(ip)
	return ok && n.Contains(addr)
}

func parseIP(v string) (netip.Addr, bool) {
	ip, err := netip.ParseAddr(v)
	if err != nil {
		return netip.Addr{}, false
	}
	return ip.Unmap().WithZone(""), true
}

// parseNet reads an address or a prefix. Bits of the host in a prefix are cut off.
func parseNet(text string) (netip.Prefix, bool) {
	if ip, ok := parseIP(text); ok {
		return netip.PrefixFrom(ip, ip.BitLen()), true
	}
	n, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, false
	}
	if n.Addr().Is4In6() && n.Bits() >= 96 {
		n = netip.PrefixFrom(n.Addr().Unmap(), n.Bits()-96)
	}
	return n.Masked(), true
}

// likeNet says whether text, which is no address and no network, was meant as one. Services write names instead of an
// address (cloudtrail.amazonaws.com): those are not.
func likeNet(text string) bool {
	ip, _, slash := strings.Cut(text, "/")
	if _, ok := parseIP(ip); slash && ok {
		return true
	}
	digits := "0123456789./"
	if strings.Contains(text, ":") {
		digits += ":abcdefABCDEF"
	}
	return strings.Trim(text, digits) == ""
}

// octets is the text that all IPv4 addresses of n begin with: whole octets with their dots.
func octets(n netip.Prefix) string {
	if !n.Addr().Is4() {
		return ""
	}
	var b strings.Builder
	bytes := n.Addr().As4()
	for i := range n.Bits() / 8 {
		b.WriteString(strconv.Itoa(int(bytes[i])))
		b.WriteByte('.')
	}
	return strings.TrimSuffix(b.String(), strings.Repeat(".", n.Bits()/32))
}
