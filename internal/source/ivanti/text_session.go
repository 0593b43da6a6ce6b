package ivanti

import "strings"

// readLogout: Logout from A (session:SID)
func (f *facts) readLogout(s string) {
	c := read(s)
	c.lit("Logout from ")
	addr := c.ip()
	if c.ok {
		f.text = textLogout
		f.set(factClientIP, addr)
		f.cutSession(c.s, factTextSession)
	}
}

// readSession reads the texts of user sessions.
func (f *facts) readSession(s string) {
	switch {
	case has(s, "Session timed out for "):
		f.sessionTimedOut(s[len("Session timed out for "):])
	case has(s, maxSession):
		f.sessionTimedOut(strings.TrimSuffix(strings.TrimSpace(s[len(maxSession):]), "."))
	case has(s, "Session resumed from "):
		f.sessionResumed(s[len("Session resumed from "):])
	case has(s, "Session created for user:"):
		f.sessionCreated(s)
	case has(s, "Session:["):
		f.sessionDeleted(s)
	}
}

const maxSession = "Max session timeout for "

// sessionTimedOut: U/R (session:SID) due to REASON (last access at HH:MM:SS YYYY/MM/DD). …
func (f *facts) sessionTimedOut(s string) {
	f.text = textSessionTimeout
	who, why, _ := strings.Cut(s, " due to ")
	f.who(f.cutSession(who, factTextSession))
	why, _, _ = strings.Cut(why, " (")
	why, _ = sentence(why)
	f.set(factDetail, why)
}

// sessionResumed: user agent 'AGENT' (session:SID).
func (f *facts) sessionResumed(s string) {
	f.text = textSessionResumed
	rest := f.cutSession(s, factTextSession)
	if agent, ok := strings.CutPrefix(strings.TrimSpace(rest), "user agent "); ok {
		f.set(factAgent, unquote(agent))
	}
}

// sessionCreated: Session created for user: [U/R] from [A] with primary auth-server type: [..], … mac-address: [..].
func (f *facts) sessionCreated(s string) {
	c := read(s)
	c.lit("Session created for user: [")
	who := c.until("] from [")
	addr := c.until("]")
	if !c.ok {
		return
	}
	f.text = textSessionCreated
	f.who(who)
	f.set(factClientIP, addr)
	if _, rest, ok := strings.Cut(c.s, "mac-address: ["); ok {
		mac, _, _ := strings.Cut(rest, "]")
		f.set(factMac, strings.TrimSpace(mac))
	}
}

// sessionDeleted: Session:[id] for user:[U] with roles:[..] deleted. Bandwidth consumed [N] bytes
func (f *facts) sessionDeleted(s string) {
	c := read(s)
	c.lit("Session:[")
	id := c.until("]")
	c.lit(" for user:[")
	user := c.until("]")
	if !c.ok || !strings.Contains(c.s, "deleted") {
		return
	}
	f.text = textSessionDeleted
	f.set(factTextSession, id)
	f.who(user)
	if _, rest, ok := strings.Cut(c.s, "consumed ["); ok {
		bytes, _, _ := strings.Cut(rest, "]")
		f.set(factBandwidth, strings.TrimSpace(bytes))
	}
}

// loggedOut: (Admin|User) U[/R] logged out[ from IP A][ because REASON.] The realm may hold blanks.
func (f *facts) loggedOut(s string) {
	who, rest, ok := strings.Cut(s, " logged out")
	if !ok {
		return
	}
	f.text = textLogout
	kind, name, ok := strings.Cut(who, " ")
	user, _, _ := strings.Cut(name, "/")
	if !ok || kind != "User" && kind != "Admin" || strings.IndexByte(user, ' ') >= 0 {
		return
	}
	f.who(unquote(name))
	c := read(rest)
	if c.try(" from ") {
		c.try("IP ")
		f.set(factClientIP, c.ip())
	}
	if c.try(" because ") {
		c.try("of ")
		why, _ := sentence(c.s)
		f.set(factDetail, why)
	}
}
