package format

import (
	"unicode/utf8"

	"kiroku/internal/event"
)

// leefSyntax is LEEF 2.0 with the tab between attributes.
var leefSyntax = syntax{
	head: func(dst []byte, l *lineForm) []byte {
		dst = append(dst, "LEEF:2.0|"...)
		for _, h := range l.head[:hName] {
			dst = appendLEEF(dst, h, '|')
			dst = append(dst, '|')
		}
		return append(dst, "x09|"...)
	},
	separator: '\t',
	value:     appendLEEFValue,
	cutOrder:  []string{"targetObjects", "msg", "userAgent", "url", "reason"},
}

// appendLEEFValue writes a value. LEEF has no escapes: what would end the value becomes a blank.
func appendLEEFValue(dst []byte, s string) []byte { return appendLEEF(dst, s, '\t') }

// appendLEEF writes s with blanks for line breaks and for the delimiter; in the header for all control characters but TAB.
func appendLEEF(dst []byte, s string, delimiter byte) []byte {
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				dst = append(append(dst, s[start:i]...), replacement...)
				start = i + 1
			}
			i += n
			continue
		}
		if c == delimiter || c == '\n' || c == '\r' || c < ' ' && delimiter == '|' && c != '\t' {
			dst = append(append(dst, s[start:i]...), ' ')
			start = i + 1
		} else if c == 0 {
			dst = append(append(dst, s[start:i]...), replacement...)
			start = i + 1
		}
		i++
	}
	return append(dst, s[start:]...)
}

// leef collects a line of LEEF: its own attributes first, ours under names that say what they are.
func (l *lineForm) leef(ev *event.Event) {
	l.head = [headFields]string{product, product, l.options.Version, l.eventID(ev)}
	name := l.name(ev)
	l.add("devTime", l.millis(ev))
	l.add("cat", className(int(ev.GetInt(event.ColClassUID))))
	l.add("sev", leefSeverity(ev))
	l.add("externalId", UID(ev))
	l.some("name", name)
	l.some("usrName", actor(ev))
	l.some("src", ev.GetStr(event.ColSrcIP))
	l.number("srcPort", ev, event.ColSrcPort)
	l.some("srcHost", ev.GetStr(event.ColSrcHost))
	l.some("dst", ev.GetStr(event.ColDstIP))
	l.number("dstPort", ev, event.ColDstPort)
	l.some("dstHost", ev.GetStr(event.ColDstHost))
	l.number("srcBytes", ev, event.ColBytesIn)
	l.number("dstBytes", ev, event.ColBytesOut)
	l.some("identHostName", ev.GetStr(event.ColDeviceHost))
	l.some("accountName", ev.GetStr(event.ColUserName))
	l.some("groupName", ev.GetStr(event.ColGroupName))
	l.some("realm", ev.GetStr(event.ColActorUserDomain))
	l.some("application", serviceName(ev))
	l.some("policy", ev.GetStr(event.ColPolicyName))
	l.some("action", ownName(ev))
	l.some("outcome", outcome(ev))
	l.some("reason", firstOf(ev.GetStr(event.ColStatusDetail), ev.GetStr(event.ColAPIErrorMessage), ev.GetStr(event.ColParseError)))
	l.some("url", ev.GetStr(event.ColHTTPURL))
	l.some("method", ev.GetStr(event.ColHTTPMethod))
	l.some("userAgent", ev.GetStr(event.ColUserAgent))
	l.number("riskScore", ev, event.ColRiskScore)
	l.some("portalURL", link(ev))
	l.some("uniqueServiceAppIds", ev.GetStr(event.ColAppUID))
	l.some("targetObjects", firstOf(unmapped(ev, "targetObjects"), l.targets(ev)))
	l.some("policyIDs", unmapped(ev, "policyIDs"))
	l.some("sessionUID", ev.GetStr(event.ColActorSessionUID))
	l.some("source", ev.GetStr(event.ColSource))
	l.some("msg", message(ev, name))
}

// leefSeverity is severity_id on LEEF's scale from 1 to 10.
func leefSeverity(ev *event.Event) string {
	if s := severity(ev); s != "0" {
		return s
	}
	return "1"
}
