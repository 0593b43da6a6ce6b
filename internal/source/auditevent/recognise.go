package auditevent

import (
	"bytes"

	"kiroku/internal/decode/jsonleaf"
	"kiroku/internal/event"
)

// Recognise says whether a record is an audit event as CloudTrail Lake stores it: a JSON object with the category
// ActivityAuditLog and eventData. The category stands in front of what the application said.
func Recognise(rec *event.Record) bool {
	b := bytes.TrimLeft(rec.Data, " \t\r\n")
	if len(b) == 0 || b[0] != '{' || !bytes.Contains(b, []byte(eventCategory)) {
		return false
	}
	category, data := false, false
	var m jsonleaf.Member
	ms := jsonleaf.Members{Doc: b}
	for !(category && data) && ms.Next(&m) {
		switch string(m.Key) {
		case "eventCategory":
			category = string(m.Text) == eventCategory
		case "eventData":
			data = m.Kind == jsonleaf.Object
		}
	}
	return category && data
}
