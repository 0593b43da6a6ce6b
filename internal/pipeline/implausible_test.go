package pipeline

import (
	"strings"
	"testing"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/source/all"
)

// A time that cannot be right is treated alike whatever the source: the event stands at its receipt, says so, and shows the time.
func TestImplausibleTimesOfEverySource(t *testing.T) {
	received := time.Date(2026, 6, 30, 0, 0, 0, 0, time.UTC)
	p := New(Options{Sources: all.Sources(), Default: "default"})
	for _, c := range []struct{ name, line, original string }{
		{"header, year 9999", `<13>1 9999-12-31T23:59:59Z h app - - - text`, "9999-12-31T23:59:59Z"},
		{"header, year 0", `<13>1 0000-01-01T00:00:00+09:00 h app - - - text`, "0000-01-01T00:00:00+09:00"},
		{"header, two years ahead", `<13>1 2028-06-30T00:00:00Z h app - - - text`, "2028-06-30T00:00:00Z"},
		{"JSON", `{"time":"0001-01-01T00:00:00Z","user":"alice"}`, "0001-01-01T00:00:00Z"},
		{"JSON behind an unreadable time", `{"time":"some time ago","timestamp":"9999-12-31T23:59:59Z"}`, "9999-12-31T23:59:59Z"},
		{"JSON, both", `<13>1 9998-12-31T23:59:59Z h app - - - {"time":"9999-12-31T23:59:59Z"}`, "9999-12-31T23:59:59Z"},
		{"key=value", `time=1969-12-31T23:59:59Z user=alice`, "1969-12-31T23:59:59Z"},
		{"Ivanti", `{"message_id":"AUT24326","timestamp":"99999999999","raw_message":"x","unique_id":"u"}`, "99999999999"},
		{"Defender, line", `CEF:0|MCAS|SIEM_Agent|0.300.1|EVENT_CATEGORY_LOGIN|Log on|0|externalId=1 rt=253402300799000 suser=alice@example.com`, "253402300799000"},
		{"Defender, row", `{"Timestamp":"9999-12-31T23:59:59Z","ActionType":"UserLoggedIn","ReportId":"1","Application":"x","RawEventData":{}}`, "9999-12-31T23:59:59Z"},
	} {
		rec := event.Record{Data: []byte(c.line), Received: received, Origin: &event.Origin{}}
		var e event.Event
		p.Map(&rec, &e)
		if at := time.UnixMicro(e.GetInt(event.ColTime)); !at.Equal(received) {
			t.Errorf("%s: stands at %v", c.name, at)
		}
		if got := strings.Join(e.GetList(event.ColLabels), " "); !strings.Contains(got, "implausible_time") {
			t.Errorf("%s: labels %q", c.name, got)
		}
		if got := e.GetStr(event.ColOriginalTime); got != c.original || e.Has(event.ColParseError) {
			t.Errorf("%s: original time %q, parse error %q; want %q", c.name, got, e.GetStr(event.ColParseError), c.original)
		}
	}
	for _, line := range []string{"no time at all", `{"time":"some time ago"}`, `<13>1 2026-06-29T23:59:59Z h a - - - {"time":"9999-12-31T23:59:59Z"}`} {
		rec := event.Record{Data: []byte(line), Received: received, Origin: &event.Origin{}}
		var e event.Event
		p.Map(&rec, &e)
		if len(e.GetList(event.ColLabels)) != 0 {
			t.Errorf("%s: labels %q", line, e.GetList(event.ColLabels))
		}
	}
}
