package wire

import (
	"cmp"
	"fmt"
	"strings"
)

// DefaultPriority is the PRI of headers: facility 13, severity 5.
const DefaultPriority = 109

// Limits of headers.
const (
	maxHostLength = 255 // of a name
	maxPriority   = 191 // RFC 5424 section 6.2.1
)

// NormalHeader checks a header against a format and fills in defaults.
func NormalHeader(f Format, h Header) (Header, error) {
	forms := []HeaderForm{HeaderMCAS5424, HeaderRFC3164, HeaderRFC3164Year, HeaderRFC5424, HeaderNone}
	switch f {
	case CEFMCAS, CEF, LEEF:
		h.Form = cmp.Or(h.Form, HeaderMCAS5424)
	case JSON, OCSFJSON:
		h.Form = cmp.Or(h.Form, HeaderNone)
	case RFC5424JSON:
		h.Form = cmp.Or(h.Form, HeaderRFC5424)
		if h.Form != HeaderRFC5424 {
			return h, fmt.Errorf("header.form (--header) is %q, and the format rfc5424-json has the header of RFC 5424: leave header.form out, or take the format json", h.Form)
		}
	default:
		return h, fmt.Errorf("format is %q; write one of: cef-mcas, cef, leef, rfc5424-json, ocsf-json, json", f)
	}
	known := false
	for _, form := range forms {
		known = known || h.Form == form
	}
	switch {
	case !known:
		return h, fmt.Errorf("header.form (--header) is %q; write one of: mcas5424, rfc3164, rfc3164-year, rfc5424, none", h.Form)
	case h.Priority < 0 || h.Priority > maxPriority:
		return h, fmt.Errorf("header.priority (--priority) is %d; write 1 to %d: facility * 8 + severity", h.Priority, maxPriority)
	case h.NoPRI && h.Form == HeaderRFC5424:
		return h, fmt.Errorf("header.no_pri (--no-pri) is set, and RFC 5424 has no header without PRI: take the form mcas5424, or leave no_pri out")
	case len(h.Host) > maxHostLength:
		return h, fmt.Errorf("header.host (--header-host) has %d characters; at most %d are possible", len(h.Host), maxHostLength)
	case strings.ContainsFunc(h.Host, func(r rune) bool { return r <= ' ' || r >= 0x7F }):
		return h, fmt.Errorf("header.host (--header-host) is %q; write a name of printable ASCII characters without blanks", h.Host)
	}
	if h.Form != HeaderNone && !h.NoPRI {
		h.Priority = cmp.Or(h.Priority, DefaultPriority)
	}
	return h, nil
}
