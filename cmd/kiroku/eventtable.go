package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"kiroku/internal/cli"
	"kiroku/internal/event"
)

// eventColumns are the columns that a table of events is made of.
func eventColumns() []string {
	names := []string{}
	for _, c := range []event.Column{event.ColTime, event.ColSeverityID, event.ColOutcome, event.ColSource, event.ColActorUserName,
		event.ColSrcIP, event.ColMessage, event.ColParseError} {
		names = append(names, c.String())
	}
	return names
}

// eventTable is the usual table of events, or one of chosen columns.
func eventTable(columns []string, width int) *cli.Table {
	t := &cli.Table{Width: width}
	if len(columns) == 0 {
		t.Columns = []cli.Column{{Name: "TIME"}, {Name: "SEVERITY"}, {Name: "OUTCOME", Max: 10}, {Name: "SOURCE", Max: 24}, {Name: "ACTOR", Max: 24},
			{Name: "SRC_IP", Max: 39}, {Name: "MESSAGE", Flex: true}}
		return t
	}
	for i, name := range columns {
		c := cli.Column{Name: strings.ToUpper(name), Flex: i == len(columns)-1}
		if width > 0 && !c.Flex {
			c.Max = 40
		}
		t.Columns = append(t.Columns, c)
	}
	return t
}

// eventCells are a row's cells for eventTable.
func eventCells(e map[string]any, columns []string, zone *time.Location) []string {
	if len(columns) > 0 {
		cells := make([]string, len(columns))
		for i, name := range columns {
			cells[i] = cellText(e[name])
		}
		return cells
	}
	message := cellText(e[event.ColMessage.String()])
	if why := cellText(e[event.ColParseError.String()]); why != "" {
		message = "[unparsed: " + why + "] " + message
	}
	return []string{timeText(e[event.ColTime.String()], zone), severity(e[event.ColSeverityID.String()]), dash(e[event.ColOutcome.String()]),
		dash(e[event.ColSource.String()]), dash(e[event.ColActorUserName.String()]), dash(e[event.ColSrcIP.String()]), message}
}

func timeText(v any, zone *time.Location) string {
	t, err := time.Parse(time.RFC3339Nano, cellText(v))
	if err != nil {
		return dash(v)
	}
	return t.In(zone).Format("2006-01-02T15:04:05.000Z07:00")
}

// severity words OCSF's severity_id.
func severity(v any) string {
	names := map[string]string{"0": "unknown", "1": "info", "2": "low", "3": "medium", "4": "high", "5": "critical", "6": "fatal"}
	if name, ok := names[cellText(v)]; ok {
		return name
	}
	return dash(v)
}

func dash(v any) string {
	if s := cellText(v); s != "" {
		return s
	}
	return "-"
}

// cellText is a JSON value as a cell shows it.
func cellText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = cellText(v[i])
		}
		return strings.Join(parts, ", ")
	case map[string]any:
		b, err := json.Marshal(v)
		if err != nil {
			return fmt.Sprint(v)
		}
		return string(b)
	}
	return fmt.Sprint(v)
}
