package format

import (
	"kiroku/internal/event"
)

// product is vendor and product of the formats that speak for ourselves.
const product = "Kiroku"

// cef collects a line of our own: the keys of the original, and those that CEF has for the rest. Keys without a value
// are left out.
func (l *lineForm) cef(ev *event.Event) {
	name := l.name(ev)
	l.head = [headFields]string{product, product, l.options.Version, l.eventID(ev), name, severity(ev)}
	at := l.millis(ev)
	l.add("externalId", UID(ev))
	l.add("rt", at)
	l.add("start", at)
	l.add("end", at)
	l.some("msg", message(ev, name))
	l.some("suser", actor(ev))
	l.some("suid", ev.GetStr(event.ColActorUserUID))
	l.some("duser", ev.GetStr(event.ColUserName))
	l.some("duid", ev.GetStr(event.ColUserUID))
	l.some("destinationServiceName", serviceName(ev))
	src4, src6 := addresses(ev.GetStr(event.ColSrcIP))
	dst4, dst6 := addresses(ev.GetStr(event.ColDstIP))
	l.some("src", src4)
	l.some("shost", ev.GetStr(event.ColSrcHost))
	l.number("spt", ev, event.ColSrcPort)
	l.some("dst", dst4)
	l.some("dhost", ev.GetStr(event.ColDstHost))
	l.number("dpt", ev, event.ColDstPort)
	l.some("dvchost", ev.GetStr(event.ColDeviceHost))
	l.some("requestClientApplication", ev.GetStr(event.ColUserAgent))
	l.some("request", ev.GetStr(event.ColHTTPURL))
	l.some("requestMethod", ev.GetStr(event.ColHTTPMethod))
	l.some("act", ownName(ev))
	l.some("outcome", outcome(ev))
	l.some("reason", firstOf(ev.GetStr(event.ColStatusDetail), ev.GetStr(event.ColAPIErrorMessage), ev.GetStr(event.ColParseError)))
	l.add("cat", className(int(ev.GetInt(event.ColClassUID))))
	l.number("in", ev, event.ColBytesIn)
	l.number("out", ev, event.ColBytesOut)
	if ev.Has(event.ColRiskScore) {
		l.labelled("cn1", "cn1Label", "riskScore", l.decimal(ev.GetInt(event.ColRiskScore)))
	}
	l.someLabelled("cs1", "cs1Label", "portalURL", link(ev))
	l.someLabelled("cs2", "cs2Label", "uniqueServiceAppIds", ev.GetStr(event.ColAppUID))
	l.someLabelled("cs3", "cs3Label", "targetObjects", firstOf(unmapped(ev, "targetObjects"), l.targets(ev)))
	l.someLabelled("cs4", "cs4Label", "policyIDs", firstOf(unmapped(ev, "policyIDs"), ev.GetStr(event.ColPolicyName)))
	l.someLabelled("cs5", "cs5Label", "source", ev.GetStr(event.ColSource))
	l.someLabelled("cs6", "cs6Label", "sessionUID", ev.GetStr(event.ColActorSessionUID))
	l.someLabelled("c6a2", "c6a2Label", "Source IPv6 Address", src6)
	l.someLabelled("c6a3", "c6a3Label", "Destination IPv6 Address", dst6)
}

func (l *lineForm) someLabelled(key, label, name, value string) {
	if value != "" {
		l.labelled(key, label, name, value)
	}
}

// eventID tells kinds of events apart: the source's own code, else type_uid.
func (l *lineForm) eventID(ev *event.Event) string {
	if code := ev.GetStr(event.ColEventCode); code != "" {
		return code
	}
	return l.decimal(ev.GetInt(event.ColTypeUID))
}

// name says in a few words what happened.
func (l *lineForm) name(ev *event.Event) string {
	return firstOf(ev.GetStr(event.ColFindingTitle), ownName(ev), className(int(ev.GetInt(event.ColClassUID))))
}

// outcome is the word of the outcome column, else that of status_id.
func outcome(ev *event.Event) string {
	if o := ev.GetStr(event.ColOutcome); o != "" {
		return o
	}
	switch ev.GetInt(event.ColStatusID) {
	case event.StatusSuccess:
		return event.OutcomeSuccess
	case event.StatusFailure:
		return event.OutcomeFailure
	}
	return ""
}
