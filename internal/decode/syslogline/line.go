package syslogline

// Format says what kind of header a line has.
type Format uint8

// The kinds of header.
const (
	None    Format = iota // no header: all is body
	PRIOnly               // "<134>" and then the body
	RFC3164               // time stamp and mostly a host; the stamp may be an ISO one
	RFC5424               // seven header fields; the version may be missing
)

// Line is a syslog line taken apart. Its slices point into the line that was parsed.
type Line struct {
	Format   Format
	HasPRI   bool
	Facility uint8 // 0 to 23; 0 without PRI
	Severity uint8 // 0 to 7; 0 without PRI
	Stamp    Stamp
	Host     []byte // as written, for example "::ffff:192.0.2.1"; empty for "-"
	App      []byte // RFC 5424 APP-NAME as written, or the tag of RFC 3164 without the colon
	ProcID   []byte
	MsgID    []byte
	Data     []byte // RFC 5424 structured data with its brackets; see EachParam
	Body     []byte // what follows the header, without the byte order mark
	Relay    []byte // host of the relay's header in front of the device's own

	versioned bool  // RFC 5424 with its version
	relays    uint8 // headers of relays in front of this one
}

// PRI is the number between the angle brackets.
func (l *Line) PRI() int { return int(l.Facility)*8 + int(l.Severity) }

const maxPRI = 191 // RFC 5424 section 6.2.1

// Parse fills l from data. It never fails: a line without any header is all body.
func (l *Line) Parse(data []byte) {
	data = skipMark(data)
	*l = Line{Body: data}
	rest := skipOctetCount(data)
	if !l.header(rest) {
		return
	}
	for range maxRelays {
		if !l.unwrap() {
			return
		}
	}
}

// maxRelays is how many headers of relays may stand in front of the device's own.
const maxRelays = 4

// unwrap looks for a second header in the body: a relay that does not understand the device's header puts its own in
// front. The device's is the one that counts.
func (l *Line) unwrap() bool {
	b := l.Body
	if len(b) == 0 || b[0] != '<' && !startsStamp(b) {
		return false
	}
	b = skipOctetCount(b)
	inner := Line{HasPRI: l.HasPRI, Facility: l.Facility, Severity: l.Severity}
	if !inner.header(b) || inner.Format == PRIOnly {
		return false
	}
	// Without a PRI a time stamp may as well begin the text of a program that named itself.
	if b[0] != '<' && (l.Format == RFC3164 && len(l.App) > 0 || l.Format == RFC5424 && !inner.certain()) {
		return false
	}
	inner.Relay, inner.relays = l.Host, l.relays+1
	*l = inner
	return true
}

// EachRelay calls f with the headers that relays put in front of the device's own, the nearest to it first. data is the line that
// was parsed.
func (l *Line) EachRelay(data []byte, f func(relay *Line)) {
	if l.relays == 0 {
		return
	}
	data = skipMark(data)
	var headers [maxRelays]Line
	next := Line{Body: data}
	next.header(skipOctetCount(data))
	for i := range l.relays {
		headers[i] = next
		next.unwrap()
	}
	for i := l.relays; i > 0; i-- {
		f(&headers[i-1])
	}
}

// certain says that a header without PRI is one, and no text that begins with a time: a version and all fields of RFC
// 5424, or a month's name, a host and a tag.
func (l *Line) certain() bool {
	if l.Format == RFC5424 {
		return l.versioned
	}
	return len(l.Host) > 0 && len(l.App) > 0 && month(l.Stamp.Text) > 0
}

// header parses one header at the start of b. Without one it leaves l as it is.
func (l *Line) header(b []byte) bool {
	rest := b
	if n, facility, severity := pri(rest); n > 0 {
		rest = rest[n:]
		for len(rest) > 0 && rest[0] == ' ' {
			rest = rest[1:]
		}
		l.HasPRI, l.Facility, l.Severity = true, facility, severity
	} else if len(b) == 0 || !startsStamp(b) {
		return false
	}
	hasPRI := len(rest) < len(b)
	if l.rfc5424(rest) || l.rfc3164(rest, hasPRI) {
		return true
	}
	if hasPRI {
		l.Format = PRIOnly
		l.Body = rest
	}
	return hasPRI
}

// startsStamp is a cheap no for most lines that have no PRI: a header then starts with a time stamp or a version.
func startsStamp(b []byte) bool {
	c := b[0]
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'S' || c == '*' || c == '.'
}

// pri reads "<134>" and returns its length, 0 when there is none.
func pri(b []byte) (n int, facility, severity uint8) {
	if len(b) < 3 || b[0] != '<' {
		return 0, 0, 0
	}
	v, i := 0, 1
	for ; i < len(b) && i < 4 && isDigit(b[i]); i++ {
		v = v*10 + int(b[i]-'0')
	}
	if i == 1 || i == len(b) || b[i] != '>' || v > maxPRI {
		return 0, 0, 0
	}
	return i + 1, uint8(v / 8), uint8(v % 8)
}

// skipOctetCount skips the "937 " that a reader who splits at line feeds leaves in front of an octet-counted frame
// (RFC 6587 section 3.4.1). It is believed only in front of a header, because a body may start with a number too.
func skipOctetCount(b []byte) []byte {
	i := digits(b)
	if i == 0 || i > 10 || i+1 >= len(b) || b[i] != ' ' {
		return b
	}
	rest := b[i+1:]
	if n, _, _ := pri(rest); n > 0 {
		return rest
	}
	if v := digits(rest); v > 0 && v <= 3 && v < len(rest) && rest[v] == ' ' {
		if _, n := isoStamp(rest[v+1:]); n > 0 {
			return rest
		}
	}
	if i > 3 { // too long for a version
		if _, n := isoStamp(rest); n > 0 {
			return rest
		}
	}
	return b
}

// skipMark skips a byte order mark, as files of Windows begin with.
func skipMark(b []byte) []byte {
	if len(b) >= 3 && b[0] == 0xef && b[1] == 0xbb && b[2] == 0xbf {
		return b[3:]
	}
	return b
}

func digits(b []byte) int {
	i := 0
	for i < len(b) && isDigit(b[i]) {
		i++
	}
	return i
}

func isDigit(c byte) bool { return c-'0' <= 9 }

// token cuts the bytes up to the next space and skips that space.
func token(b []byte) (tok, rest []byte) {
	for i, c := range b {
		if c == ' ' {
			return b[:i], b[i+1:]
		}
	}
	return b, b[len(b):]
}

func nilValue(tok []byte) []byte {
	if len(tok) == 1 && tok[0] == '-' {
		return nil
	}
	return tok
}
