package ivanti

import (
	"strings"

	"kiroku/internal/decode/syslogline"
)

// parseStandard reads the Standard filter:
//
//	YYYY-MM-DD HH:MM:SS - NODE - [CLIENT] [VSYS::]USER(REALM)[ROLE, ROLE][SESSION] - TEXT
//
// The session is printed since 22.x. The user may be empty and may hold blanks, commas and backslashes; the realm may
// stand in brackets of its own.
func (n *entry) parseStandard(s string) bool {
	if len(s) < 24 || s[4] != '-' || s[19:22] != " - " {
		return false
	}
	stamp, ok := syslogline.ParseLocal([]byte(s[:19]))
	if !ok {
		return false
	}
	node, rest, ok := strings.Cut(s[22:], " - [")
	if !ok {
		return false
	}
	client, rest, ok := strings.Cut(rest, "]")
	if !ok {
		return false
	}
	rest = strings.TrimLeft(rest, " ")
	user, rest, ok := strings.Cut(rest, "(")
	if !ok {
		return false
	}
	realm, rest, ok := strings.Cut(rest, ")[")
	if !ok {
		return false
	}
	roles, rest, ok := strings.Cut(rest, "]")
	if !ok {
		return false
	}
	session := ""
	if strings.HasPrefix(rest, "[") {
		if session, rest, ok = strings.Cut(rest[1:], "]"); !ok {
			return false
		}
	}
	text, ok := strings.CutPrefix(strings.TrimLeft(rest, " "), "- ")
	if !ok {
		return false
	}
	n.filter = filterStandard
	n.local = stamp
	n.set(keyDate, s[:10])
	n.set(keySourceIP, client)
	n.set(keyRealm, unbracket(realm))
	n.set(keyRoles, roles)
	n.set(keySessionID, session)
	n.set(keyText, strings.TrimSpace(text))
	n.setUser(user)
	n.add("node", node)
	return true
}

// setUser splits the virtual system from the user: "Root::alice", "Default Network::alice".
func (n *entry) setUser(user string) {
	vsys, name := cutVSYS(user)
	if vsys != "" {
		n.add("vsys", vsys)
	}
	n.set(keyUser, name)
}

// cutVSYS splits "VSYS::USER".
func cutVSYS(user string) (vsys, name string) {
	if at := strings.Index(user, "::"); at > 0 && !strings.ContainsAny(user[:at], `\/@`) {
		return user[:at], user[at+2:]
	}
	return "", user
}

// unbracket takes a realm out of its own brackets.
func unbracket(s string) string {
	if len(s) > 2 && s[0] == '[' && s[len(s)-1] == ']' {
		return s[1 : len(s)-1]
	}
	return s
}
