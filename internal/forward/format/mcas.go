package format

import (
	"strings"

	"kiroku/internal/event"
)

// The constants by which receivers know the original.
const (
	mcasVendor  = "MCAS"
	mcasProduct = "SIEM_Agent"
	alertPrefix = "ALERT_"
	eventPrefix = "EVENT_CATEGORY_"
	ipv6Name    = "Device IPv6 Address"
	ipv6Label   = `"` + ipv6Name + `"`
)

// mcas collects the line of the original: of its own events the line as it came, of all others in the form of its version
// 0.207, with all keys, also without values.
func (l *lineForm) mcas(ev *event.Event) {
	original := isDefender(ev)
	if original && l.original(ev) {
		return
	}
	alert := ev.GetInt(event.ColCategoryUID) == findings
	class, name := mcasClass(ev)
	l.head = [headFields]string{mcasVendor, mcasProduct, l.options.Version, class, name, "0"}
	if alert {
		l.head[hSeverity] = severity(ev)
	}
	if original = original && ev.Has(event.ColProductVersion); original { // a line, of which raw_data was not read
		l.head[hVersion] = ev.GetStr(event.ColProductVersion)
		l.head[hSeverity] = ev.GetStr(event.ColLogLevel)
	}
	at := l.millis(ev)
	l.add("externalId", UID(ev))
	l.add("rt", at)
	l.add("start", at)
	l.add("end", at)
	l.add("msg", message(ev, name))
	l.add("suser", account(ev))
	l.add("destinationServiceName", serviceName(ev))
	v4, v6 := addresses(ev.GetStr(event.ColSrcIP))
	if alert {
		l.add("src", v4)
		risk := ""
		if ev.Has(event.ColRiskScore) {
			risk = l.decimal(ev.GetInt(event.ColRiskScore))
		}
		l.labelled("cn1", "cn1Label", "riskScore", risk)
	} else {
		l.add("dvc", v4)
		l.add("requestClientApplication", l.userAgent(ev, original))
	}
	l.labelled("cs1", "cs1Label", "portalURL", link(ev))
	l.labelled("cs2", "cs2Label", "uniqueServiceAppIds", l.appID(ev))
	targets, policies := unmapped(ev, "targetObjects"), unmapped(ev, "policyIDs")
	if !original {
		targets, policies = firstOf(targets, l.targets(ev)), firstOf(policies, ev.GetStr(event.ColPolicyName))
	}
	if alert {
		l.labelled("cs3", "cs3Label", "relatedAudits", firstOf(unmapped(ev, "relatedAudits"), ev.GetStr(event.ColCorrelationUID)))
	} else {
		l.labelled("cs3", "cs3Label", "targetObjects", targets)
	}
	l.labelled("cs4", "cs4Label", "policyIDs", policies)
	l.labelled("c6a1", "c6a1Label", ipv6Label, firstOf(v6, unmapped(ev, ipv6Name)))
}

// account is the actor; in rows of CloudAppEvents the name is one that people read, the original has the account.
func account(ev *event.Event) string {
	if isDefender(ev) {
		return firstOf(ev.GetStr(event.ColActorUserEmail), actor(ev))
	}
	return actor(ev)
}

// userAgent is the user agent; the original writes the id of the machine behind it.
func (l *lineForm) userAgent(ev *event.Event, original bool) string {
	agent, machine := ev.GetStr(event.ColUserAgent), ev.GetStr(event.ColSrcUID)
	if !original || machine == "" {
		return agent
	}
	from := len(l.buf)
	l.buf = append(l.buf, agent...)
	if agent != "" {
		l.buf = append(l.buf, ' ')
	}
	l.buf = append(append(l.buf, "machine_id_"...), machine...)
	return l.kept(from)
}

func unmapped(ev *event.Event, key string) string {
	v, _ := ev.Unmapped1(key)
	return v
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// findings is OCSF's category of alerts.
const findings = 2

// severity is severity_id on CEF's scale from 0 to 10.
func severity(ev *event.Event) string {
	switch ev.GetInt(event.ColSeverityID) {
	case event.SeverityInformational:
		return "1"
	case event.SeverityLow:
		return "3"
	case event.SeverityMedium:
		return "6"
	case event.SeverityHigh:
		return "8"
	case event.SeverityCritical, event.SeverityFatal:
		return "10"
	}
	return "0"
}

// message says what happened, in whatever words the event has: of a record that could not be mapped, the record.
func message(ev *event.Event, name string) string {
	text := firstOf(ev.GetStr(event.ColMessage), ev.GetStr(event.ColFindingTitle), ev.GetStr(event.ColStatusDetail))
	if text == "" && ev.GetInt(event.ColClassUID) == event.ClassBaseEvent {
		text = ev.GetStr(event.ColRawData)
	}
	return firstOf(text, name)
}

func actor(ev *event.Event) string {
	return firstOf(ev.GetStr(event.ColActorUserName), ev.GetStr(event.ColActorUserEmail), ev.GetStr(event.ColActorUserUID), ev.GetStr(event.ColActorAppName))
}

func serviceName(ev *event.Event) string {
	return firstOf(ev.GetStr(event.ColAppName), ev.GetStr(event.ColDstSvcName), ev.GetStr(event.ColAPIService), ev.GetStr(event.ColProductName), ev.GetStr(event.ColSource))
}

// addresses says of which version an address is: the keys of CEF differ.
func addresses(ip string) (v4, v6 string) {
	if strings.IndexByte(ip, ':') >= 0 {
		return "", ip
	}
	return ip, ""
}

// link is where the original shows the event.
func link(ev *event.Event) string { return unmapped(ev, "portalURL") }

// appID names the application as the original does; where the event names none, its source.
func (l *lineForm) appID(ev *event.Event) string {
	from := len(l.buf)
	l.buf = append(l.buf, "APPID_"...)
	if id := ev.GetStr(event.ColAppUID); id != "" {
		if id[0]-'0' > 9 {
			return id
		}
		l.buf = append(l.buf, id...) // CloudAppEvents has the number alone
		return l.kept(from)
	}
	for _, c := range []byte(ev.GetStr(event.ColSource)) {
		switch {
		case c >= 'a' && c <= 'z':
			c -= 'a' - 'A'
		case c == '-':
			c = '_'
		}
		l.buf = append(l.buf, c)
	}
	return l.kept(from)
}

// targets lists what was acted upon, separated by commas.
func (l *lineForm) targets(ev *event.Event) string {
	from := len(l.buf)
	for _, c := range [...]event.Column{event.ColResourceName, event.ColEntityName, event.ColGroupName, event.ColUserName} {
		l.listed(from, ev.GetStr(c))
	}
	for _, uid := range ev.GetList(event.ColResourceUids) {
		l.listed(from, uid)
	}
	return l.kept(from)
}

func (l *lineForm) listed(from int, text string) {
	if text == "" {
		return
	}
	if len(l.buf) > from {
		l.buf = append(l.buf, ',')
	}
	l.buf = append(l.buf, text...)
}
