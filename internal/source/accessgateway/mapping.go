package accessgateway

import (
	"net/netip"
	"strings"
	"time"

	"kiroku/internal/event"
)

const (
	productName   = "Access Gateway"
	productVendor = "Okta"
	unknownUser   = "unknown"
)

// The names of logs.
const (
	logAudit   = "audit"
	logMonitor = "monitor"
	logAccess  = "access"
	logService = "service"
	logAll     = "ics_all.log" // the file that holds changes of the log level
)

// mapLine fills e from rec. It never fails: text that is no line of the gateway becomes a Base Event with parse_error.
func mapLine(rec *event.Record, e *event.Event) error {
	l := Parse(rec.Data, rec.Received, rec.Location())
	m := mapper{e: e, l: l, received: rec.Received}
	if rec.Truncated && !l.noted("truncated") {
		l.note("truncated", "")
	}
	m.common()
	m.classify()
	m.subject()
	m.client()
	m.leftovers()
	return nil
}

// mapper maps one line.
type mapper struct {
	e        *event.Event
	l        *Line
	received time.Time
	used     uint64 // bit i: Data[i] stands in a column; pairs behind the 64th are always kept in unmapped
	usedText uint64 // the same of MessageFields
	noReason bool   // a status code of our own replaced REASON
}

// real is a value, or "" where the gateway writes that it has none.
func real(v string) string {
	if v = trim(v); v == "-" {
		return ""
	}
	return v
}

// safe is what may be shown of the value of key.
func safe(key, v string) string {
	if v = real(v); v != "" && secretKey(key) {
		return redacted
	}
	return redact(v)
}

// take returns the value of key for a column and marks it as mapped. An unknown value is "".
func (m *mapper) take(key string) string { return safe(key, m.mark(key)) }

// mark marks the pair of key as mapped and returns its value as it is.
func (m *mapper) mark(key string) string {
	for i := range m.l.Data {
		if m.l.Data[i].Key != key {
			continue
		}
		if i < 64 {
			m.used |= 1 << i
		}
		return m.l.Data[i].Value
	}
	return ""
}

// peek returns the value of key without marking it.
func (m *mapper) peek(key string) string { return safe(key, m.l.value(key)) }

// str maps the value of key to column c.
func (m *mapper) str(c event.Column, key string) { m.e.Str(c, key, m.take(key)) }

// takeField is take for the values that the message holds.
func (m *mapper) takeField(key string) string {
	for i := range m.l.MessageFields {
		if m.l.MessageFields[i].Key != key {
			continue
		}
		if i < 64 {
			m.usedText |= 1 << i
		}
		return safe(key, m.l.MessageFields[i].Value)
	}
	return ""
}

// common sets what every line has.
func (m *mapper) common() {
	e, l := m.e, m.l
	e.Str(event.ColProductName, "", productName)
	e.Str(event.ColProductVendor, "", productVendor)
	if l.Stamp.Valid {
		e.Time(event.ColTime, "TIMESTAMP", l.Stamp.Time)
		e.Int(event.ColTimezoneOffset, "TIMESTAMP", int64(l.Stamp.Offset/60))
	} else {
		e.Time(event.ColTime, "", m.received)
	}
	e.Str(event.ColOriginalTime, "TIMESTAMP", l.Stamp.Raw)
	e.Str(event.ColDeviceHost, "HOSTNAME", redact(real(l.Hostname.Value)))
	e.Str(event.ColLogProvider, "APPLICATION", redact(real(l.Application.Value)))
	e.Str(event.ColProductFeature, "SUB_PROCESS", redact(real(l.SubProcess.Value)))
	e.Str(event.ColLogLevel, "LOG_LEVEL", l.Level.Value)
	e.Str(event.ColEventCode, "EVENT", redact(l.Event.Value))
	e.Str(event.ColMessage, "MESSAGE", redact(l.Message))
	e.Str(event.ColLogName, "", l.logName())
	e.Str(event.ColMetadataUID, "", m.hash())
}

func (l *Line) logName() string {
	switch {
	case l.format == access:
		return logAccess
	case l.Application.Value == appMonitor:
		return logMonitor
	case l.format == columnar:
		return logAudit
	case l.SubProcess.Value == "WEB_CONSOLE" || l.SubProcess.Value == "ADMIN_CONSOLE":
		return logAudit
	}
	return logService
}

// class sets class, activity and severity. Name is the word for activity 99.
func (m *mapper) class(class, activity int, name string, severity int) {
	m.e.Class(class, activity)
	m.e.Int(event.ColSeverityID, "", int64(severity))
	if activity == 99 {
		m.e.Str(event.ColActivityName, "", name)
	}
}

func (m *mapper) severity(id int) { m.e.Int(event.ColSeverityID, "", int64(id)) }

// levelSeverity is the severity that the level stands for.
func (l *Line) levelSeverity() int {
	switch l.Level.Value {
	case "WARN", "ERROR":
		return event.SeverityMedium
	case "ALERT":
		return event.SeverityHigh
	case "FATAL":
		return event.SeverityCritical
	}
	return event.SeverityInformational
}

// outcomeOf reads a result word: success, failure, denied, or "" for one that says neither.
func outcomeOf(word string) string {
	switch strings.ToUpper(word) {
	case "PASS", "ALLOW", "VALID", "PASSED", "SUCCESS":
		return event.OutcomeSuccess
	case "FAIL", "INVALID", "FAILED", "FAILURE":
		return event.OutcomeFailure
	case "DENY":
		return event.OutcomeDenied
	}
	return ""
}

// outcome sets status and outcome; "" is unknown.
func (m *mapper) outcome(from, outcome string) {
	status := event.StatusFailure
	switch outcome {
	case "":
		status = event.StatusUnknown
	case event.OutcomeSuccess:
		status = event.StatusSuccess
	}
	m.e.Int(event.ColStatusID, from, int64(status))
	m.e.Str(event.ColOutcome, from, outcome)
}

// success sets a status that the text tells.
func (m *mapper) success(ok bool) {
	if ok {
		m.outcome("MESSAGE", event.OutcomeSuccess)
	} else {
		m.outcome("MESSAGE", event.OutcomeFailure)
	}
}

// result sets the status from RESULT, whose own word stays in unmapped, and returns the outcome.
func (m *mapper) result() string {
	outcome := outcomeOf(m.peek("RESULT"))
	m.outcome("RESULT", outcome)
	return outcome
}

// statusCode replaces REASON as the status code.
func (m *mapper) statusCode(code string) {
	m.e.Str(event.ColStatusCode, "MESSAGE", code)
	m.noReason = true
	if m.peek("REASON") == code {
		m.mark("REASON")
	}
}

// subject maps the actor, the session and what REASON says.
func (m *mapper) subject() {
	e := m.e
	for _, key := range [...]string{"SUBJECT", "USERNAME", "USER"} {
		if e.Has(event.ColActorUserName) {
			break
		}
		m.str(event.ColActorUserName, key)
	}
	if name := e.GetStr(event.ColActorUserName); strings.IndexByte(name, '@') > 0 {
		e.Str(event.ColActorUserEmail, "SUBJECT", name)
	}
	class := e.GetInt(event.ColClassUID)
	if class == event.ClassAuthentication || class == event.ClassAccountChange {
		if !e.Has(event.ColUserName) {
			if name := e.GetStr(event.ColActorUserName); name != "" {
				e.Str(event.ColUserName, "SUBJECT", name)
			} else {
				e.Str(event.ColUserName, "", unknownUser)
			}
		}
	}
	m.str(event.ColActorSessionUID, "SESSION_ID")
	if m.peek("SESSION_AUTH") != "" {
		m.str(event.ColActorSessionUIDAlt, "SESSION_AUTH")
	}
	m.reason()
	if e.GetInt(event.ColStatusID) != event.StatusUnknown && !e.Has(event.ColStatusDetail) {
		e.Str(event.ColStatusDetail, "MESSAGE", e.GetStr(event.ColMessage))
	}
}

// reason maps REASON: a code, or the rule of a policy and the session's data.
func (m *mapper) reason() {
	e, l := m.e, m.l
	if !l.HasReason {
		if !m.noReason {
			m.str(event.ColStatusCode, "REASON")
		}
		return
	}
	m.mark("REASON")
	rule := redact(l.ReasonRule)
	e.Str(event.ColPolicyDesc, "REASON", rule)
	if rule != "N/A" && !m.noReason {
		e.Str(event.ColStatusCode, "REASON", rule)
	}
}

// client maps the client's address and program.
func (m *mapper) client() {
	e := m.e
	m.str(event.ColUserAgent, "USER_AGENT")
	for _, key := range [...]string{"REMOTE_IP", "REMOTE_ID"} {
		if !e.Has(event.ColSrcIP) {
			m.address(key)
		}
	}
	for i := range m.l.ReasonFields {
		m.reasonField(&m.l.ReasonFields[i])
	}
	m.repeats("reason_repeats.", m.l.ReasonRepeats, redactPair)
}

// address maps the first address of key's list to src_ip; the others are those of proxies.
func (m *mapper) address(key string) {
	first, rest, _ := strings.Cut(m.peek(key), ",")
	ip, ok := parseIP(trim(first))
	if !ok {
		return
	}
	m.mark(key)
	m.e.Str(event.ColSrcIP, key, ip)
	m.e.Unmap("intermediate_ips", trim(rest))
}

// parseIP returns s when it is an address, without the port and the brackets it may have.
func parseIP(s string) (string, bool) {
	if s == "" {
		return "", false
	}
	if _, err := netip.ParseAddr(s); err == nil {
		return s, true
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().String(), true
	}
	return "", false
}

// reasonField maps one value of the session's data; what the line says elsewhere too is left out.
func (m *mapper) reasonField(p *Pair) {
	e := m.e
	v := redactPair(*p)
	switch p.Key {
	case "RemoteIP":
		first, rest, _ := strings.Cut(v, ",")
		ip, ok := parseIP(trim(first))
		if ok && !e.Has(event.ColSrcIP) {
			e.Str(event.ColSrcIP, "REASON.RemoteIP", ip)
			e.Unmap("intermediate_ips", trim(rest))
			return
		}
		if ok && rest == "" && ip == e.GetStr(event.ColSrcIP) {
			return
		}
	case "SESSIONID":
		if !e.Has(event.ColActorSessionUID) {
			e.Str(event.ColActorSessionUID, "REASON.SESSIONID", v)
		}
		if v == e.GetStr(event.ColActorSessionUID) {
			return
		}
	case "USER_AGENT":
		if !e.Has(event.ColUserAgent) {
			e.Str(event.ColUserAgent, "REASON.USER_AGENT", v)
		}
		if v == e.GetStr(event.ColUserAgent) {
			return
		}
	case "Groups":
		for g := range strings.SplitSeq(v, ":") {
			e.Add(event.ColActorUserGroups, "REASON.Groups", trim(g))
		}
		return
	}
	m.unmap("reason.", p.Key, v)
}
