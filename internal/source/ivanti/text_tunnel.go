package ivanti

import "strings"

// readTunnel reads the texts of VPN tunneling, most of which start with "VPN Tunneling: ".
func (f *facts) readTunnel(s string) {
	s = blanks(strings.TrimPrefix(s, "VPN Tunneling:"))
	switch {
	case has(s, "ACL count = "):
		f.aclCount(s[len("ACL count = "):], factACLCount)
	case has(s, "Optimized ACL count = "):
		f.aclCount(s[len("Optimized ACL count = "):], factOptimizedACLCount)
	case has(s, "Session started for user"):
		f.tunnelStarted(s[len("Session started for user"):])
	case has(s, "Session ended for user"):
		f.tunnelEnded(s[len("Session ended for user"):])
	default:
		f.tunnelMode(s)
	}
}

func (f *facts) aclCount(s string, to fact) {
	c := read(s)
	if v := c.number(); c.ok {
		f.text = textACLCount
		f.set(to, v)
	}
}

// tunnelStarted: [ (session: SID)] with (IPv4 address|IPv6 address|IP) A, hostname H. A is the address within the tunnel,
// which Datadog's pipeline shows as the client's.
func (f *facts) tunnelStarted(s string) {
	sid, addr, c := tunnelAddress(s)
	if !c.ok {
		return
	}
	f.text = textTunnelStarted
	f.set(factSessionID, sid)
	f.set(factTunnelIP, addr)
	if c.try(", hostname ") {
		f.set(factHostname, strings.TrimSpace(c.s))
	}
}

// tunnelEnded: [ (session: SID)] with (IPv4 address|IP) A
func (f *facts) tunnelEnded(s string) {
	f.text = textTunnelEnded
	if sid, addr, c := tunnelAddress(s); c.ok {
		f.set(factTextSession, sid)
		f.set(factTunnelIP, addr)
	} else {
		f.cutSession(s, factTextSession)
	}
}

func tunnelAddress(s string) (sid, addr string, c cursor) {
	c = read(s)
	if c.try(" (session:") {
		sid = strings.TrimSpace(c.until(")"))
	}
	c.lit(" with ")
	if !c.try("IPv4 address ") && !c.try("IPv6 address ") && !c.try("IP address ") {
		c.lit("IP ")
	}
	addr = c.ip()
	return sid, addr, c
}

// tunnelMode reads what happens within a tunnel:
//
//	User with IP A connected with (SSL|ESP) transport mode.
//	Transport mode switched over to (SSL|ESP) for user with NCIP A
//	Key Exchange number N occurred for user with NCIP A
func (f *facts) tunnelMode(s string) {
	switch {
	case has(s, "User with IP "):
		c := read(s[len("User with IP "):])
		addr := c.ip()
		c.lit(" connected with ")
		mode := c.word()
		if c.ok {
			f.text = textTunnelTransport
			f.set(factTunnelIP, addr)
			f.set(factTransport, mode)
		}
	case has(s, "Transport mode switched over to "):
		f.text = textTunnelTransport
		c := read(s[len("Transport mode switched over to "):])
		f.set(factTransport, c.word())
		f.set(factTunnelIP, behindNCIP(s))
	case has(s, "Key Exchange number "):
		f.text = textKeyExchange
		f.set(factTunnelIP, behindNCIP(s))
	}
}

func behindNCIP(s string) string {
	_, rest, _ := strings.Cut(s, "NCIP ")
	return addressAt(rest)
}

// readConnection: Closed connection to HOST[ port P] after N seconds, with N bytes read[ (in N chunks)] and N bytes
// written[ (in N chunks)][ (session:SID)]
func (f *facts) readConnection(s string) {
	c := read(s)
	c.lit("Closed connection to ")
	host := c.word()
	port := ""
	if c.try(" port ") {
		port = c.number()
	}
	c.lit(" after ")
	seconds := c.number()
	c.lit(" seconds, with ")
	in := c.number()
	c.lit(" bytes read ")
	inChunks := c.chunks()
	c.lit("and ")
	out := c.number()
	c.lit(" bytes written")
	if !c.ok {
		return
	}
	c.try(" ")
	outChunks := c.chunks()
	f.text = textConnectionClosed
	f.set(factHostname, host)
	f.set(factDstPort, port)
	f.set(factDuration, seconds)
	f.set(factBytesRead, in)
	f.set(factReadChunks, inChunks)
	f.set(factBytesWritten, out)
	f.set(factWrittenChunks, outChunks)
	f.cutSession(c.s, factTextSession)
}

// chunks reads "(in N chunks) " if it is there.
func (c *cursor) chunks() string {
	if !c.try("(in ") {
		return ""
	}
	n := c.number()
	c.lit(" chunks)")
	c.try(" ")
	return n
}

// readStatistics reads the counters of STS and SYS:
//
//	Number of concurrent users logged in to the device: N
//	Number of (NCP|JCP) connections: N
//	Integrity Scan Completed: Integrity Scan Results : Matched Files N, Newly Detected Files N, Mismatched Files N
func (f *facts) readStatistics(s string) {
	c := read(s)
	switch {
	case c.try("Number of concurrent users logged in to the device: "):
		if v := c.number(); c.ok {
			f.text = textUsers
			f.set(factConcurrentUsers, v)
		}
	case c.try("Number of NCP connections: "), c.try("Number of JCP connections: "):
		if v := c.number(); c.ok {
			f.text = textConnections
			f.set(factConnections, v)
		}
	case c.try("Integrity Scan Completed: Integrity Scan Results"):
		c.try(" ")
		c.lit(": Matched Files ")
		matched := c.number()
		c.lit(", Newly Detected Files ")
		detected := c.number()
		c.lit(", Mismatched Files ")
		mismatched := c.number()
		if c.ok {
			f.text = textIntegrityScan
			f.set(factMatchedFiles, matched)
			f.set(factDetectedFiles, detected)
			f.set(factMismatchedFiles, mismatched)
		}
	}
}
