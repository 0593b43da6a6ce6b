package generic

import (
	"strconv"
	"unicode/utf8"

	"kiroku/internal/decode/syslogline"
	"kiroku/internal/event"
	"kiroku/internal/source"
)

// Source takes every record that no other source takes. It stands last in the list of sources.
var Source = source.Source{
	Name:      event.Generic,
	Recognise: func(*event.Record) bool { return true },
	Map:       Map,
	Fields: []source.Field{
		{Name: "user", Column: event.ColActorUserName},
		{Name: "username", Column: event.ColActorUserName},
		{Name: "groups", Column: event.ColActorUserGroups},
		{Name: "roles", Column: event.ColActorUserGroups},
		{Name: "src", Column: event.ColSrcIP},
		{Name: "client_ip", Column: event.ColSrcIP},
		{Name: "source_ip", Column: event.ColSrcIP},
		{Name: "dst", Column: event.ColDstIP},
		{Name: "destination_ip", Column: event.ColDstIP},
		{Name: "host", Column: event.ColDeviceHost},
		{Name: "hostname", Column: event.ColDeviceHost},
		{Name: "app", Column: event.ColAppName},
		{Name: "program", Column: event.ColLogProvider},
		{Name: "level", Column: event.ColLogLevel},
		{Name: "severity", Column: event.ColLogLevel},
		{Name: "msg", Column: event.ColMessage},
		{Name: "event_id", Column: event.ColEventCode},
		{Name: "method", Column: event.ColHTTPMethod},
		{Name: "url", Column: event.ColHTTPURL},
		{Name: "status", Column: event.ColStatusCode},
	},
}

// Limits on what one record may add to its row.
const (
	maxLeaves = 1000
	maxKey    = 1024 // bytes of a dotted name
)

// Map fills e from rec. It never returns an error.
func Map(rec *event.Record, e *event.Event) error {
	m := mapper{rec: rec, e: e}
	m.line.Parse(rec.Data)
	m.header()
	m.body(m.line.Body)
	m.finish()
	return nil
}

// mapper is the mapping of one record.
type mapper struct {
	rec     *event.Record
	e       *event.Event
	line    syslogline.Line
	clock   clock
	leaves  int
	leftOut int
	// ownHost says that the device's name is the body's word, which weighs more than the header's.
	ownHost bool
}

// leaf is one value of the body. Key and value point into the record or into memory that stays, unless the flags say
// that they are to be copied.
type leaf struct {
	key, value         []byte
	copyKey, copyValue bool
	table              aliases // looked up before the common table; may be nil
}

// header takes what the syslog header says.
func (m *mapper) header() {
	l, e := &m.line, m.e
	e.Str(event.ColDeviceHost, "syslog host", m.text(l.Host))
	e.Str(event.ColLogProvider, "syslog app", m.text(l.App))
	e.Unmap("syslog.procid", m.text(l.ProcID))
	if l.HasPRI {
		e.Unmap("syslog.facility", facilities[l.Facility])
	}
	m.params("sd.", l.Data)
	l.EachRelay(m.rec.Data, func(relay *syslogline.Line) {
		e.Unmap("syslog.relay", m.text(relay.Host))
		e.Unmap("syslog.relay.time", m.text(relay.Stamp.Text))
		e.Unmap("syslog.relay.app", m.text(relay.App))
		e.Unmap("syslog.relay.procid", m.text(relay.ProcID))
		e.Unmap("syslog.relay.msgid", m.text(relay.MsgID))
		m.params("syslog.relay.sd.", relay.Data)
	})
}

// params keeps structured data.
func (m *mapper) params(prefix string, data []byte) {
	syslogline.EachParam(data, nil, func(id, name, value []byte) bool {
		if m.room(len(id) + len(name)) {
			key := make([]byte, 0, len(prefix)+len(".")+len(id)+len(name))
			key = append(append(append(append(key, prefix...), id...), '.'), name...)
			m.e.Unmap(event.Bytes(key), m.keep(value))
		}
		return true
	})
}

// room counts a leaf; false when it is to be left out.
func (m *mapper) room(keySize int) bool {
	if m.leaves == maxLeaves || keySize > maxKey {
		m.leftOut++
		return false
	}
	m.leaves++
	return true
}

// add maps one leaf: to its column, else to unmapped.
func (m *mapper) add(l leaf) {
	if !m.room(len(l.key)) || len(l.value) == 0 {
		return
	}
	to, known := lookup(l.table, l.key)
	if !known {
		to, known = lookupElement(l.key)
	}
	key, value := m.own(l.key, l.copyKey), m.own(l.value, l.copyValue)
	if !known || !m.take(to, key, value) {
		m.e.Unmap(key, value)
	}
}

// own returns b as text that is valid as long as the row.
func (m *mapper) own(b []byte, copyIt bool) string {
	if copyIt {
		return m.keep(b)
	}
	return m.text(b)
}

// text views b as a string; what is not UTF-8 becomes U+FFFD.
func (m *mapper) text(b []byte) string {
	if utf8.Valid(b) {
		return event.Bytes(b)
	}
	return m.keep(b)
}

// keep copies b into the row, as UTF-8.
func (m *mapper) keep(b []byte) string {
	if utf8.Valid(b) {
		return m.e.Keep(b)
	}
	valid := make([]byte, 0, len(b)+len(b)/2)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		valid = utf8.AppendRune(valid, r)
		b = b[n:]
	}
	return event.Bytes(valid)
}

// finish sets what every row has.
func (m *mapper) finish() {
	e := m.e
	m.clock.finish(m)
	if e.Has(event.ColEventCode) {
		e.Unmap("syslog.msgid", m.text(m.line.MsgID)) // the body's own code weighs more
	} else {
		e.Str(event.ColEventCode, "syslog msgid", m.text(m.line.MsgID))
	}
	if !e.Has(event.ColMessage) {
		e.Str(event.ColMessage, "body", m.text(m.line.Body))
	}
	if !e.Has(event.ColMessage) {
		e.Str(event.ColMessage, "record", m.text(m.rec.Data)) // a header is all there is
	}
	if !e.Has(event.ColSeverityID) {
		e.Int(event.ColSeverityID, "", event.SeverityUnknown)
		if m.line.HasPRI {
			e.Int(event.ColSeverityID, "syslog severity", syslogSeverity[m.line.Severity])
			e.Str(event.ColLogLevel, "syslog severity", syslogLevel[m.line.Severity])
		}
	}
	m.httpStatus()
	activity := 0
	if e.Has(event.ColActivityName) {
		activity = 99
	}
	e.Class(event.ClassBaseEvent, activity)
	if m.leftOut > 0 {
		e.Unmap("_leaves_left_out", strconv.Itoa(m.leftOut))
	}
}

// httpStatus takes a bare "status" of a web request as what it is.
func (m *mapper) httpStatus() {
	e := m.e
	if e.Has(event.ColHTTPStatus) || !e.Has(event.ColHTTPMethod) && !e.Has(event.ColHTTPURL) {
		return
	}
	if n, err := strconv.Atoi(e.GetStr(event.ColStatusCode)); err == nil && n >= 100 && n < 600 {
		e.Int(event.ColHTTPStatus, "status", int64(n))
		e.Clear(event.ColStatusCode)
	}
}

// facilities are the keywords of RFC 5424 table 1.
var facilities = [24]string{
	"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp", "audit",
	"alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
}
