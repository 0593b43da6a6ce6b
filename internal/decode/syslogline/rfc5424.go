package syslogline

// rfc5424 parses [VERSION SP] TIMESTAMP SP HOSTNAME SP APP-NAME SP PROCID SP MSGID SP STRUCTURED-DATA [SP MSG]
// (RFC 5424 section 6). Without a version the fields behind the host must look like RFC 5424, since RFC 3164 headers
// with an ISO time stamp start alike.
func (l *Line) rfc5424(b []byte) bool {
	rest, versioned := b, false
	if v := digits(b); v > 0 && v <= 3 && v < len(b) && b[v] == ' ' && b[0] != '0' {
		rest, versioned = b[v+1:], true
	}
	var stamp Stamp
	if versioned && len(rest) >= 2 && rest[0] == '-' && rest[1] == ' ' {
		rest = rest[2:]
	} else {
		s, n := isoStamp(rest)
		if n == 0 && versioned {
			n = unsetStamp(rest)
		}
		if n == 0 || n < len(rest) && rest[n] != ' ' {
			return false
		}
		stamp = s
		rest = rest[min(n+1, len(rest)):]
	}
	host, rest := token(rest)
	app, rest := token(rest)
	proc, rest := token(rest)
	msg, rest := token(rest)
	data, body, ok := structuredData(rest)
	if !versioned && (!ok || !fieldsOf5424(app, proc, msg)) {
		return false
	}
	l.Format = RFC5424
	l.Stamp = stamp
	l.Host, l.App, l.ProcID, l.MsgID = nilValue(host), nilValue(app), nilValue(proc), nilValue(msg)
	l.Data, l.Body, l.versioned = data, body, versioned
	return true
}

// unsetStamp returns the length of what has the form of a time stamp and is none, "0000-00-00T00:00:00Z": the clock of
// the device was never set. The header has no stamp then.
func unsetStamp(b []byte) int {
	const form = "0000-00-00T00:00:00"
	if len(b) < len(form) {
		return 0
	}
	for i := range len(form) {
		if form[i] == '0' && !isDigit(b[i]) || form[i] != '0' && b[i] != form[i] {
			return 0
		}
	}
	i := len(form)
	for i < len(b) && b[i] != ' ' {
		i++
	}
	return i
}

// fieldsOf5424 tells "host app 123 id - text" from "host app: some text - text".
func fieldsOf5424(app, proc, msg []byte) bool {
	if nilValue(proc) == nil && nilValue(msg) == nil {
		return true
	}
	return len(app) > 0 && app[len(app)-1] != ':' && len(proc) > 0 && len(msg) > 0
}

// structuredData splits "-" or "[id name="value"]..." from the message. ok is false when there is neither; all is body
// then.
func structuredData(b []byte) (data, body []byte, ok bool) {
	end := 0
	if len(b) > 0 && b[0] == '-' {
		end = 1
	} else if end = elements(b); end == 0 {
		return nil, b, false
	}
	rest := b[end:]
	if len(rest) > 0 {
		if rest[0] != ' ' {
			return nil, b, false
		}
		rest = rest[1:]
	}
	if end > 1 {
		data = b[:end]
	}
	if len(rest) >= 3 && rest[0] == 0xEF && rest[1] == 0xBB && rest[2] == 0xBF {
		rest = rest[3:]
	}
	return data, rest, true
}

// elements returns the length of a run of well-formed SD-ELEMENTs at the start of b.
func elements(b []byte) int {
	end := 0
	for end < len(b) && b[end] == '[' {
		n := element(b[end:], nil)
		if n == 0 {
			break
		}
		end += n
	}
	return end
}
