package generic

import (
	"strconv"
	"strings"
	"time"

	"kiroku/internal/decode/syslogline"
	"kiroku/internal/event"
	"kiroku/internal/source"
)

// clock decides on the time of the event: the body's own time, else the header's, else the time of receipt.
type clock struct {
	set      bool
	rejected string // first time stamp that could not be used; one that is a time goes before one that is none
	from     string // its name
	isTime   bool
	at       time.Time
	date     string         // of records that write date and time of day apart
	zone     *time.Location // that the record names apart; nil: the input's
	local    bool           // the time was read in the input's zone
	format   string         // of devTime, as LEEF writes it; "" when the record has none
}

// take tries a time stamp of the body. False: it stays an ordinary leaf.
func (c *clock) take(m *mapper, from, text string) bool {
	if c.set {
		return false
	}
	full := text
	if c.date != "" && len(text) >= len("15:04:05") && text[2] == ':' {
		full = c.date + " " + text
	}
	in := m.rec.Location()
	if c.zone != nil {
		in = c.zone
	}
	t, zoned, ok := c.formatted(from, text, in)
	if !ok {
		t, zoned, ok = parseTime(full, in)
	}
	if !ok || !source.Plausible(t, m.rec.Received) {
		if c.rejected == "" || ok && !c.isTime {
			c.rejected, c.from, c.isTime, c.at = text, from, ok, t
		}
		return false
	}
	_, instant := epoch(full)
	c.set, c.at, c.local = true, t, !zoned && !instant
	m.e.Time(event.ColTime, from, t)
	m.e.Str(event.ColOriginalTime, from, full)
	if zoned || c.local && c.zone != nil {
		_, offset := t.Zone()
		m.e.Int(event.ColTimezoneOffset, from, int64(offset/60))
	}
	return true
}

// formatted reads devTime by the format that the record names. A zone whose name alone does not tell its offset is no time.
func (c *clock) formatted(from, text string, zone *time.Location) (t time.Time, zoned, ok bool) {
	if c.format == "" || from != "devTime" || len(c.format) > 64 {
		return t, false, false
	}
	layout, zoned, ok := javaLayout(c.format)
	if !ok {
		return t, false, false
	}
	t, err := time.ParseInLocation(layout, text, zone)
	if err != nil || t.Year() == 0 {
		return t, false, false
	}
	if name, offset := t.Zone(); zoned && offset == 0 && t.Location() != time.UTC {
		known, ok := zoneNames[name]
		if !ok {
			return t, false, false
		}
		t = t.Add(time.Duration(-known) * time.Minute).In(time.FixedZone(name, known*60))
	}
	return t, zoned, true
}

// zoneNames are the names of zones that mean the same everywhere, with their minutes east of UTC. CST, IST and BST, of which there
// are several, are not among them; in a zone that has one of them, it is known all the same.
var zoneNames = map[string]int{
	"UTC": 0, "GMT": 0, "JST": 540, "KST": 540, "CET": 60, "CEST": 120, "EET": 120, "EEST": 180, "AEST": 600, "AEDT": 660, "NZST": 720, "NZDT": 780,
	"EST": -300, "EDT": -240, "MST": -420, "MDT": -360, "PST": -480, "PDT": -420,
}

// zoned takes an offset from UTC that stands beside the time stamp: "+0900", "+09:00".
func (c *clock) zoned(m *mapper, from, text string) {
	t, err := time.Parse("-0700", strings.Replace(text, ":", "", 1))
	if err != nil || c.zone != nil {
		return
	}
	_, offset := t.Zone()
	c.zone = time.FixedZone("", offset)
	if !c.local {
		return
	}
	y, mo, d := c.at.Date()
	t = time.Date(y, mo, d, c.at.Hour(), c.at.Minute(), c.at.Second(), c.at.Nanosecond(), c.zone)
	if source.Plausible(t, m.rec.Received) {
		m.e.Time(event.ColTime, from, t)
		m.e.Int(event.ColTimezoneOffset, from, int64(offset/60))
	}
}

func (c *clock) finish(m *mapper) {
	if c.set {
		return
	}
	stamp := &m.line.Stamp
	t, ok := stamp.Time(m.rec.Received, m.rec.Location())
	if ok && source.Plausible(t, m.rec.Received) {
		m.e.Time(event.ColTime, "syslog time", t)
		m.e.Str(event.ColOriginalTime, "syslog time", m.text(stamp.Text))
		if stamp.HasZone {
			m.e.Int(event.ColTimezoneOffset, "syslog time", int64(stamp.Offset()))
		}
		return
	}
	if ok && !c.isTime {
		c.rejected, c.from, c.isTime, c.at = m.text(stamp.Text), "syslog time", true, t
	}
	if c.isTime {
		m.e.Time(event.ColTime, c.from, c.at)
	} else {
		m.e.Time(event.ColTime, "received", m.rec.Received)
	}
	m.e.Str(event.ColOriginalTime, c.from, c.rejected)
}

// layouts are the forms that programs write beside RFC 3339; the zone of those without one is the record's.
var layouts = [...]struct {
	text  string
	zoned bool
}{
	{"2006-01-02T15:04:05.999999999Z0700", true},
	{"2006-01-02T15:04:05.999999999", false},
	{"02/Jan/2006:15:04:05 -0700", true},
	{"Mon, 2 Jan 2006 15:04:05 -0700", true},
	{"Mon, 2 Jan 2006 15:04:05", false},
	{"2006-01-02 15:04:05.999999999 -0700", true},
	{"Jan 02 2006 15:04:05.999999999", false},
	{"Jan _2 2006 15:04:05.999999999", false},
	{"2006/01/02 15:04:05.999999999", false},
	{"2006-01-02 15:04:05,999999999", false},
	{time.ANSIC, false},
}

// parseTime reads a time stamp in text or as a number since 1970. zoned says that it names its offset from UTC.
func parseTime(s string, zone *time.Location) (t time.Time, zoned, ok bool) {
	if len(s) < 10 || len(s) > 64 {
		return t, false, false
	}
	if t, ok := epoch(s); ok {
		return t, false, true
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t, true, true
	}
	if stamp, ok := syslogline.ParseLocal([]byte(s)); ok {
		t, ok = stamp.Time(time.Time{}, zone)
		if stamp.HasZone {
			t = t.In(time.FixedZone("", stamp.Offset()*60))
		}
		return t, stamp.HasZone, ok
	}
	if at := strings.LastIndexByte(s, ' '); at > 0 {
		if offset, ok := zoneNames[s[at+1:]]; ok {
			t, _, ok = parseTime(s[:at], time.FixedZone(s[at+1:], offset*60))
			return t, ok, ok
		}
	}
	for _, l := range layouts {
		if t, err := time.ParseInLocation(l.text, s, zone); err == nil {
			return t, l.zoned, true
		}
	}
	return t, false, false
}

// epoch reads seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their number of digits: ten
// digits of seconds reach from 2001 to 2286. Seconds may have a fraction.
func epoch(s string) (time.Time, bool) {
	whole, fraction, _ := strings.Cut(s, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || whole[0] < '0' || whole[0] > '9' {
		return time.Time{}, false
	}
	switch len(whole) {
	case 10:
		if len(fraction) > 9 {
			fraction = fraction[:9]
		}
		nanos, err := strconv.ParseUint(fraction+"000000000"[len(fraction):], 10, 32)
		return time.Unix(n, int64(nanos)).UTC(), err == nil
	case 13:
		return time.UnixMilli(n).UTC(), true
	case 16:
		return time.UnixMicro(n).UTC(), true
	case 19:
		return time.Unix(0, n).UTC(), true
	}
	return time.Time{}, false
}
