package kiroku

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/source"
)

// Source is Kiroku itself.
var Source = source.Source{
	Name:      event.Kiroku,
	Recognise: func(*event.Record) bool { return false },
	Map:       mapAlert,
	Fields: []source.Field{
		{Name: "kiroku_alert", Column: event.ColEventCode}, {Name: "uid", Column: event.ColFindingUID}, {Name: "title", Column: event.ColFindingTitle},
		{Name: "chain.account", Column: event.ColCloudAccountUID}, {Name: "chain.region", Column: event.ColCloudRegion},
	},
}

const findingCreate = 1

// severities are the words of alerts.
var severities = map[string]int64{"low": event.SeverityLow, "medium": event.SeverityMedium, "high": event.SeverityHigh, "critical": event.SeverityCritical}

var errForm = errors.New("not an alert of Kiroku: kiroku_alert, uid, time or title is missing")

// mapAlert maps one alert.
func mapAlert(rec *event.Record, e *event.Event) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(rec.Data, &members); err != nil {
		return fmt.Errorf("read alert: %w", err)
	}
	text := func(name string) (s string) {
		if json.Unmarshal(members[name], &s) != nil {
			return ""
		}
		delete(members, name)
		return s
	}
	stamp := text("time")
	at, err := time.Parse(time.RFC3339Nano, stamp)
	name, uid, title := text("kiroku_alert"), text("uid"), text("title")
	if err != nil || name == "" || uid == "" || title == "" {
		return errForm
	}
	e.Class(event.ClassDetectionFinding, findingCreate)
	e.Time(event.ColTime, "time", at)
	e.Str(event.ColOriginalTime, "time", stamp)
	severity, ok := severities[text("severity")]
	if !ok {
		severity = event.SeverityUnknown
	}
	e.Int(event.ColSeverityID, "severity", severity)
	e.Str(event.ColEventCode, "kiroku_alert", name)
	e.Str(event.ColMetadataUID, "uid", uid)
	e.Str(event.ColFindingUID, "uid", uid)
	e.Str(event.ColFindingTitle, "title", title)
	e.Str(event.ColMessage, "message", text("message"))
	e.Str(event.ColStatusCode, "status", text("status"))
	e.Str(event.ColStatusDetail, "detail", text("detail"))
	e.Str(event.ColProductVendor, "", "Kiroku")
	e.Str(event.ColProductName, "", "Kiroku")
	e.Str(event.ColPriority, "", "normal")
	mapChain(members, e)
	for _, name := range slices.Sorted(maps.Keys(members)) {
		e.Unmap(name, plain(members[name]))
	}
	return nil
}

// mapChain maps where the files that an alert is about come from.
func mapChain(members map[string]json.RawMessage, e *event.Event) {
	var chain map[string]json.RawMessage
	if json.Unmarshal(members["chain"], &chain) != nil {
		return
	}
	delete(members, "chain")
	for _, name := range slices.Sorted(maps.Keys(chain)) {
		value := plain(chain[name])
		switch name {
		case "account":
			e.Str(event.ColCloudProvider, "", "AWS")
			e.Str(event.ColCloudAccountUID, "chain.account", value)
		case "region":
			e.Str(event.ColCloudRegion, "chain.region", value)
		default:
			e.Unmap("chain."+name, value)
		}
	}
}

// plain is the text of a value: of a string without quotes.
func plain(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil && string(raw) != "null" {
		return s
	}
	return string(raw)
}
