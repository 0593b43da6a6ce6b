package accessgateway

import (
	"bytes"

	"kiroku/internal/event"
)

// Attributes shows a record by the vendor's columns: a column that the line does not have is nil, optional parts are
// left out when they are absent.
func attributes(rec *event.Record) (map[string]any, error) {
	return Parse(bytes.Clone(rec.Data), rec.Received, rec.Location()).attributes(), nil
}

func (l *Line) attributes() map[string]any {
	m := map[string]any{
		"timestamp":       nullable(cell(l.Stamp.Text())),
		"hostname":        nullable(l.Hostname),
		"application":     nullable(l.Application),
		"sub_process":     nullable(l.SubProcess),
		"component":       nullable(l.Component),
		"sub_component":   nullable(l.SubComponent),
		"log_level":       nullable(l.Level),
		"event":           nullable(l.Event),
		"structured_data": object(l.Data),
		"message":         l.Message,
	}
	codes := make([]string, 0, len(l.Irregular))
	seen := map[Irregular]struct{}{}
	for _, i := range l.Irregular {
		if _, again := seen[i]; !again {
			seen[i] = struct{}{}
			codes = append(codes, i.String())
		}
	}
	m["irregular"] = codes
	if l.Envelope.Format != "" {
		m["envelope"] = l.Envelope.attributes()
	}
	if l.ProcID != "" {
		m["procid"] = l.ProcID
	}
	if len(l.Positional) > 0 {
		m["positional"] = l.Positional
	}
	if len(l.Bare) > 0 {
		m["sd_bare"] = l.Bare
	}
	if len(l.Duplicates) > 0 {
		lists := map[string][]string{}
		for _, p := range l.Duplicates {
			lists[p.Key] = append(lists[p.Key], p.Value)
		}
		m["sd_duplicates"] = lists
	}
	if len(l.MessageFields) > 0 {
		m["message_fields"] = object(l.MessageFields)
	}
	if l.HasReason {
		m["reason_rule"] = l.ReasonRule
		m["reason_fields"] = object(l.ReasonFields)
	}
	return m
}

func (e *Envelope) attributes() map[string]any {
	m := map[string]any{"format": e.Format}
	if e.HasPRI {
		m["pri"], m["facility"], m["severity"] = e.PRI, e.PRI/8, e.PRI%8
	}
	for _, p := range [...]Pair{
		{"timestamp", e.Timestamp}, {"hostname", e.Hostname}, {"app_name", e.AppName}, {"procid", e.ProcID}, {"msgid", e.MsgID},
	} {
		if p.Value != "" {
			m[p.Key] = p.Value
		}
	}
	return m
}

func nullable(c Cell) any {
	if !c.Present {
		return nil
	}
	return c.Value
}

func object(pairs []Pair) map[string]string {
	m := make(map[string]string, len(pairs))
	for _, p := range pairs {
		m[p.Key] = p.Value
	}
	return m
}
