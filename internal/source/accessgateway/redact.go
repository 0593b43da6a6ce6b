package accessgateway

import "strings"

const redacted = "[redacted]"

// secretKey says whether the value of key is a secret: whether one of the words of secretWord stands in it once case,
// hyphens, underscores and points are left out. The gateway writes every attribute that is mapped to an application into
// REASON, in clear.
func secretKey(key string) bool {
	switch key {
	case "SESSION_ID", "SUBJECT", "RESOURCE", "METHOD", "POLICY", "POLICY_TYPE", "DURATION", "APP", "APP_TYPE", "APP_DOMAIN",
		"RESULT", "REASON", "REMOTE_IP", "USER_AGENT", "SESSIONID", "RelayDomain", "SourceAuthNType", "RemoteIP", "Groups",
		"creationTime", "maxInactiveInterval", "maxActiveInterval", "lastAccessedTime",
		"COOKIE_DOMAIN", "PWD": // no secrets, whatever the words in them: a domain, and the working directory of sudo
		return false
	}
	var buf [64]byte
	b := buf[:0]
	for i := range len(key) {
		c := key[i]
		if c == '-' || c == '_' || c == '.' || c == ' ' {
			continue
		}
		if upper(c) {
			c |= 0x20
		}
		b = append(b, c)
	}
	switch string(b) {
	case "otp", "pin", "pwd", "pass", "pw":
		return true
	}
	if len(b) >= 3 && string(b[len(b)-3:]) == "key" {
		return true
	}
	for i := range b {
		if secretWord(b[i:]) {
			return true
		}
	}
	return false
}

// secretWord says whether b, in small letters, starts with a word that names secrets.
func secretWord(b []byte) bool {
	switch b[0] {
	case 'a':
		return hasWord(b, "authorization") || hasWord(b, "apikey") || hasWord(b, "assertion")
	case 'b':
		return hasWord(b, "bearer")
	case 'c':
		return hasWord(b, "cookie") || hasWord(b, "credential") || hasWord(b, "csrf")
	case 'h':
		return hasWord(b, "hmac")
	case 'j':
		return hasWord(b, "jwt") || hasWord(b, "jsessionid")
	case 'k':
		return hasWord(b, "krbticket") || hasWord(b, "kerberosticket")
	case 'n':
		return hasWord(b, "ntlm")
	case 'p':
		return hasWord(b, "passw") || hasWord(b, "passphrase") || hasWord(b, "passcode") || hasWord(b, "privatekey")
	case 's':
		return hasWord(b, "secret") || hasWord(b, "spgwkey") || hasWord(b, "samlresponse") || hasWord(b, "signature") || hasWord(b, "sessid")
	case 't':
		return hasWord(b, "token")
	case 'x':
		return hasWord(b, "xsrf")
	}
	return false
}

func hasWord(b []byte, w string) bool { return len(b) >= len(w) && string(b[:len(w)]) == w }

// redact replaces what is secret in a text: by its name, and by its looks. Text without secrets is returned as it is.
func redact(s string) string { return redactShapes(redactPairs(s)) }

// redactPairs replaces the values of secret keys in text of the form key=value. A value reaches to the next blank that another
// key= follows, so that a secret with blanks inside does not leave its end behind.
func redactPairs(s string) string {
	i := strings.IndexByte(s, '=')
	if i < 0 {
		return s
	}
	var b strings.Builder
	kept := 0
	for i < len(s) {
		if !secretKey(keyBefore(s[kept:i])) {
			n := strings.IndexByte(s[i+1:], '=')
			if n < 0 {
				break
			}
			i += 1 + n
			continue
		}
		end, _ := secretEnd(s, i+1)
		if end > i+1 {
			b.WriteString(s[kept : i+1])
			b.WriteString(redacted)
		} else {
			b.WriteString(s[kept:end])
		}
		kept = end
		n := strings.IndexByte(s[end:], '=')
		if n < 0 {
			break
		}
		i = end + n
	}
	if b.Len() == 0 {
		return s
	}
	b.WriteString(s[kept:])
	return b.String()
}

// keyBefore returns the key that ends s, without the quotes that may stand around it.
func keyBefore(s string) string {
	for s != "" && (s[len(s)-1] == '"' || s[len(s)-1] == '\'' || s[len(s)-1] == ' ') {
		s = s[:len(s)-1]
	}
	i := len(s)
	for i > 0 && keyByte(s[i-1]) {
		i--
	}
	return s[i:]
}

// redactPair is what may be shown of a value of REASON's session data.
func redactPair(p Pair) string {
	if p.Value == "" {
		return ""
	}
	switch p.Key {
	case "SESSIONID", "USER_AGENT", "SourceAuthNType", "RemoteIP", "RelayDomain":
		return redact(p.Value) // written by the gateway, so no attribute of a user is glued to it
	}
	if secretKey(p.Key) {
		return redacted
	}
	return redact(redactGlued(p.Value))
}

// redactGlued cuts a value at a secret whose key lost its equals sign: "user@example.com samplecookieabc<def".
func redactGlued(v string) string {
	for i := 0; i < len(v); {
		end := i
		for end < len(v) && keyByte(v[end]) {
			end++
		}
		if end < len(v) && end > i && v[end] != '=' && blank(v, end) == 0 && secretKey(v[i:end]) {
			return v[:end] + redacted
		}
		i = skipBlanks(v, word(v, end))
		if i == end && end == len(v) {
			break
		}
	}
	return v
}
