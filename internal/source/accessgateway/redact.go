package accessgateway

import "strings"

const redacted = "[redacted]"

// secretWords mark a key as holding a secret wherever they stand in it, once case, hyphens, underscores and points are
// left out. The gateway writes every attribute that is mapped to an application into REASON, in clear.
var secretWords = [...]string{
	"spgwkey", "secret", "cookie", "authorization", "passw", "passphrase", "passcode", "token", "apikey", "credential",
	"bearer", "jwt", "samlresponse", "assertion", "signature",
}

// secretKey says whether the value of key is a secret.
func secretKey(key string) bool {
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
	if len(b) < 3 {
		return false
	}
	switch string(b) {
	case "otp", "pin":
		return true
	case "pwd":
		return key != "PWD" // the working directory of sudo
	}
	if strings.HasSuffix(string(b), "key") {
		return true
	}
	for _, w := range secretWords {
		if len(b) >= len(w) && strings.Contains(string(b), w) {
			return true
		}
	}
	return false
}

// redact replaces the values of secret keys in text of the form key=value. A value reaches to the next blank that another
// key= follows, so that a secret with blanks inside does not leave its end behind. Text without secrets is returned as
// it is.
func redact(s string) string {
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
		end, _ := nextReasonKey(s, i+1)
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
	s = strings.TrimRight(s, "\"' ")
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
