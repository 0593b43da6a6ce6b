package syslogline

// maxTag is more than RFC 3164's 32 characters, which nobody keeps to.
const maxTag = 64

// rfc3164 parses TIMESTAMP [SP HOSTNAME] SP [TAG[PID]:] BODY (RFC 3164 section 4.1), with the time stamps of RFC 3164,
// of Cisco devices ("12: *Mar  1 18:46:11.123 UTC:"), and of RFC 3339.
func (l *Line) rfc3164(b []byte, hasPRI bool) bool {
	stamp, n := isoStamp(b)
	if n == 0 {
		at := 0
		if hasPRI {
			at = sequenceNumber(b)
		}
		if stamp, n = bsdStamp(b[at:]); n == 0 && hasPRI {
			stamp, n = isoSpaceStamp(b[at:])
		}
		if n == 0 {
			return false
		}
		n += at
	}
	rest := b[n:]
	colon := len(rest) > 0 && rest[0] == ':'
	if colon {
		rest = rest[1:]
	}
	if len(rest) == 0 || rest[0] != ' ' {
		return false
	}
	for len(rest) > 0 && rest[0] == ' ' {
		rest = rest[1:]
	}
	var host []byte
	if !colon {
		tok, after := token(rest)
		if from, text, ok := forwarded(rest); ok {
			tok, after = from, text
		}
		switch {
		case len(tok) == 0 || len(tok) == 1 && tok[0] == '-':
			return false
		case !startsBody(tok) && !endsTag(tok):
			host, rest = tok, after
		}
	}
	l.Format = RFC3164
	l.Stamp = stamp
	l.Host = host
	l.ProcID, l.MsgID, l.Data = nil, nil, nil
	l.App, l.ProcID, l.Body = tag(rest)
	return true
}

// forwarded splits "Message forwarded from HOST: text", as the syslogd of AIX writes it where the host belongs.
func forwarded(b []byte) (host, text []byte, ok bool) {
	const words = "Message forwarded from "
	if len(b) < len(words) || string(b[:len(words)]) != words {
		return nil, nil, false
	}
	host, text = token(b[len(words):])
	if !endsTag(host) || len(host) == 1 {
		return nil, nil, false
	}
	return host[:len(host)-1], text, true
}

// sequenceNumber skips the "237: " that Cisco devices may put in front of the time stamp.
func sequenceNumber(b []byte) int {
	i := digits(b)
	if i == 0 || i > 10 || i+1 >= len(b) || b[i] != ':' || b[i+1] != ' ' {
		return 0
	}
	return i + 2
}

// startsBody says that tok cannot be a host name.
func startsBody(tok []byte) bool {
	c := tok[0]
	return c == '{' || c == '[' || c == '<' || c == '%' || c == '"'
}

// endsTag tells "sshd:" and "sshd[42]:" from a host name, so that a line without a host is understood.
func endsTag(tok []byte) bool {
	return len(tok) > 0 && tok[len(tok)-1] == ':' && (len(tok) < 2 || tok[len(tok)-2] != ':')
}

// tag splits "app[123]: body" and "app: body". CEF and LEEF look like tags and are not. A relay that writes RFC 3164 for an
// RFC 5424 sender whose name ends in a colon, as Ivanti's "PulseSecure:" does, makes "app:: body".
func tag(b []byte) (app, proc, body []byte) {
	i := 0
	for i < len(b) && i <= maxTag && tagByte(b[i]) {
		i++
	}
	if i == 0 || i >= len(b) || i > maxTag {
		return nil, nil, b
	}
	app, rest := b[:i], b[i:]
	if len(rest) > 2 && string(rest[:3]) == ":: " {
		return b[:i+1], nil, rest[3:]
	}
	if rest[0] == '[' {
		end := 1
		for end < len(rest) && end < 32 && rest[end] != ']' && rest[end] != ' ' {
			end++
		}
		if end >= len(rest) || rest[end] != ']' || end+1 >= len(rest) || rest[end+1] != ':' {
			return nil, nil, b
		}
		proc, rest = rest[1:end], rest[end+1:]
	}
	if rest[0] != ':' || len(rest) > 1 && rest[1] != ' ' || string(app) == "CEF" || string(app) == "LEEF" {
		return nil, nil, b
	}
	rest = rest[1:]
	if len(rest) > 0 {
		rest = rest[1:]
	}
	return app, proc, rest
}

func tagByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
		c == '-' || c == '_' || c == '.' || c == '/' || c == '%' || c == '(' || c == ')'
}
