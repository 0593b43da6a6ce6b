package ivanti

import (
	"math/bits"

	"kiroku/internal/event"
)

// maxPort is the largest port number; what is larger is no port.
const maxPort = 65535

// mapFacts sets the columns of what the text says.
func (n *entry) mapFacts(e *event.Event) {
	f := &n.facts.values
	for k := factTimeTaken; k <= factDuration; k++ {
		if v := f[k]; v != "" {
			// Kept as it is too, because the column counts milliseconds.
			e.Unmap(factInfos[k].name, v)
			if s, ok := atoi(v); ok && s < 1<<50 {
				e.Int(event.ColDurationMS, factInfos[k].name, s*1000)
			}
		}
	}
	given := n.facts.given &^ (1<<factPlain - 1 | 1<<factTextSession | 1<<factAgent)
	for ; given != 0; given &= given - 1 {
		k := fact(bits.TrailingZeros64(given))
		n.mapFact(e, &factInfos[k], f[k])
	}
	if code, ok := atoi(f[factStatus]); ok {
		e.Str(event.ColHTTPStatusCategory, "http.status_code", statusCategory(code))
	}
}

func (n *entry) mapFact(e *event.Event, info *factInfo, v string) {
	switch info.column {
	case event.ColUnmapped:
		e.Unmap(info.name, v)
	case event.ColDstPort, event.ColSrcPort, event.ColHTTPStatus, event.ColBytesIn, event.ColBytesOut:
		i, ok := atoi(v)
		small := info.column != event.ColBytesIn && info.column != event.ColBytesOut
		if !ok || small && i > maxPort {
			e.Unmap(info.name, v)
			return
		}
		e.Int(info.column, info.name, i)
	default:
		e.Str(info.column, info.name, v)
	}
}

// atoi reads decimal digits that fit into 63 bits.
func atoi(s string) (v int64, ok bool) {
	if s == "" || len(s) > 18 {
		return 0, false
	}
	for i := range len(s) {
		d := s[i] - '0'
		if d > 9 {
			return 0, false
		}
		v = v*10 + int64(d)
	}
	return v, true
}

func statusCategory(code int64) string {
	switch code / 100 {
	case 1:
		return "Informational"
	case 2:
		return "Successful"
	case 3:
		return "Redirection"
	case 4:
		return "Client Error"
	case 5:
		return "Server Error"
	}
	return ""
}
