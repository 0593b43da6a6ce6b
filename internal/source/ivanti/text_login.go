package ivanti

import "strings"

// who splits "USER/REALM" at the first slash. What stands for the realm after a server answered is mostly the name of
// the authentication server.
func (f *facts) who(s string) {
	user, realm, _ := strings.Cut(s, "/")
	f.set(factUser, strings.TrimSpace(user))
	f.set(factRealm, strings.TrimSpace(realm))
}

// port reads " via (PORT|word) port" behind an address.
func (c *cursor) viaPort() string {
	if !c.try(" via ") {
		return ""
	}
	port := c.word()
	c.lit(" port")
	if port == "" || port[0]-'0' > 9 {
		return ""
	}
	return port
}

// readLogin reads the texts that start with "Login ", which users and administrators share.
func (f *facts) readLogin(s string) {
	switch {
	case has(s, "Login failed"):
		f.loginFailed(s[len("Login failed"):])
	case has(s, "Login rejected"):
		f.loginRejected(s[len("Login rejected"):])
	case has(s, "Login succeeded for "):
		f.loginSucceeded(s[len("Login succeeded for "):])
	}
}

// loginFailed reads what follows "Login failed":
//
//	[ using auth server S]. Reason: TEXT
//	 for 'Primary' authentication using auth server 'S' ('TYPE'). Reason: 'TEXT'
//	 from A for U[/R] because REASON. …
//	 from A for U/R[ using S].[ REASON.]
func (f *facts) loginFailed(s string) {
	c := read(s)
	if !c.try(" from ") {
		_, reason, ok := strings.Cut(s, "Reason:")
		if !ok {
			return
		}
		f.text = textLoginFailed
		reason = strings.TrimSpace(reason)
		if has(s, " for '") {
			reason = unquote(reason)
		}
		f.set(factReason, reason)
		return
	}
	c.try("IP ")
	addr := c.ip()
	c.lit(" for ")
	if !c.ok {
		return
	}
	f.text = textLoginFailed
	f.set(factClientIP, addr)
	if target, reason, ok := strings.Cut(c.s, " because "); ok {
		f.who(target)
		f.set(factReason, beforeDot(reason))
		return
	}
	user, rest, ok := strings.Cut(c.s, "/")
	if !ok {
		user, _ = sentence(c.s)
		f.set(factUser, user)
		return
	}
	head, tail := sentence(rest)
	if at := strings.LastIndex(head, " using "); at >= 0 {
		head = head[:at]
	}
	f.set(factUser, user)
	f.set(factRealm, strings.TrimSpace(head))
	reason, _ := sentence(tail)
	f.set(factReason, reason)
}

// loginRejected reads what follows "Login rejected": [ login] from IP A[ for U[/R]](. REASON.| due to REASON.)
func (f *facts) loginRejected(s string) {
	c := read(s)
	c.try(" login")
	c.lit(" from ")
	c.try("IP ")
	addr := c.ip()
	if !c.ok {
		return
	}
	f.text = textLoginRejected
	f.set(factClientIP, addr)
	head, tail := sentence(c.s)
	if target, ok := strings.CutPrefix(head, " for "); ok {
		if who, why, ok := strings.Cut(target, " due to "); ok {
			f.set(factDetail, why)
			target = who
		}
		f.who(target)
	}
	reason, _ := sentence(tail)
	f.set(factReason, reason)
}

// loginSucceeded reads what follows "Login succeeded for " and "Agent login succeeded for ":
//
//	U/R[ (session:SID)] from [IP ]A[ via (PORT|word) port][ with CLIENT].
func (f *facts) loginSucceeded(s string) {
	who, addr, after, ok := fromIP(s)
	if !ok {
		return
	}
	f.text = textLoginSucceeded
	f.set(factClientIP, addr)
	f.who(f.cutSession(who, factSessionID))
	c := read(after)
	f.set(factClientPort, c.viaPort())
	if c.try(" with ") {
		agent, _ := strings.CutSuffix(strings.TrimSpace(c.s), ".")
		f.set(factAgent, agent)
	}
}

// cutSession takes "(session:SID)" out of the end of s.
func (f *facts) cutSession(s string, to fact) string {
	at := strings.LastIndex(s, "(session:")
	if at < 0 {
		return s
	}
	sid, _, ok := strings.Cut(s[at+len("(session:"):], ")")
	if !ok {
		return s
	}
	f.set(to, strings.TrimSpace(sid))
	return s[:at]
}

// authenticated reads "U/R from IP A[ via (PORT|word) port] authenticated successfully using X authentication."
func (f *facts) authenticated(s string) {
	who, addr, after, ok := fromIP(s)
	if !ok || strings.IndexByte(who, '/') < 0 {
		return
	}
	c := read(after)
	port := c.viaPort()
	c.lit(" authenticated successfully")
	if !c.ok {
		return
	}
	f.text = textAuthSucceeded
	f.who(who)
	f.set(factClientIP, addr)
	f.set(factClientPort, port)
}

// unquote takes off the quotes around s, and a full stop behind them.
func unquote(s string) string {
	s, _ = strings.CutSuffix(s, ".")
	if len(s) >= 2 && s[0] == '\'' && s[len(s)-1] == '\'' {
		return s[1 : len(s)-1]
	}
	return s
}
