package ivanti

import (
	"bytes"

	"kiroku/internal/decode/jsonleaf"
	"kiroku/internal/event"
)

// mapExtra sets or keeps the values under names that are not among the 23 keys.
func (n *entry) mapExtra(e *event.Event) {
	for i := range n.extra {
		x := &n.extra[i]
		switch {
		case n.filter == filterWELF && mapWELF(e, x):
		case x.kind == jsonleaf.Array || x.kind == jsonleaf.Object:
			unmapNested(e, x)
		case x.name == "node" && !e.Has(event.ColDeviceHost):
			e.Str(event.ColDeviceHost, x.name, x.value)
		case x.name == "destination_ip" && isIP(x.value) && !e.Has(event.ColDstIP):
			e.Str(event.ColDstIP, x.name, x.value)
		default:
			e.Unmap(x.name, x.value)
		}
	}
}

// mapWELF sets the columns of WELF fields, unless the text set them.
func mapWELF(e *event.Event, x *extra) bool {
	var c event.Column
	switch x.name {
	case "dst":
		c = event.ColDstIP
		if !isIP(x.value) {
			return false
		}
	case "dstname":
		c = event.ColDstHost
	case "op":
		c = event.ColHTTPMethod
		if !isMethod(x.value) {
			return false
		}
	case "arg":
		c = event.ColHTTPURL
	case "sent":
		c = event.ColBytesOut
	case "rcvd":
		c = event.ColBytesIn
	default:
		return false
	}
	if e.Has(c) || x.value == "" {
		return false
	}
	if c != event.ColBytesIn && c != event.ColBytesOut {
		e.Str(c, x.name, x.value)
		return true
	}
	v, ok := atoi(x.value)
	if ok {
		e.Int(c, x.name, v)
	}
	return ok
}

// unmapNested keeps the leaves of a nested value, the elements of a list of roles as the user's groups.
func unmapNested(e *event.Event, x *extra) {
	var w jsonleaf.Walker
	var path []byte
	err := w.Walk([]byte(x.value), func(l jsonleaf.Leaf) bool {
		if l.Kind == jsonleaf.Null {
			return true
		}
		if x.name == "roles" && x.kind == jsonleaf.Array && l.Kind == jsonleaf.String && bytes.IndexByte(l.Key, '.') < 0 {
			e.Add(event.ColActorUserGroups, x.name, e.Keep(l.Value))
			return true
		}
		path = append(append(append(path[:0], x.name...), '.'), l.Key...)
		e.Unmap(e.Keep(path), e.Keep(l.Value))
		return true
	})
	if err != nil {
		e.Unmap(x.name, x.value)
	}
}
