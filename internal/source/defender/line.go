package defender

import (
	"bytes"
	"errors"
	"fmt"

	"kiroku/internal/decode/syslogline"
)

// Line is one line of a SIEM agent, taken apart. Its parts are parts of the line, escapes and all; together they are the
// whole line, in its order. A Line may be used again.
type Line struct {
	Before []byte // everything in front of "CEF:"
	PRI    int    // -1: none
	Stamp  syslogline.Stamp
	Host   []byte

	Head   [headFields][]byte
	Text   []byte // between the header and the first key
	Fields []Field
	After  []byte // the line end

	// Ambiguous says that something in the line looks like a key and was taken for a part of a value, or the other way
	// round might be right.
	Ambiguous bool

	splitter
}

// The fields of the header.
const (
	HeadVersion = iota
	HeadVendor
	HeadProduct
	HeadAgent // version of the agent
	HeadClass
	HeadName
	HeadSeverity
	headFields
)

// Field is a key and its value, as they were written.
type Field struct {
	lead   []byte // the blank in front of the key; none at the start
	Key    []byte
	equals []byte // "=", and blanks in front of it
	Raw    []byte // the value: escaped, with blanks around it
	id     keyID
}

var (
	marker   = []byte("CEF:")
	constant = []byte("|MCAS|SIEM_Agent|")
)

// Index returns where the message of a SIEM agent starts in a line: at "CEF:"; -1 when there is none.
func Index(line []byte) int {
	for at := 0; ; {
		i := bytes.Index(line[at:], constant)
		if i < 0 {
			return -1
		}
		v := at + i
		for v > 0 && v > at+i-3 && (line[v-1]-'0' <= 9 || line[v-1] == '.') {
			v--
		}
		digits := v < at+i
		for v > 0 && line[v-1] == ' ' {
			v--
		}
		if digits && bytes.HasSuffix(line[:v], marker) {
			return v - len(marker)
		}
		at += i + 1
	}
}

var errNoMessage = errors.New("no CEF of vendor MCAS and product SIEM_Agent")

// Parse takes a line apart. An error says why it is none of a SIEM agent, or not whole.
func (l *Line) Parse(line []byte) error {
	*l = Line{PRI: -1, Fields: l.Fields[:0], splitter: splitter{spots: l.spots[:0], next: l.next}}
	at := Index(line)
	if at < 0 {
		return errNoMessage
	}
	end := len(line)
	for end > at && (line[end-1] == '\n' || line[end-1] == '\r' || line[end-1] == 0) {
		end--
	}
	l.Before, l.After = line[:at], line[end:]
	l.prefix(line[:at+len(marker)])
	rest, err := l.header(line[at+len(marker) : end])
	if err != nil {
		return err
	}
	l.extension(rest)
	return nil
}

// prefix reads the header of syslog, of which "CEF:" is the end.
func (l *Line) prefix(b []byte) {
	if len(b) == len(marker) {
		return
	}
	var s syslogline.Line
	s.Parse(b)
	if s.HasPRI {
		l.PRI = s.PRI()
	}
	l.Stamp = s.Stamp
	if !bytes.Equal(s.Host, marker) {
		l.Host = s.Host
	}
}

// header splits the header and returns what follows it.
func (l *Line) header(b []byte) (rest []byte, err error) {
	for i := range l.Head {
		if i == HeadName {
			return l.nameAndSeverity(b)
		}
		end := barAt(b)
		if end < 0 {
			return nil, fmt.Errorf("the header of CEF ends after %d of %d fields", i, headFields)
		}
		l.Head[i], b = b[:end], b[end+1:]
	}
	return b, nil
}

// nameAndSeverity reads the last two fields of the header. A policy may have a "|" in its name that the agent did not
// escape: the name then goes on to where a severity follows.
func (l *Line) nameAndSeverity(b []byte) (rest []byte, err error) {
	first := barAt(b)
	if first < 0 {
		return nil, fmt.Errorf("the header of CEF ends after %d of %d fields", HeadName, headFields)
	}
	second := barAt(b[first+1:])
	if second < 0 {
		return nil, fmt.Errorf("the header of CEF ends after %d of %d fields", HeadSeverity, headFields)
	}
	name, start, end := first, first+1, first+1+second
	for !isSeverity(b[start:end]) {
		next := barAt(b[end+1:])
		if next < 0 || bytes.IndexByte(b[start:end], '=') >= 0 {
			name, start, end = first, first+1, first+1+second // none follows: as it is written
			break
		}
		name, start, end = end, end+1, end+1+next
	}
	l.Ambiguous = name != first
	l.Head[HeadName], l.Head[HeadSeverity] = b[:name], b[start:end]
	return b[end+1:], nil
}

// isSeverity says whether b is a severity of CEF.
func isSeverity(b []byte) bool {
	_, ok := severity(b)
	return ok
}

// barAt is where the first unescaped "|" is, -1 for none.
func barAt(b []byte) int {
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '|':
			return i
		case '\\':
			i++
		}
	}
	return -1
}

// Append appends the line as it was.
func (l *Line) Append(dst []byte) []byte {
	dst = append(dst, l.Before...)
	dst = append(dst, marker...)
	for _, h := range l.Head {
		dst = append(dst, h...)
		dst = append(dst, '|')
	}
	dst = append(dst, l.Text...)
	for i := range l.Fields {
		f := &l.Fields[i]
		dst = append(dst, f.lead...)
		dst = append(dst, f.Key...)
		dst = append(dst, f.equals...)
		dst = append(dst, f.Raw...)
	}
	return append(dst, l.After...)
}
