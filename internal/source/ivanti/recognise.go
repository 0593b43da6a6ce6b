package ivanti

import (
	"bytes"

	"kiroku/internal/event"
)

// Recognise says whether a record looks like one of Connect Secure: its program name in the header, or a body that only
// it writes.
func Recognise(rec *event.Record) bool {
	head := rec.Data[:min(len(rec.Data), 320)]
	if bytes.Contains(head, []byte(programName)) {
		return true
	}
	if at := bytes.IndexByte(head, '{'); at >= 0 {
		return recogniseJSON(rec.Data[at:])
	}
	if at := bytes.Index(head, []byte("id=firewall ")); at >= 0 {
		return recogniseWELF(rec.Data[at:])
	}
	return recogniseStandard(head)
}

// recogniseJSON wants "message_id":"AAA99999". Records of other products are mostly recognised by now, so that a search
// through the first part of the object is cheap enough.
func recogniseJSON(b []byte) bool {
	rest := b[:min(len(b), 1024)]
	const name = `"message_id":`
	at := bytes.Index(rest, []byte(name))
	if at < 0 {
		return false
	}
	value := bytes.TrimLeft(rest[at+len(name):], " ")
	if len(value) == 0 || value[0] != '"' {
		return false
	}
	end := bytes.IndexByte(value[1:], '"')
	return end > 0 && isMessageID(string(value[1:1+end])) && bytes.Contains(b, []byte(`"raw_message":`))
}

// recogniseWELF wants msg="AAA99999: …" or msg_code=AAA99999, because other firewalls write WELF too.
func recogniseWELF(b []byte) bool {
	return idBehind(b, `msg="`, ":") || idBehind(b, "msg_code=", " ")
}

func idBehind(b []byte, name, end string) bool {
	at := bytes.Index(b, []byte(name))
	if at < 0 {
		return false
	}
	rest := b[at+len(name):]
	id, _, ok := bytes.Cut(rest[:min(len(rest), 16)], []byte(end))
	return ok && isMessageID(string(id))
}

// recogniseStandard wants "DATE TIME - NODE - [CLIENT] USER(REALM)[ROLES".
func recogniseStandard(b []byte) bool {
	at := bytes.Index(b, []byte(" - ["))
	if at < 24 {
		return false
	}
	node := bytes.LastIndex(b[:at], []byte(" - "))
	if node < 19 {
		return false
	}
	var n entry
	return n.parseStandard(string(b[node-19:])) || startsStandard(b[node-19:])
}

// startsStandard is for a head that ends within the roles.
func startsStandard(b []byte) bool {
	return len(b) > 19 && b[4] == '-' && b[7] == '-' && b[10] == ' ' && b[13] == ':' && b[16] == ':' &&
		bytes.Contains(b, []byte("] ")) && bytes.Contains(b, []byte(")["))
}
