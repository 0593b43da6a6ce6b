package ivanti

import (
	"strings"

	"kiroku/internal/decode/syslogline"
)

// welfKey finds the key of the JSON filter that a WELF field is.
func welfKey(name string) (key, bool) {
	switch name {
	case "src":
		return keySourceIP, true
	case "realm":
		return keyRealm, true
	case "roles":
		return keyRoles, true
	case "agent":
		return keyUserAgent, true
	case "msg_code":
		return keyMessageID, true
	case "session_id":
		return keySessionID, true
	}
	return 0, false
}

// parseWELF reads the WebTrends Enhanced Log Format: id=firewall time="…" … msg="AUT23457: TEXT". Values may be bare,
// bare with blanks ("ivs=Default Network"), empty, or in quotes; msg is the last.
func (n *entry) parseWELF(s string) {
	n.filter = filterWELF
	for s != "" {
		name, rest, ok := strings.Cut(s, "=")
		if !ok {
			n.add("trailing", strings.TrimSpace(s))
			return
		}
		name = strings.TrimSpace(name)
		var value string
		if name == "msg" {
			value, s = strings.TrimSpace(rest), ""
			value = strings.TrimSuffix(strings.TrimPrefix(value, `"`), `"`)
		} else {
			value, s = welfValue(rest)
		}
		n.welfField(name, value)
	}
}

func (n *entry) welfField(name, value string) {
	switch name {
	case "id":
	case "time":
		if stamp, ok := syslogline.ParseLocal([]byte(value)); ok {
			n.local = stamp
			n.set(keyDate, value[:10])
			return
		}
		n.add(name, value)
	case "user":
		n.setUser(value)
	case "msg":
		if id, text, ok := strings.Cut(value, ":"); ok && isMessageID(id) {
			n.set(keyMessageID, id)
			value = text
		}
		n.set(keyText, strings.TrimSpace(value))
	default:
		if k, ok := welfKey(name); ok {
			// A user's name is written before these and may hold what looks like them: the later one is the appliance's.
			if n.values[k] != "" {
				n.add(name, n.values[k])
			}
			n.set(k, value)
		} else {
			n.add(name, value)
		}
	}
}

// welfValue reads a quoted value, or a bare one up to the next " name=".
func welfValue(s string) (value, rest string) {
	if strings.HasPrefix(s, `"`) {
		return quotedWELF(s[1:])
	}
	for i := 0; i < len(s); i++ {
		if s[i] == ' ' && startsName(s[i+1:]) {
			return strings.TrimSpace(s[:i]), s[i+1:]
		}
	}
	return strings.TrimSpace(s), ""
}

// quotedWELF reads a value behind its opening quote. Quotes within it are not escaped: the one that closes it is the first
// that the end or " name=" follows.
func quotedWELF(s string) (value, rest string) {
	first := -1
	for i := 0; i < len(s); i++ {
		if s[i] != '"' {
			continue
		}
		if first < 0 {
			first = i
		}
		after := blanks(s[i+1:])
		if after == "" || len(after) < len(s)-i-1 && startsName(after) {
			return s[:i], after
		}
	}
	if first < 0 {
		return s, ""
	}
	return s[:first], blanks(s[first+1:])
}

// startsName says that s starts with a field name and "=".
func startsName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c == '=' {
			return i > 0
		}
		if c != '_' && (c < 'a' || c > 'z') {
			return false
		}
	}
	return false
}
