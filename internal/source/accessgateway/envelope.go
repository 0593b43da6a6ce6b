package accessgateway

import (
	"time"
	"unicode/utf8"
)

// Envelope is the syslog header in front of a line, as far as present.
type Envelope struct {
	Format    string // pri, rfc3164 or rfc5424; empty when there is none
	HasPRI    bool
	PRI       int // facility * 8 + severity
	Timestamp string
	Hostname  string
	AppName   string
	ProcID    string
	MsgID     string
	Data      string // structured data of RFC 5424 with its brackets
}

// The formats of envelopes.
const (
	envelopePRI  = "pri"
	envelope3164 = "rfc3164"
	envelope5424 = "rfc5424"
)

// head reads everything in front of the columns.
type head struct {
	line     *Line
	received time.Time
	zone     *time.Location
	stamp    Stamp // of the envelope
	relays   int   // headers of relays that were skipped
}

// maxRelays is how many headers of relays may stand in front of the line's own.
const maxRelays = 4

// maxJunk is how many characters may stand in front of the time stamp.
const maxJunk = 40

// parse reads envelope and time stamp, and the host where the envelope gives it, and returns the rest.
func (h *head) parse(s string) string {
	l := h.line
	if len(s) >= 3 && s[:3] == "\ufeff" {
		s = s[3:]
	}
	s = trim(s)
	s = h.pri(s)
	l.text = s
	rest, ok := h.rfc5424(s)
	if !ok {
		rest, ok = h.rfc3164(s)
	}
	if st, n := isoStamp(rest); n > 0 {
		own := rest[skipBlanks(rest, n):]
		if host, inner := relayed(own); inner != "" && h.relays < maxRelays {
			return h.unwrap(host, inner)
		}
		l.text = rest
		h.take(st)
		return own
	}
	if ok && priLength(rest) > 0 && h.relays < maxRelays {
		return h.unwrap(l.Envelope.Hostname, rest)
	}
	if ok {
		l.note("columns_from_envelope", "")
		h.take(h.stamp)
		l.Hostname = cell(l.Envelope.Hostname)
		l.Application = cell(l.Envelope.AppName)
		if !l.Hostname.Present {
			l.missing("hostname")
		}
		return rest
	}
	return h.loose(s)
}

// unwrap starts again behind the header of a relay.
func (h *head) unwrap(relay, s string) string {
	h.relays++
	h.stamp = Stamp{}
	if env := h.line.Envelope; env.Format == envelope3164 || env.Format == envelope5424 {
		h.line.RelayHeaders = append(h.line.RelayHeaders, env)
	}
	h.line.Envelope, h.line.Relay = Envelope{}, relay
	return h.parse(s)
}

// relayed returns the host of a relay and what is behind it, where s is "HOST [tag:] " in front of a header of its own; ""
// where it is not.
func relayed(s string) (host, inner string) {
	n := hostLength(s)
	host, inner = s[:n], s[skipBlanks(s, n):]
	if name, _, n := tag(inner); name != "" {
		inner = inner[skipBlanks(inner, n):]
	}
	if st, n := isoStamp(inner); n > 0 && !st.spaced || priLength(inner) > 0 {
		return host, inner
	}
	return "", ""
}

// loose looks for a time stamp that does not start the line, or is none any more.
func (h *head) loose(s string) string {
	l := h.line
	if st, n := slashStamp(s); n > 0 {
		h.take(st)
		return s[skipBlanks(s, n):]
	}
	chars := 0
	for i := range s {
		if chars++; chars > maxJunk+1 {
			break
		}
		if i == 0 || s[i]-'0' > 9 || s[i-1]-'0' <= 9 {
			continue
		}
		if st, n := isoStamp(s[i:]); n > 0 {
			l.note("timestamp_leading_junk", trim(s[:i]))
			l.text = s[i:]
			h.take(st)
			return s[skipBlanks(s, i+n):]
		}
	}
	if n := damagedStamp(s); n > 0 {
		l.Stamp.Raw = s[:n]
		l.note("timestamp_damaged", "")
		return s[skipBlanks(s, n):]
	}
	return s
}

// take makes st the time of the line.
func (h *head) take(st Stamp) {
	l := h.line
	if st.Raw == "" {
		l.missing("timestamp")
		return
	}
	st.resolve(h.received, h.zone)
	l.Stamp = st
	if !st.Valid {
		l.note("timestamp_damaged", "")
		return
	}
	if st.extraDigit {
		l.note("timestamp_extra_digit", "")
	}
	if st.cut {
		l.note("timestamp_truncated_offset", "")
	}
	if st.noYear {
		l.note("timestamp_no_year", "")
	}
	if st.noOffset {
		l.note("timestamp_no_offset", "")
	}
}

// pri reads "<134>", also behind an octet count that was left in the text.
func (h *head) pri(s string) string {
	at := 0
	if d := digits(s); d > 0 && d < 8 && d+1 < len(s) && s[d] == ' ' && s[d+1] == '<' {
		at = d + 1
	}
	p := s[at:]
	n := priLength(p)
	if n == 0 {
		return s
	}
	env := &h.line.Envelope
	env.Format, env.HasPRI, env.PRI = envelopePRI, true, number(p[1:n-1])
	p = p[n:]
	if len(p) >= 3 && p[:3] == "\ufeff" {
		p = p[3:]
	}
	return p[skipBlanks(p, 0):]
}

// priLength is the length of "<134>" at the start of s, 0 when there is none.
func priLength(s string) int {
	if len(s) < 3 || s[0] != '<' {
		return 0
	}
	d := digits(s[1:])
	if d == 0 || d > 3 || 1+d >= len(s) || s[1+d] != '>' || number(s[1:1+d]) > 191 {
		return 0
	}
	return d + 2
}

// rfc5424 reads VERSION TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA (RFC 5424 section 6).
func (h *head) rfc5424(s string) (rest string, ok bool) {
	env := &h.line.Envelope
	if len(s) < 4 || s[0] != '1' || s[1] != ' ' {
		return s, false
	}
	p := s[2:]
	st, n := isoStamp(p)
	if n == 0 {
		if !env.HasPRI || p[0] != '-' || p[1] != ' ' {
			return s, false
		}
		n = 1
	}
	var field [4]string
	p = p[skipBlanks(p, n):]
	for i := range field {
		field[i], p = cutWord(p)
		if field[i] == "-" {
			field[i] = ""
		}
	}
	data := elements(p)
	if data == 0 {
		return s, false
	}
	if st.Valid = false; st.Raw != "" {
		env.Timestamp = st.Raw
	}
	env.Format = envelope5424
	env.Hostname, env.AppName, env.ProcID, env.MsgID = field[0], field[1], field[2], field[3]
	if p[0] == '[' {
		env.Data = p[:data]
	}
	h.stamp = st
	p = p[skipBlanks(p, data):]
	if len(p) >= 3 && p[:3] == "\ufeff" {
		p = p[3:]
	}
	return p[skipBlanks(p, 0):], true
}

// elements returns the length of RFC 5424 structured data: "-" or elements in brackets; 0 when there is neither.
func elements(s string) int {
	if s == "" {
		return 0
	}
	if s[0] == '-' && (len(s) == 1 || blank(s, 1) > 0) {
		return 1
	}
	n := 0
	for n < len(s) && s[n] == '[' {
		quoted := false
		i := n + 1
		for ; i < len(s) && (quoted || s[i] != ']'); i++ {
			switch s[i] {
			case '"':
				quoted = !quoted
			case '\\':
				if quoted {
					i++
				}
			}
		}
		if i >= len(s) {
			return 0
		}
		n = i + 1
	}
	return n
}

// rfc3164 reads "Mmm dd hh:mm:ss host" and a tag (RFC 3164 section 4.1).
func (h *head) rfc3164(s string) (rest string, ok bool) {
	st, n := bsdStamp(s)
	if n == 0 {
		return s, false
	}
	env := &h.line.Envelope
	env.Format, env.Timestamp = envelope3164, st.Raw
	h.stamp = st
	s = s[skipBlanks(s, n):]
	if _, n := isoStamp(s); n > 0 {
		return s, true
	}
	if name, _, _ := tag(s); name == "" && !hostMissing(s) {
		n := hostLength(s)
		env.Hostname, s = s[:n], s[skipBlanks(s, n):]
	}
	if name, pid, n := tag(s); name != "" {
		env.AppName, env.ProcID, s = name, pid, s[skipBlanks(s, n):]
	}
	return s, true
}

// tag reads "name:" or "name[pid]:" as the first word.
func tag(s string) (name, pid string, n int) {
	i := 0
	for i < len(s) && keyByte(s[i]) {
		i++
	}
	if i == 0 || i >= len(s) {
		return "", "", 0
	}
	name = s[:i]
	if s[i] == '[' {
		d := digits(s[i+1:])
		if d == 0 || i+1+d >= len(s) || s[i+1+d] != ']' {
			return "", "", 0
		}
		pid = s[i+1 : i+1+d]
		i += d + 2
	}
	if i >= len(s) || s[i] != ':' || i+1 < len(s) && blank(s, i+1) == 0 && s[i+1] < utf8.RuneSelf {
		return "", "", 0
	}
	return name, pid, i + 1
}
