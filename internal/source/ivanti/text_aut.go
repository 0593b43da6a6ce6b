package ivanti

import "strings"

// readAuthentication reads the texts of authentication and of user sessions.
func (f *facts) readAuthentication(s string) {
	if s == "" {
		return
	}
	switch s[0] {
	case 'A':
		f.readLockout(s)
	case 'C':
		f.notAuthenticated(s)
	case 'H':
		f.readHostChecker(s)
	case 'L':
		f.readLogin(s)
		f.readLogout(s)
	case 'M', 'P', 'S':
		f.readServer(s)
		f.readSession(s)
	case 'R':
		f.addressChanged(s)
	case 'U':
		f.unauthenticated(s)
		f.readUser(s)
	}
	if f.text == textUnknown {
		f.readOtherLogin(s)
	}
}

// readOtherLogin reads texts that start with something free.
func (f *facts) readOtherLogin(s string) {
	if _, rest, ok := strings.Cut(s, " login succeeded for "); ok {
		f.loginSucceeded(rest)
	} else if strings.Contains(s, " authenticated successfully") {
		f.authenticated(s)
	} else if kind, rest, ok := strings.Cut(s, " realm restrictions successfully passed for "); ok {
		f.text = textRestrictionPassed
		f.set(factPolicy, kind)
		rest = strings.TrimRight(rest, " .")
		if at := strings.Index(rest, " , "); at >= 0 {
			rest = rest[:at]
		}
		f.who(rest)
	} else {
		f.loggedOut(s)
	}
}

// unauthenticated: Unauthenticated request url URL came from IP A.
func (f *facts) unauthenticated(s string) {
	c := read(s)
	c.lit("Unauthenticated request url ")
	url := c.until(" came from IP ")
	addr := c.ip()
	if !c.ok {
		return
	}
	f.text = textUnauthenticated
	f.set(factURL, strings.TrimSpace(url))
	f.set(factClientIP, addr)
}

// notAuthenticated: Connection from IP A not authenticated yet (URL=URL)
func (f *facts) notAuthenticated(s string) {
	c := read(s)
	c.lit("Connection from IP ")
	addr := c.ip()
	c.lit(" not authenticated yet (URL=")
	if !c.ok {
		return
	}
	url := c.s
	if at := strings.LastIndexByte(url, ')'); at >= 0 {
		url = url[:at]
	}
	f.text = textUnauthenticated
	f.set(factURL, url)
	f.set(factClientIP, addr)
}

// readServer: (Primary|Secondary) authentication (failed|successful) for U/R from A[ forwarded for B], and the SSL text.
func (f *facts) readServer(s string) {
	rest, ok := strings.CutPrefix(s, "Primary authentication ")
	if !ok {
		rest, ok = strings.CutPrefix(s, "Secondary authentication ")
	}
	if !ok {
		f.sslFailed(s)
		return
	}
	t := textAuthFailed
	if rest, ok = strings.CutPrefix(rest, "failed for "); !ok {
		t = textAuthSucceeded
		if rest, ok = strings.CutPrefix(rest, "successful for "); !ok {
			return
		}
	}
	who, addr, after, ok := fromIP(rest)
	if !ok {
		return
	}
	f.text = t
	f.who(who)
	f.set(factClientIP, addr)
	c := read(after)
	if c.try(" forwarded for ") {
		f.set(factForwardedIP, c.ip())
	}
}

// sslFailed: SSL negotiation failed while client at source IP 'A' was trying to connect to 'B'. Reason: 'T'
func (f *facts) sslFailed(s string) {
	c := read(s)
	c.lit("SSL negotiation failed while client at source IP '")
	addr := c.until("' was trying to connect to '")
	target := c.until("'. ")
	c.lit("Reason: ")
	if !c.ok {
		return
	}
	f.text = textSSLFailed
	f.set(factClientIP, addr)
	f.set(factReason, unquote(strings.TrimSpace(c.s)))
	if isIP(target) {
		f.set(factDstIP, target)
	} else {
		f.set(factDstHost, target)
	}
}

// addressChanged: Remote address for user U/R changed from A to B[ forwarded-for …].
func (f *facts) addressChanged(s string) {
	c := read(s)
	c.lit("Remote address for user ")
	who := c.until(" changed from ")
	from := c.ip()
	c.lit(" to ")
	to := c.ip()
	if !c.ok {
		return
	}
	f.text = textAddressChanged
	f.who(who)
	f.set(factOldIP, from)
	f.set(factNewIP, to)
}

// readLockout: Authentication requests from IP address A temporarily locked out
func (f *facts) readLockout(s string) {
	c := read(s)
	c.lit("Authentication requests from IP address ")
	addr := c.ip()
	if c.ok && strings.Contains(c.s, "locked out") {
		f.text = textLockedOut
		f.set(factClientIP, addr)
	}
}

// readUser: User U denied access as the client version '…' is lower than the minimum …
func (f *facts) readUser(s string) {
	c := read(s)
	c.lit("User ")
	user := c.until(" denied access as ")
	if c.ok {
		f.text = textVersionDenied
		f.who(user)
		f.set(factDetail, strings.TrimRight(c.s, " ."))
	}
}

// readHostChecker reads the texts of Host Checker:
//
//	Host Checker policy 'P' (passed|failed) on host 'A'[ address 'MAC'][ for user 'U'][ reason 'TEXT'].
//	Host Checker Compliance Result - ['Fully Non Compliant'] …
func (f *facts) readHostChecker(s string) {
	if rest, ok := strings.CutPrefix(s, "Host Checker Compliance Result"); ok {
		_, rest, _ = strings.Cut(rest, "'")
		result, _, _ := strings.Cut(rest, "'")
		f.text = textHostCheckFailed
		if result == "Compliant" || result == "Fully Compliant" {
			f.text = textHostCheckPassed
		}
		f.set(factDetail, result)
		return
	}
	c := read(s)
	c.lit("Host Checker policy '")
	policy := c.until("' ")
	verdict := c.word()
	if !c.ok || verdict != "passed" && verdict != "failed" {
		return
	}
	f.text = textHostCheckPassed
	if verdict == "failed" {
		f.text = textHostCheckFailed
	}
	f.set(factPolicy, policy)
	if c.try(" on host '") {
		if host := c.until("'"); isIP(host) {
			f.set(factClientIP, host)
		}
	}
	if c.try(" address '") {
		f.set(factMac, c.until("'"))
	}
	if c.try(" for user '") {
		f.set(factUser, c.until("'"))
	}
	if c.try(" reason ") {
		f.set(factDetail, unquote(strings.TrimSpace(c.s)))
	}
}
