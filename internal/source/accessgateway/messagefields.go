package accessgateway

import "strings"

// readMessageFields reads the values that some messages hold.
func (l *Line) readMessageFields() {
	const levelSet = "log level set to '"
	m := l.Message
	if l.Application.Value == appSudo {
		l.sudoFields(m)
		return
	}
	if i := strings.Index(m, levelSet); i >= 0 {
		if v, _, ok := strings.Cut(m[i+len(levelSet):], "'"); ok {
			l.MessageFields = append(l.MessageFields, Pair{"log_level", v})
		}
		return
	}
	for {
		p, n := messagePair(m)
		if n == 0 {
			break
		}
		if !repeated(l.MessageFields, nil, p.Key) && len(l.MessageFields) < linearKeys {
			l.MessageFields = append(l.MessageFields, p)
		}
		m = m[n:]
		i := skipBlanks(m, 0)
		if i >= len(m) || m[i] != ',' {
			break
		}
		m = m[skipBlanks(m, i+1):]
	}
	if len(l.MessageFields) > 0 {
		l.note("message_key_values", "")
	}
}

// messagePair reads name: "value" or name="value" at the start of s and returns the length, 0 when there is none.
func messagePair(s string) (p Pair, n int) {
	i := 0
	for i < len(s) && keyByte(s[i]) {
		i++
	}
	if i == 0 || i >= len(s) || !letter(s[0]) && s[0] != '_' || s[i] != ':' && s[i] != '=' {
		return p, 0
	}
	start := skipBlanks(s, i+1)
	if start >= len(s) || s[start] != '"' {
		return p, 0
	}
	start++
	for end := start; ; end++ {
		d := strings.IndexByte(s[end:], '"')
		if d < 0 {
			return p, 0
		}
		end += d
		if end+1 == len(s) || s[end+1] == ',' || blank(s, end+1) > 0 {
			return Pair{s[:i], s[start:end]}, end + 1
		}
	}
}

// sudoFields reads "user : TTY=… ; PWD=… ; USER=… ; COMMAND=…".
func (l *Line) sudoFields(m string) {
	user, rest, ok := strings.Cut(m, " : ")
	if !ok {
		return
	}
	l.MessageFields = append(l.MessageFields, Pair{"sudo_user", trim(user)})
	for rest != "" && len(l.MessageFields) < linearKeys {
		part := rest
		if strings.HasPrefix(trim(rest), "COMMAND=") {
			rest = ""
		} else {
			part, rest, _ = strings.Cut(rest, ";")
		}
		part = trim(part)
		if n := reasonKey(part); n > 0 && !repeated(l.MessageFields, nil, part[:n-1]) {
			l.MessageFields = append(l.MessageFields, Pair{part[:n-1], part[n:]})
		}
	}
}
