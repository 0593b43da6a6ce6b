package ivanti

import "strings"

// readWeb reads the texts of web requests.
func (f *facts) readWeb(s string) {
	switch {
	case has(s, "WebRequest completed, "):
		f.webCompleted(s)
	case has(s, "WebRequest Failed"):
		f.webFailed(s)
	case has(s, "Access blocked after DNS lookup"):
		f.webStopped(s, textWebBlocked, "Access blocked after DNS lookup")
	case has(s, "Access blocked to invalid SSL site"):
		f.webStopped(s, textWebBlocked, "Access blocked to invalid SSL site")
	case has(s, "Access blocked due to invalid ActiveSync request"):
		f.webStopped(s, textWebBlocked, "Access blocked due to invalid ActiveSync request")
	case has(s, "Access denied because outbound secure http connections are disabled"):
		f.webStopped(s, textWebDenied, "")
	}
}

// webCompleted: WebRequest completed, METHOD to [URL] from [ip] result=[N] sent=[N] received=[N] in [N] seconds, also
// without brackets.
func (f *facts) webCompleted(s string) {
	c := read(s)
	c.lit("WebRequest completed, ")
	method := c.word()
	c.lit(" to ")
	var url string
	if c.try("[") {
		url = c.until("] from ")
	} else {
		url = c.until(" from ")
	}
	c.word()
	c.lit(" result=")
	status := c.boxed()
	c.lit(" sent=")
	sent := c.boxed()
	c.lit(" received=")
	received := c.boxed()
	c.lit(" in ")
	seconds := c.boxed()
	c.lit(" seconds")
	if !c.ok {
		return
	}
	f.text = textWebCompleted
	f.set(factMethod, method)
	f.set(factURL, url)
	f.set(factStatus, status)
	f.set(factBytesWritten, sent)
	f.set(factBytesRead, received)
	f.set(factTimeTaken, seconds)
}

// webFailed: WebRequest Failed : Host: H, Request: [METHOD ]URL[,] Reason[:] TEXT
func (f *facts) webFailed(s string) {
	c := read(s)
	c.lit("WebRequest Failed")
	c.try(" ")
	c.lit(": Host: ")
	host := c.until(", Request:")
	c.try(" ")
	request := c.until(" Reason")
	c.try(":")
	if !c.ok {
		return
	}
	f.text = textWebFailed
	f.set(factURLHost, host)
	f.request(strings.TrimSuffix(strings.TrimSpace(request), ","))
	f.set(factReason, strings.TrimSpace(c.s))
}

// webStopped: PHRASE[. Check Web ACL settings](. | - )Host: H[, Port: N], Request: [METHOD ]URL. The phrase is the reason of a
// blocked request.
func (f *facts) webStopped(s string, t text, reason string) {
	at := strings.Index(s, "Host: ")
	if at < 0 {
		return
	}
	c := read(s[at+len("Host: "):])
	host := c.until(", ")
	port := ""
	if c.try("Port: ") {
		port = c.number()
		c.lit(", ")
	}
	c.lit("Request: ")
	if !c.ok || c.s == "" {
		return
	}
	f.text = t
	f.set(factReason, reason)
	f.set(factURLHost, host)
	f.set(factPort, port)
	f.request(strings.TrimSpace(c.s))
}

// request splits "[METHOD ]URL".
func (f *facts) request(s string) {
	if method, url, ok := strings.Cut(s, " "); ok && isMethod(method) {
		f.set(factMethod, method)
		s = blanks(url)
	}
	f.set(factURL, s)
}

func isMethod(s string) bool {
	switch s {
	case "POST", "GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "CONNECT", "TRACE":
		return true
	}
	return false
}
