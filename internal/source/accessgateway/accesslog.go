package accessgateway

import (
	"strconv"

	"kiroku/internal/event"
)

// accessLog maps a line of the access feed.
func (m *mapper) accessLog() {
	e := m.e
	method := m.peek("method")
	activity, name := event.HTTPActivity(method), method
	if method == "" {
		activity, name = 99, "Malformed Request"
	}
	m.class(event.ClassHTTPActivity, activity, name, event.SeverityInformational)
	if code := m.integer(event.ColHTTPStatus, "status"); code < 400 {
		m.outcome("status", event.OutcomeSuccess)
	} else {
		m.outcome("status", event.OutcomeFailure)
	}
	host, url := m.take("app_host"), m.take("url")
	e.Str(event.ColDstHost, "app_host", host)
	e.Str(event.ColURLHost, "app_host", host)
	if url != "" && url[0] == '/' {
		url = m.joined(host, url)
	}
	e.Str(event.ColHTTPURL, "url", url)
	m.str(event.ColHTTPMethod, "method")
	m.str(event.ColHTTPReferrer, "referrer")
	m.str(event.ColUserAgent, "user_agent")
	m.str(event.ColActorUserName, "remote_user")
	m.address("client_ip")
	m.integer(event.ColBytesOut, "bytes")
	if seconds, err := strconv.ParseFloat(m.peek("request_time"), 64); err == nil && seconds >= 0 && seconds < 1e9 {
		m.mark("request_time")
		e.Int(event.ColDurationMS, "request_time", int64(seconds*1000+0.5))
	}
}

// integer maps a whole number and returns it, 0 when key holds none.
func (m *mapper) integer(c event.Column, key string) int64 {
	v, err := strconv.ParseInt(m.peek(key), 10, 64)
	if err != nil {
		return 0
	}
	m.mark(key)
	m.e.Int(c, key, v)
	return v
}
