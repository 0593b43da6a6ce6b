package defender

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/source"
)

// findingCreate is the activity of a finding that is new.
const findingCreate = 1

// mapLine maps the line that was parsed.
func (m *mapper) mapLine() {
	e, l := m.e, &m.line
	class, name := m.head(HeadClass), m.head(HeadName)
	e.Str(event.ColEventCode, "class", class)
	e.Str(event.ColProductVersion, "version", m.head(HeadAgent))
	level := m.head(HeadSeverity)
	e.Str(event.ColLogLevel, "severity", level)
	id, ok := severity(l.Head[HeadSeverity])
	if !ok {
		id = event.SeverityUnknown
	}
	e.Int(event.ColSeverityID, "severity", id)
	if category, is := strings.CutPrefix(class, activityPrefix); is || !strings.HasPrefix(class, alertPrefix) {
		k := kindOfActivity(category, strings.TrimSuffix(name, impersonated))
		m.named(k, "name", name)
		if k.activity != other {
			e.Unmap("name", name)
		}
		if k.class == event.ClassAuthentication {
			m.status("class", event.StatusSuccess, event.OutcomeSuccess)
		}
		if k.failed {
			m.status("class", event.StatusFailure, event.OutcomeFailure)
		}
	} else {
		e.Class(event.ClassDetectionFinding, findingCreate)
		e.Str(event.ColFindingTitle, "name", name)
		e.Str(event.ColPolicyName, "name", name)
	}
	m.mapKeys()
	m.lineTime()
	m.mapMessage(name)
	m.around()
}

// head is a field of the header as a text that stays valid with the event.
func (m *mapper) head(i int) string {
	v, scratch := m.line.HeadText(i, m.text[:0])
	m.text = scratch
	return m.stays(v, m.line.Head[i])
}

// stays keeps a text that was unescaped.
func (m *mapper) stays(v, raw []byte) string {
	if bytes.IndexByte(raw, '\\') >= 0 {
		return m.e.Keep(v)
	}
	return event.Bytes(v)
}

func (m *mapper) value(f *Field) string {
	v, scratch := f.Value(m.text[:0])
	m.text = scratch
	return m.stays(v, f.Raw)
}

// mapKeys maps the keys of the extension; what has no column goes to unmapped, under its label where it has one.
func (m *mapper) mapKeys() {
	e, l := m.e, &m.line
	for i := range l.Fields {
		f := &l.Fields[i]
		value := m.value(f)
		switch f.id {
		case keyExternalID:
			e.Str(event.ColMetadataUID, "externalId", value)
			if e.GetInt(event.ColClassUID) == event.ClassDetectionFinding {
				e.Str(event.ColFindingUID, "externalId", value)
			}
		case keyRT, keyStart, keyEnd:
			// lineTime maps them.
		case keyMsg:
			e.Str(event.ColMessage, "msg", value)
		case keySuser:
			m.user("suser", value)
		case keyService:
			m.service("destinationServiceName", value)
		case keyAgent:
			m.agent("requestClientApplication", value)
		case keyDvc, keySrc:
			// CEF means by dvc who reports; agents write the client there.
			if !m.address(event.Bytes(f.Key), value) {
				m.keep(f.Key, value)
			}
		default:
			m.mapCustom(f, value)
		}
	}
}

// mapCustom maps a custom field by its label.
func (m *mapper) mapCustom(f *Field, value string) {
	if bytes.HasSuffix(f.Key, []byte(labelSuffix)) && len(f.Key) > len(labelSuffix) {
		if m.line.has(f.Key[:len(f.Key)-len(labelSuffix)]) {
			return // it is the name of that value
		}
		m.keep(f.Key, value)
		return
	}
	label := m.line.label(f)
	switch string(label) {
	case "riskScore":
		if !decimal(value) || len(value) > 1 && value[0] == '0' {
			break
		}
		if n, err := strconv.ParseInt(value, 10, 32); err == nil {
			m.e.Int(event.ColRiskScore, "riskScore", n)
			return
		}
	case "uniqueServiceAppIds":
		m.e.Str(event.ColAppUID, "uniqueServiceAppIds", value)
		return
	case "Device IPv6 Address":
		if m.address("c6a1", value) {
			return
		}
	case "relatedAudits":
		if strings.IndexByte(value, ',') < 0 {
			m.e.Str(event.ColCorrelationUID, "relatedAudits", value)
		}
	case "":
		label = f.Key
		if f.id == keyC6a1 && m.address("c6a1", value) {
			return
		}
	}
	m.keep(label, value)
}

// maxCustom bounds the search for labels in a hostile line.
const maxCustom = 64

func (l *Line) has(key []byte) bool {
	for i := range l.Fields[:min(len(l.Fields), maxCustom)] {
		if bytes.Equal(l.Fields[i].Key, key) {
			return true
		}
	}
	return false
}

// label is what the label of a custom field says, without quotes.
func (l *Line) label(f *Field) []byte {
	for i := range l.Fields[:min(len(l.Fields), maxCustom)] {
		k := l.Fields[i].Key
		if len(k) == len(f.Key)+len(labelSuffix) && string(k[len(f.Key):]) == labelSuffix && bytes.HasPrefix(k, f.Key) {
			return Unquote(l.Fields[i].Raw)
		}
	}
	return nil
}

// lineTime takes the time of the event: rt, else start, else end, else that of the header. The others stay in unmapped
// when they say something else: up to 0.102 start was the time of arrival at the service.
func (m *mapper) lineTime() {
	e, l := m.e, &m.line
	taken := ""
	var odd struct { // the first time that is not plausible
		name, text string
		at         time.Time
	}
	for i := range l.Fields {
		f := &l.Fields[i]
		if f.id != keyRT && f.id != keyStart && f.id != keyEnd {
			continue
		}
		value := m.value(f)
		if value == taken {
			continue
		}
		if taken == "" {
			t, ok := m.when(value)
			if ok && source.Plausible(t, m.rec.Received) {
				taken = value
				e.Time(event.ColTime, event.Bytes(f.Key), t)
				e.Str(event.ColOriginalTime, event.Bytes(f.Key), value)
				continue
			}
			if ok && odd.name == "" {
				odd.name, odd.text, odd.at = event.Bytes(f.Key), value, t
			}
		}
		m.keep(f.Key, value)
	}
	if taken != "" {
		return
	}
	t, ok := l.Stamp.Time(m.rec.Received, m.rec.Location())
	switch {
	case ok && (odd.name == "" || source.Plausible(t, m.rec.Received)):
		e.Time(event.ColTime, "syslog time", t)
		e.Str(event.ColOriginalTime, "syslog time", event.Bytes(l.Stamp.Text))
	case odd.name != "":
		e.Time(event.ColTime, odd.name, odd.at)
		e.Str(event.ColOriginalTime, odd.name, odd.text)
	default:
		e.Time(event.ColTime, "received", m.rec.Received)
	}
}

// around keeps what stands around the message.
func (m *mapper) around() {
	l := &m.line
	m.e.Unmap("agent_host", event.Bytes(l.Host))
	m.e.Unmap("_text", event.Bytes(bytes.TrimSpace(l.Text)))
	m.e.Unmap("_prefix", event.Bytes(l.junk()))
	if v := m.head(HeadVersion); v != "0" {
		m.e.Unmap("cef_version", v)
	}
	if l.Ambiguous {
		m.e.Unmap("_ambiguous", "true")
	}
}

// junk is what stands between the header of syslog and the message.
func (l *Line) junk() []byte {
	rest := l.Before
	switch {
	case len(l.Host) > 0:
		rest = rest[bytes.LastIndex(rest, l.Host)+len(l.Host):]
	case l.Stamp.Given():
		rest = rest[bytes.LastIndex(rest, l.Stamp.Text)+len(l.Stamp.Text):]
	case l.PRI >= 0:
		rest = rest[bytes.IndexByte(rest, '>')+1:]
	}
	return bytes.TrimSpace(rest)
}

const failurePrefix = "(Failure message: "

// mapMessage reads what the text says beside its name: a failure and its reason, what was acted upon.
func (m *mapper) mapMessage(name string) {
	e := m.e
	text := e.GetStr(event.ColMessage)
	if at := strings.LastIndex(text, failurePrefix); at >= 0 {
		m.status("msg", event.StatusFailure, event.OutcomeFailure)
		e.Str(event.ColStatusDetail, "msg", strings.TrimSpace(parenthesised(text[at+len(failurePrefix):])))
		text = strings.TrimRight(text[:at], " ")
	}
	if !e.Has(event.ColMessage) {
		e.Str(event.ColMessage, "name", name)
		return
	}
	object, found := strings.CutPrefix(strings.TrimPrefix(text, strings.TrimSuffix(name, impersonated)), ": ")
	if !found {
		return
	}
	object, _, _ = strings.Cut(object, "; ")
	kind, target, found := strings.Cut(object, " ")
	switch {
	case found && kind == "user":
		e.Str(event.ColUserName, "msg", target)
	case found && kind == "group", found && kind == "role" && e.GetInt(event.ColClassUID) == event.ClassUserAccess:
		e.Str(event.ColGroupName, "msg", target)
	case found && (kind == "file" || kind == "folder" || kind == "task" || kind == "role"):
		e.Str(event.ColResourceName, "msg", target)
	default:
		e.Str(event.ColResourceName, "msg", object)
	}
}

// parenthesised is the text up to the parenthesis that closes the one in front of it.
func parenthesised(s string) string {
	open := 1
	for i := range len(s) {
		switch s[i] {
		case '(':
			open++
		case ')':
			if open--; open == 0 {
				return s[:i]
			}
		}
	}
	return s
}
