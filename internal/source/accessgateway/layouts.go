package accessgateway

import "strings"

// springBoot reads "DATE TIME LEVEL PID --- [thread] logger : message", the layout of the certificate service.
func (l *Line) springBoot(s string) bool {
	if !l.Stamp.spaced || !l.springBootColumns(s) {
		return false
	}
	for _, c := range [...]string{"hostname", "application"} {
		l.missing(c)
	}
	l.springBootMissing()
	return true
}

// springBootInside reads the same layout behind time stamp, host and program of a syslog line.
func (l *Line) springBootInside(s string) bool {
	rest := s
	if !l.Application.Present {
		_, rest = cutWord(s)
	}
	for _, p := range [...]string{s, rest} {
		_, n := isoStamp(p)
		if n == 0 || !l.springBootColumns(p[skipBlanks(p, n):]) {
			continue
		}
		if len(p) < len(s) {
			name, _ := cutWord(s)
			l.Application = present(strings.TrimSuffix(name, ":"))
		}
		if !l.Application.Present {
			l.missing("application")
		}
		l.springBootMissing()
		return true
	}
	return false
}

func (l *Line) springBootMissing() {
	for _, c := range [...]string{"sub_process", "event", "structured_data"} {
		l.missing(c)
	}
}

func (l *Line) springBootColumns(s string) bool {
	level, rest := cutWord(s)
	pid, rest := cutWord(rest)
	dashes, rest := cutWord(rest)
	if !knownLevel(level) || pid == "" || digits(pid) != len(pid) || dashes != "---" || rest == "" || rest[0] != '[' {
		return false
	}
	end := strings.IndexByte(rest, ']')
	if end < 0 {
		return false
	}
	thread := trim(rest[1:end])
	logger, message := cutWord(rest[skipBlanks(rest, end+1):])
	if message = trim(message); strings.HasPrefix(message, ":") {
		message = trim(message[1:])
	} else {
		logger = strings.TrimSuffix(logger, ":")
	}
	l.format = springBoot
	l.Level, l.ProcID = present(level), pid
	l.Component, l.SubComponent, l.Message = cell(logger), cell(thread), message
	l.note("spring_boot_format", "")
	return true
}

// nginxError reads a line of nginx's error log that stands without host and program.
func (l *Line) nginxError(s string) bool {
	if !strings.Contains(l.Stamp.Raw, "/") || l.Stamp.Raw == "" || s == "" || s[0] != '[' {
		return false
	}
	l.missing("hostname")
	l.service(s)
	return true
}

// access reads a line of nginx's access log:
//
//	program host client - user [time] "METHOD URL PROTOCOL" status bytes "referrer" "agent" "forwarded" request response
func (l *Line) access(s string) bool {
	rest, program := s, l.Application.Value
	if !l.Application.Present {
		program, rest = cutWord(s)
	}
	host, rest := cutWord(rest)
	client, rest := cutWord(rest)
	ident, rest := cutWord(rest)
	user, rest := cutWord(rest)
	if ident != "-" || user == "" || rest == "" {
		return false
	}
	var stamp string
	if rest[0] == '[' {
		end := strings.IndexByte(rest, ']')
		if end < 0 {
			return false
		}
		stamp, rest = rest[1:end], rest[skipBlanks(rest, end+1):]
	}
	request, rest, ok := cutRequest(rest)
	status, rest := cutWord(rest)
	if !ok || len(status) != 3 || digits(status) != 3 {
		return false
	}
	l.format = access
	l.Application = present(strings.TrimSuffix(program, ":"))
	l.note("access_log", "")
	l.accessStamp(stamp)
	method, url, protocol := splitRequest(request)
	bytes, rest := cutWord(rest)
	l.Data = append(l.Data, Pair{"app_host", host}, Pair{"client_ip", client}, Pair{"method", method}, Pair{"url", url},
		Pair{"protocol", protocol}, Pair{"status", status}, Pair{"bytes", bytes})
	if strings.IndexByte(request, '"') >= 0 {
		l.note("sd_inner_quote", "url")
	}
	rest = l.accessTexts(rest)
	requestTime, rest := cutWord(rest)
	responseTime, _ := cutWord(rest)
	l.Data = append(l.Data, Pair{"request_time", requestTime}, Pair{"response_time", responseTime})
	if user != "-" {
		l.Data = append(l.Data, Pair{"remote_user", user})
	}
	return true
}

// accessTexts reads referrer, user agent and forwarded-for, from both ends, because clients choose what stands in between,
// and returns what follows.
func (l *Line) accessTexts(s string) (rest string) {
	const between = `" "`
	keys := [...]string{"referrer", "user_agent", "x_forwarded_for"}
	if last := strings.LastIndexByte(s, '"'); last > 0 && s[0] == '"' {
		texts := s[1:last]
		first, final := strings.Index(texts, between), strings.LastIndex(texts, between)
		if first >= 0 && final >= first+len(between) {
			for i, v := range [...]string{texts[:first], texts[first+len(between) : final], texts[final+len(between):]} {
				if strings.IndexByte(v, '"') >= 0 {
					l.note("sd_inner_quote", keys[i])
				}
				l.Data = append(l.Data, Pair{keys[i], v})
			}
			return s[skipBlanks(s, last+1):]
		}
	}
	for _, key := range keys {
		var v string
		v, s, _ = cutQuoted(s)
		l.Data = append(l.Data, Pair{key, v})
	}
	return s
}

// accessStamp takes the time in brackets where the line's own has no year or zone.
func (l *Line) accessStamp(s string) {
	if st, ok := clfStamp(s); ok && (!l.Stamp.Valid || l.Stamp.noYear || l.Stamp.noOffset) {
		if l.Stamp.Raw != "" {
			st.Raw = l.Stamp.Raw
		}
		l.Stamp = st
	}
}

// splitRequest parts "METHOD URL PROTOCOL". A request that is not HTTP is all URL.
func splitRequest(s string) (method, url, protocol string) {
	first, rest := cutWord(s)
	for i := range len(first) {
		if !upper(first[i]) {
			return "", s, ""
		}
	}
	if rest == "" {
		return "", s, ""
	}
	if i := strings.LastIndexByte(rest, ' '); i >= 0 && strings.HasPrefix(rest[i+1:], "HTTP/") {
		return first, trimRight(rest[:i]), rest[i+1:]
	}
	return first, rest, ""
}

// cutRequest reads the quoted request at the start of s. A quote ends it when a status follows.
func cutRequest(s string) (v, rest string, ok bool) {
	if s == "" || s[0] != '"' {
		return "", s, false
	}
	for i := 1; ; i++ {
		n := strings.IndexByte(s[i:], '"')
		if n < 0 {
			return "", s, false
		}
		i += n
		rest = s[skipBlanks(s, i+1):]
		if len(rest) < len(s)-i-1 && digits(rest[:min(len(rest), 4)]) == 3 {
			return s[1:i], rest, true
		}
	}
}

// cutQuoted reads a quoted text at the start of s; the next quote ends it.
func cutQuoted(s string) (v, rest string, ok bool) {
	if s == "" || s[0] != '"' {
		return "", s, false
	}
	end := strings.IndexByte(s[1:], '"')
	if end < 0 {
		return s[1:], "", false
	}
	return s[1 : 1+end], s[skipBlanks(s, end+2):], true
}
