package check

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"

	"kiroku/internal/forward/wire"
)

// testRecord is a marked record in the destination's format.
func testRecord(d *wire.Destination, host, id string) wire.Record {
	now := time.Now().UTC()
	const text = "kiroku agent check: a test record, nothing happened"
	ms := now.UnixMilli()
	line := ""
	switch d.Format {
	case wire.LEEF:
		line = fmt.Sprintf("LEEF:2.0|Kiroku|Kiroku|check|check|x09|devTime=%d\tcat=check\tsev=1\texternalId=%s\tmsg=%s", ms, id, text)
	case wire.CEF, wire.CEFMCAS:
		line = fmt.Sprintf("CEF:0|Kiroku|Kiroku|check|check|kiroku agent check|1|externalId=%s rt=%d start=%d end=%d msg=%s", id, ms, ms, ms, text)
	case wire.OCSFJSON:
		line = object(baseEvent(ms, id, text))
	default:
		line = object(map[string]any{"time": now.Format("2006-01-02T15:04:05.000000Z"), "metadata_uid": id, "message": text})
	}
	host = cmp.Or(d.Header.Host, host, "-")
	switch {
	case d.Format == wire.RFC5424JSON, d.Header.Form == wire.HeaderRFC5424:
		line = fmt.Sprintf("<109>1 %s %s kiroku - check - %s", now.Format("2006-01-02T15:04:05.000Z"), host, line)
	case d.Header.Form != "" && d.Header.Form != wire.HeaderNone:
		line = fmt.Sprintf("<109>%s %s %s", now.Format("2006-01-02T15:04:05.000Z"), host, line)
	}
	return wire.Record{Time: now.UnixMicro(), UID: id, Line: []byte(line)}
}

// ocsfVersion is that of the schema which baseEvent follows.
const ocsfVersion = "1.8.0"

// baseEvent is an event of OCSF's class Base Event.
func baseEvent(ms int64, id, text string) map[string]any {
	return map[string]any{
		"category_uid": 0, "category_name": "Uncategorized", "class_uid": 0, "class_name": "Base Event",
		"activity_id": 0, "activity_name": "Unknown", "type_uid": 0, "type_name": "Base Event: Unknown",
		"severity_id": 1, "severity": "Informational", "time": ms, "message": text,
		"metadata": map[string]any{"version": ocsfVersion, "uid": id, "product": map[string]any{"name": "Kiroku", "vendor_name": "Kiroku"}},
	}
}

// object writes an object of texts and numbers.
func object(o map[string]any) string {
	b, err := json.Marshal(o)
	if err != nil {
		panic("BUG: a test record has no JSON: " + err.Error())
	}
	return string(b)
}
