package cloudtrail

import (
	"bytes"

	"kiroku/internal/decode/jsonleaf"
	"kiroku/internal/event"
)

// Recognise says whether a record is a CloudTrail record: a JSON object with eventVersion 1.x, awsRegion, and an event
// name or type among its members. Notifications of S3 look alike, but have eventVersion 2.x. The events that applications
// put into a channel do too, but their category is ActivityAuditLog and stands in front.
func Recognise(rec *event.Record) bool {
	b := bytes.TrimLeft(rec.Data, " \t\r\n")
	if len(b) == 0 || b[0] != '{' || !bytes.Contains(b, []byte(`"eventVersion"`)) || !bytes.Contains(b, []byte(`"awsRegion"`)) {
		return false
	}
	var version, region, event bool
	var m jsonleaf.Member
	ms := jsonleaf.Members{Doc: b}
	for !(version && region && event) && ms.Next(&m) {
		switch string(m.Key) {
		case "eventVersion":
			if m.Kind != jsonleaf.String || !bytes.HasPrefix(m.Text, []byte("1.")) {
				return false
			}
			version = true
		case "awsRegion":
			region = true
		case "eventName", "eventType":
			event = true
		case "eventCategory":
			if string(m.Text) == "ActivityAuditLog" {
				return false
			}
		}
	}
	return version && region && event
}
