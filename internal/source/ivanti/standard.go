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
// stand in brackets of its own, and a role may have some. Firmware prints two blanks here and there.
func (n *entry) parseStandard(s string) bool {
	if len(s) < 24 || s[4] != '-' {
		return false
	}
	stamp, ok := syslogline.ParseLocal([]byte(s[:19]))
	if !ok {
		return false
	}
	rest, ok := afterDash(s[19:])
	if !ok {
		return false
	}
	node, rest, ok := strings.Cut(rest, "[")
	if node = strings.TrimRight(node, " "); !ok || !strings.HasSuffix(node, " -") {
		return false
	}
	node = strings.TrimRight(node[:len(node)-2], " ")
	client, rest, ok := strings.Cut(rest, "]")
	if !ok {
		return false
	}
	user, rest, ok := strings.Cut(blanks(rest), "(")
	if !ok {
		return false
	}
	realm, rest, ok := strings.Cut(rest, ")[")
	if !ok {
		return false
	}
	roles, session, text, ok := rolesAndText(rest)
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

// afterDash skips " - ".
func afterDash(s string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(blanks(s), "-")
	return blanks(rest), ok && (rest == "" || rest[0] == ' ')
}

// rolesAndText splits "ROLE, ROLE][SESSION] - TEXT": the bracket that closes the roles is the first one that the text or
// the session and the text follow.
func rolesAndText(s string) (roles, session, text string, ok bool) {
	for i := range len(s) {
		if s[i] != ']' {
			continue
		}
		rest := s[i+1:]
		if text, ok = afterDash(rest); ok {
			return s[:i], "", text, true
		}
		if !strings.HasPrefix(rest, "[") {
			continue
		}
		if session, rest, ok = strings.Cut(rest[1:], "]"); ok {
			if text, ok = afterDash(rest); ok {
				return s[:i], session, text, true
			}
		}
	}
	return "", "", "", false
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
