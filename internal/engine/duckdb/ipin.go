package duckdb

/*
void kirokuIPIn(void *, void *, void *);
*/
import "C"

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"unsafe"

	duck "github.com/duckdb/duckdb-go-bindings"

	"kiroku/internal/event"
)

// ipInName is the SQL function kiroku_ip_in(ip VARCHAR, net VARCHAR) BOOLEAN: whether an address lies in a network in
// CIDR notation or is that one address. IPv4 addresses written as IPv6 (::ffff:192.0.2.1) count as IPv4. Text that is
// no address lies in no network; text that is no network is an error; NULL gives NULL.
const ipInName = "kiroku_ip_in"

func registerIPIn(c duck.Connection) error {
	f := duck.CreateScalarFunction()
	defer duck.DestroyScalarFunction(&f)
	text := duck.CreateLogicalType(duck.TypeVarchar)
	defer duck.DestroyLogicalType(&text)
	boolean := duck.CreateLogicalType(duck.TypeBoolean)
	defer duck.DestroyLogicalType(&boolean)
	duck.ScalarFunctionSetName(f, ipInName)
	duck.ScalarFunctionAddParameter(f, text)
	duck.ScalarFunctionAddParameter(f, text)
	duck.ScalarFunctionSetReturnType(f, boolean)
	duck.ScalarFunctionSetFunction(f, unsafe.Pointer(C.kirokuIPIn)) //nolint:unconvert // cgo needs it
	if duck.RegisterScalarFunction(c, f) != duck.StateSuccess {
		return errors.New("register function " + ipInName)
	}
	return nil
}

// kirokuIPIn computes one chunk; DuckDB calls it from its own threads, with memory for the
// result that holds whatever was there before.
//
//export kirokuIPIn
func kirokuIPIn(info, input, output unsafe.Pointer) {
	chunk, out := duck.DataChunk{Ptr: input}, duck.Vector{Ptr: output}
	n := int(duck.DataChunkGetSize(chunk))
	ips, nets := duck.DataChunkGetVector(chunk, 0), duck.DataChunkGetVector(chunk, 1)
	ipData, netData := duck.VectorGetData(ips), duck.VectorGetData(nets)
	ipValid, netValid := duck.VectorGetValidity(ips), duck.VectorGetValidity(nets)
	result := unsafe.Slice((*bool)(duck.VectorGetData(out)), n)
	var network netip.Prefix
	last := ""
	for i := range n {
		if !valid(ipValid, i) || !valid(netValid, i) {
			result[i] = false
			duck.VectorEnsureValidityWritable(out)
			duck.ValiditySetRowInvalid(duck.VectorGetValidity(out), duck.IdxT(i))
			continue
		}
		text := event.Bytes(textAt(netData, i))
		if text != last || !network.IsValid() {
			var err error
			if network, err = parseNetwork(text); err != nil {
				duck.ScalarFunctionSetError(duck.FunctionInfo{Ptr: info}, err.Error())
				return
			}
			last = text
		}
		ip, err := netip.ParseAddr(event.Bytes(textAt(ipData, i)))
		result[i] = err == nil && network.Contains(ip.Unmap().WithZone(""))
	}
}

// parseNetwork reads a network or a single address.
func parseNetwork(s string) (netip.Prefix, error) {
	if !strings.Contains(s, "/") {
		ip, err := netip.ParseAddr(s)
		if err != nil {
			return netip.Prefix{}, fmt.Errorf("%s: %q is neither an address nor a network like 192.0.2.0/24", ipInName, s)
		}
		ip = ip.Unmap().WithZone("")
		return netip.PrefixFrom(ip, ip.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%s: %q is not a network like 192.0.2.0/24 or 2001:db8::/32", ipInName, s)
	}
	if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
	}
	return p.Masked(), nil
}
