package receive

import (
	"bytes"

	"kiroku/internal/decode/cef"
	"kiroku/internal/decode/jsonleaf"
	"kiroku/internal/decode/leef"
	"kiroku/internal/decode/syslogline"
)

// Record is one record that arrived. Line is valid only while it is handled.
type Record struct {
	Transport string // udp, tcp, tls, tcp+relp, tls+relp, http, https
	Peer      string
	Framing   string // lf, octet, nul, datagram, relp, or the form of a request's body
	Line      []byte

	// What was found in it.
	PRI     int    // -1: none
	Header  string // rfc5424, rfc3164, or empty
	Format  string // cef, leef, json, or text
	UID     string // the external id
	Problem string // why it cannot be read
}

// read looks into a record. A UID that is set stays.
func (r *Record) read() {
	r.PRI = -1
	var l syslogline.Line
	l.Parse(r.Line)
	if l.HasPRI {
		r.PRI = l.PRI()
	}
	switch l.Format {
	case syslogline.RFC5424:
		r.Header = "rfc5424"
	case syslogline.RFC3164:
		r.Header = "rfc3164"
	}
	uid, err := "", error(nil)
	if i := cef.Index(r.Line); i >= 0 {
		var m cef.Message
		r.Format, err = "cef", m.Parse(r.Line[i:])
		uid = externalID(m.Fields)
	} else if i := leef.Index(r.Line); i >= 0 {
		var m leef.Message
		r.Format, err = "leef", m.Parse(r.Line[i:])
		uid = externalID(m.Fields)
	} else if body := bytes.TrimSpace(l.Body); len(body) > 0 && body[0] == '{' {
		r.Format = "json"
		uid, err = readJSON(body)
	} else {
		r.Format = "text"
	}
	if err != nil {
		r.Problem = err.Error()
	}
	if r.UID == "" {
		r.UID = uid
	}
}

// externalID is the id among the fields of a message, which has none when it could not be parsed.
func externalID[F ~struct{ Key, Value []byte }](fields []F) string {
	for _, field := range fields {
		if f := (struct{ Key, Value []byte })(field); string(f.Key) == "externalId" {
			return string(f.Value)
		}
	}
	return ""
}

// readJSON takes the id as the encoders and the lake call it: metadata.uid before the event's own.
func readJSON(b []byte) (uid string, err error) {
	var w jsonleaf.Walker
	found := 0
	err = w.Walk(b, func(l jsonleaf.Leaf) bool {
		for i, key := range [...]string{"event_uid", "externalId", "metadata_uid", "metadata.uid"} {
			if string(l.Key) == key && len(l.Value) > 0 && i+1 > found {
				uid, found = string(l.Value), i+1
			}
		}
		return true
	})
	return uid, err
}
