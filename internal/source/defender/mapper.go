package defender

import (
	"bytes"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"kiroku/internal/decode/jsonleaf"
	"kiroku/internal/decode/syslogline"
	"kiroku/internal/event"
	"kiroku/internal/source"
)

// mapper maps one record after the other.
type mapper struct {
	line  Line
	row   row
	unmap source.Unmapper
	text  []byte // what is put together

	e   *event.Event
	rec *event.Record
}

func newMapper() *mapper {
	m := &mapper{}
	m.row.walker = jsonleaf.Walker{MaxLeaves: math.MaxInt}
	m.row.onLeaf = m.leaf
	return m
}

func (m *mapper) record(rec *event.Record, e *event.Event) error {
	data := rec.Data
	if !utf8.Valid(data) {
		data = bytes.ToValidUTF8(data, []byte("\ufffd"))
	}
	m.e, m.rec = e, rec
	m.unmap.Start(e, len(data))
	defer m.forget()
	e.Str(event.ColProductVendor, "", "Microsoft")
	e.Str(event.ColProductName, "", "Defender for Cloud Apps")
	if b := bytes.TrimLeft(data, " \t\r\n"); len(b) > 0 && b[0] == '{' && Index(data) < 0 {
		return m.mapRow(b)
	}
	if err := m.line.Parse(data); err != nil {
		return err
	}
	m.mapLine()
	return nil
}

// forget lets go of the record.
func (m *mapper) forget() {
	m.e, m.rec = nil, nil
	m.unmap.End()
	m.line = Line{Fields: m.line.Fields[:0], splitter: splitter{spots: m.line.spots[:0], next: m.line.next}}
	m.row.values = [numNames]string{}
}

// keep keeps what has no column under a name that is a part of the record, or a constant.
func (m *mapper) keep(name []byte, value string) {
	if value != "" {
		m.unmap.Keep(name, true, value)
	}
}

// maxMillis is the end of the year 9999: what is more is no time.
const maxMillis = 253_402_300_799_999

// when is the time that a text says: milliseconds since 1970, or a date as CEF and RFC 3339 have it.
func (m *mapper) when(s string) (time.Time, bool) {
	if decimal(s) {
		n, err := strconv.ParseInt(s, 10, 64)
		t := time.UnixMilli(n)
		if len(s) == 10 {
			t = time.Unix(n, 0)
		}
		return t.UTC(), err == nil && n <= maxMillis
	}
	m.text = append(append(m.text[:0], s...), " CEF:"...)
	var l syslogline.Line
	l.Parse(m.text)
	if len(l.Stamp.Text) == 0 || len(l.Stamp.Text) < len(s)-len(" UTC") {
		return time.Time{}, false
	}
	return l.Stamp.Time(m.rec.Received, m.rec.Location())
}

// address sets the address of the client; false when it is none, or there is one already.
func (m *mapper) address(from, value string) bool {
	if m.e.Has(event.ColSrcIP) || !addressLike(value) {
		return false
	}
	if _, err := netip.ParseAddr(value); err != nil {
		return false
	}
	m.e.Str(event.ColSrcIP, from, value)
	return true
}

// addressLike spares most of what is no address the cost of an error.
func addressLike(s string) bool {
	dots := false
	for i := range len(s) {
		switch c := s[i]; {
		case c-'0' <= 9, c >= 'a' && c <= 'f', c >= 'A' && c <= 'F':
		case c == '.', c == ':':
			dots = true
		default:
			return false
		}
	}
	return dots
}

// machinePrefix begins what browsers that the portal knows have at the end of their user agent.
const machinePrefix = "machine_id_"

// agent sets the user agent, and the id of the machine that may stand at its end.
func (m *mapper) agent(from, value string) {
	at := strings.LastIndex(value, machinePrefix)
	if at >= 0 && (at == 0 || value[at-1] == ' ') && decimal(value[at+len(machinePrefix):]) {
		m.e.Str(event.ColSrcUID, from, value[at+len(machinePrefix):])
		value = strings.TrimRight(value[:at], " ")
	}
	m.e.Str(event.ColUserAgent, from, value)
}

func decimal(s string) bool {
	for i := range len(s) {
		if s[i]-'0' > 9 {
			return false
		}
	}
	return s != ""
}

const impersonated = " (impersonated)"

// named sets class and activity from the kind, and the name that the product gives the activity.
func (m *mapper) named(k kind, from, name string) {
	m.e.Class(k.class, k.activity)
	if k.activity == other {
		m.e.Str(event.ColActivityName, from, name)
	}
	if strings.HasSuffix(name, impersonated) {
		m.e.Add(event.ColLabels, from, "impersonated")
	}
	if k.class == event.ClassAPIActivity {
		m.e.Str(event.ColAPIOperation, from, name)
	}
}

// status sets the outcome.
func (m *mapper) status(from string, id int64, word string) {
	m.e.Int(event.ColStatusID, from, id)
	m.e.Str(event.ColOutcome, from, word)
}

// user sets who acted.
func (m *mapper) user(from, value string) {
	m.e.Str(event.ColActorUserName, from, value)
	if at := strings.IndexByte(value, '@'); at > 0 && strings.IndexByte(value[at+1:], '.') > 0 && strings.IndexByte(value, ' ') < 0 {
		m.e.Str(event.ColActorUserEmail, from, value)
	}
}

// service sets the application that was used.
func (m *mapper) service(from, value string) {
	m.e.Str(event.ColAppName, from, value)
	m.e.Str(event.ColDstSvcName, from, value)
}
