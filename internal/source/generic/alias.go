package generic

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"

	"kiroku/internal/event"
)

// kind says how a column takes a value.
type kind uint8

const (
	text     kind = iota
	address       // an IP address, "address:port" included; nothing else
	endpoint      // an IP address or the name of a host
	hostName      // a host that the event happened on
	port
	number
	httpCode // status code of HTTP, or another code
	level
	level10 // 0 to 10
	stamp
	dateOnly
	zone // offset from UTC of the record's local time
	status
	eventID // a code when it is a short number, else the record's own id
	list    // element of a list, or a list with commas
	other   // known, and no column
)

type target struct {
	column event.Column
	kind   kind
}

// aliases are names in lower case without "_", "-" and blanks.
type aliases map[string]target

// maxAlias is longer than every alias.
const maxAlias = 40

// lookup finds the target of a leaf's name, in the special table first.
func lookup(special aliases, name []byte) (target, bool) {
	var buf [maxAlias]byte
	n := 0
	for _, c := range name {
		if c == '_' || c == '-' || c == ' ' {
			continue
		}
		if n == len(buf) {
			return target{}, false
		}
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		buf[n] = c
		n++
	}
	if to, ok := special[string(buf[:n])]; ok {
		return to, to.kind != other
	}
	to, ok := common[string(buf[:n])]
	return to, ok
}

// lookupElement finds the target of an element of an array that is a list: "groups.0".
func lookupElement(name []byte) (target, bool) {
	at := bytes.LastIndexByte(name, '.')
	if at < 0 {
		return target{}, false
	}
	for _, c := range name[at+1:] {
		if c < '0' || c > '9' {
			return target{}, false
		}
	}
	to, ok := lookup(nil, name[:at])
	return to, ok && to.kind == list
}

// take sets a column; false when the column is taken or the value is none that it takes.
func (m *mapper) take(to target, from, value string) bool {
	e := m.e
	switch to.kind {
	case stamp:
		return m.clock.take(m, from, value)
	case dateOnly:
		if len(value) > len("02 Jan 2006") && m.clock.take(m, from, value) {
			return true
		}
		m.clock.date = value
		return false
	case zone:
		m.clock.zoned(m, from, value)
		return false
	case status:
		return m.status(from, value)
	case eventID:
		to.column = event.ColMetadataUID
		if _, err := strconv.ParseUint(value, 10, 32); err == nil {
			to.column = event.ColEventCode
		}
	case httpCode:
		if n, err := strconv.Atoi(value); err == nil && n >= 100 && n < 600 && !e.Has(event.ColHTTPStatus) {
			e.Int(event.ColHTTPStatus, from, int64(n))
			return true
		}
		to.column = event.ColStatusCode
	case list:
		return m.list(to.column, from, value)
	case hostName:
		if m.ownHost {
			return false
		}
		m.ownHost = true
		e.Clear(to.column)
	}
	if e.Has(to.column) {
		return false
	}
	switch to.kind {
	case level, level10:
		return m.level(to, from, value)
	case address, endpoint:
		return m.endpoint(to, from, value)
	case port, number:
		return m.number(to, from, value)
	}
	e.Str(to.column, from, value)
	return true
}

// list takes an element of an array, or several with commas between them. A distinguished name has commas of its own.
func (m *mapper) list(to event.Column, from, value string) bool {
	if strings.Contains(value, "=") {
		m.e.Add(to, from, value)
		return true
	}
	for part := range strings.SplitSeq(value, ",") {
		m.e.Add(to, from, strings.TrimSpace(part))
	}
	return m.e.Has(to)
}

func (m *mapper) number(to target, from, value string) bool {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < 0 || to.kind == port && n > 65535 {
		return false
	}
	m.e.Int(to.column, from, n)
	return true
}

func (m *mapper) level(to target, from, value string) bool {
	read := severity
	if to.kind == level10 {
		read = scale10
	}
	m.e.Str(to.column, from, value)
	id, ok := read(value)
	if !ok {
		id = event.SeverityUnknown
	}
	m.e.Int(event.ColSeverityID, from, id)
	return true
}

// endpoint sets the address of one side, and its port or its name.
func (m *mapper) endpoint(to target, from, value string) bool {
	portColumn, hostColumn := event.ColSrcPort, event.ColSrcHost
	if to.column == event.ColDstIP {
		portColumn, hostColumn = event.ColDstPort, event.ColDstHost
	}
	if _, err := netip.ParseAddr(value); err == nil {
		m.e.Str(to.column, from, value)
		return true
	}
	if ap, err := netip.ParseAddrPort(value); err == nil && !m.e.Has(portColumn) {
		addr := strings.TrimLeft(value[:strings.LastIndexByte(value, ':')], "[")
		m.e.Str(to.column, from, strings.TrimRight(addr, "]"))
		m.e.Int(portColumn, from, int64(ap.Port()))
		return true
	}
	if to.kind != endpoint || m.e.Has(hostColumn) || strings.ContainsAny(value, " /\\\"{[") {
		return false
	}
	m.e.Str(hostColumn, from, value)
	return true
}

// status takes words of success and failure, and keeps the word as status code.
func (m *mapper) status(from, value string) bool {
	if m.e.Has(event.ColStatusCode) {
		return false
	}
	if len(value) <= 16 && !m.e.Has(event.ColStatusID) {
		switch strings.ToLower(value) {
		case "success", "succeeded", "successful", "ok", "pass", "passed", "allow", "allowed", "accept", "accepted", "true":
			m.e.Int(event.ColStatusID, from, event.StatusSuccess)
			m.e.Str(event.ColOutcome, from, event.OutcomeSuccess)
		case "fail", "failed", "failure", "error", "false":
			m.e.Int(event.ColStatusID, from, event.StatusFailure)
			m.e.Str(event.ColOutcome, from, event.OutcomeFailure)
		case "deny", "denied":
			m.e.Int(event.ColStatusID, from, event.StatusFailure)
			m.e.Str(event.ColOutcome, from, event.OutcomeDenied)
		case "block", "blocked":
			m.e.Int(event.ColStatusID, from, event.StatusFailure)
			m.e.Str(event.ColOutcome, from, event.OutcomeBlocked)
		case "reject", "rejected":
			m.e.Int(event.ColStatusID, from, event.StatusFailure)
			m.e.Str(event.ColOutcome, from, event.OutcomeRejected)
		}
	}
	m.e.Str(event.ColStatusCode, from, value)
	return true
}
