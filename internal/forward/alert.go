package forward

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/forward/wire"
	"kiroku/internal/meta"
)

// The classes of the system alerts; the first two are those of Defender for Cloud Apps.
const (
	AlertDisconnected  = "ALERT_MANAGEMENT_DISCONNECTED_SIEM"
	AlertNotifications = "ALERT_MANAGEMENT_NOTIFICATIONS_SIEM"
	AlertGap           = "ALERT_MANAGEMENT_SIEM_DELIVERY_GAP"
)

const (
	// checkpointKey is the checkpoint whose position is the number of the last alert that is an event in the lake.
	checkpointKey = "siem-agents"
	// alertsAtOnce is how many alerts are stored in one transaction.
	alertsAtOnce = 500
	// alertsKept is how long an alert is remembered, so that there is one for each incident.
	alertsKept = 30 * 24 * time.Hour
)

// Alert is the record of a system alert, which the source kiroku makes a Detection Finding of.
type Alert struct {
	Alert       string    `json:"kiroku_alert"` // the class
	UID         string    `json:"uid"`
	Time        time.Time `json:"time"`
	Severity    string    `json:"severity"`
	Title       string    `json:"title"`
	Message     string    `json:"message"`
	Next        string    `json:"next,omitempty"` // what to do
	Status      string    `json:"status"`         // the code of the notification, or the kind of gap
	Agent       string    `json:"siem_agent"`
	AgentName   string    `json:"siem_agent_name"`
	Destination string    `json:"siem_destination,omitempty"`
	Store       string    `json:"store,omitempty"`
	Kind        string    `json:"kind,omitempty"`
	From        time.Time `json:"from,omitzero"` // half-open
	To          time.Time `json:"to,omitzero"`
	Count       int64     `json:"count,omitempty"`
	Command     string    `json:"command,omitempty"` // that recovers what is missing
}

// alert has an alert stored with the next flush, once for each incident. The caller holds mu.
func (s *Service) alert(a *agent, incident string, al *Alert, now time.Time) {
	al.UID = "siem-agent-" + hash(incident)[:24]
	al.Time, al.Agent, al.AgentName = now.UTC(), a.row.ID, a.row.Name
	raw, err := json.Marshal(al)
	if err != nil {
		panic("BUG: an alert has no JSON: " + err.Error())
	}
	s.alerts = append(s.alerts, meta.SIEMAlert{Incident: incident, Record: string(raw), Created: now})
}

// alertNote has an alert stored about a notification.
func (s *Service) alertNote(a *agent, n *note, now time.Time) {
	e := wire.Explain(wire.Code(n.row.Code))
	s.alert(a, fmt.Sprintf("notification %s %s %s %d", a.row.ID, n.row.Destination, n.row.Code, n.row.First.UnixMicro()), &Alert{
		Alert: AlertNotifications, Severity: "medium", Title: "System alert: SIEM agent notifications", Status: n.row.Code, Destination: n.row.Destination,
		Message: fmt.Sprintf("SIEM agent %s: %s: %s", a.row.Name, e.Title, n.row.Text), Next: e.Remedy, Count: n.row.Count, From: n.row.First.UTC()}, now)
}

// alertDisconnected has an alert stored about an agent that was not heard of for long.
func (s *Service) alertDisconnected(a *agent, now time.Time) {
	s.alert(a, fmt.Sprintf("disconnected %s %d", a.row.ID, a.row.Contact.UnixMicro()), &Alert{
		Alert: AlertDisconnected, Severity: "high", Title: "System alert: SIEM agent error", Status: string(wire.Disconnected),
		Message: fmt.Sprintf("SIEM agent %s has been disconnected for more than %s, since %s.", a.row.Name, wire.Span(s.opt.After.Disconnected), stamp(a.row.Contact)),
		Next:    wire.Explain(wire.AgentError).Remedy, From: a.row.Contact.UTC()}, now)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// alertOrigin is that of all alerts.
func alertOrigin() *event.Origin {
	return &event.Origin{Input: "siem-agents", Source: event.Kiroku, Service: "siem-agents", Tags: []string{"kiroku-alert"}}
}

// tell puts the alerts into the lake, each exactly once: their numbers and events are stored together.
func (s *Service) tell(ctx context.Context) error {
	s.telling.Lock()
	defer s.telling.Unlock()
	for {
		told, err := s.opt.Checkpoints.Checkpoint(ctx, checkpointKey)
		if err != nil {
			return fmt.Errorf("find alerts about SIEM agents: %w", err)
		}
		alerts, err := meta.ListSIEMAlerts(ctx, s.opt.DB.Read(), told, alertsAtOnce)
		if err != nil {
			return err
		}
		if len(alerts) == 0 {
			return nil
		}
		now := time.Now()
		origin := alertOrigin()
		b := event.Batch{Checkpoint: &event.Checkpoint{Key: checkpointKey, Position: alerts[len(alerts)-1].ID}}
		for i := range alerts {
			b.Records = append(b.Records, event.Record{Data: []byte(alerts[i].Record), Received: now, Origin: origin})
		}
		if err := s.opt.Sink.Accept(ctx, b); err != nil {
			return fmt.Errorf("store alerts about SIEM agents: %w", err)
		}
		if err := s.opt.DB.Write(ctx, func(tx *sql.Tx) error {
			return meta.ForgetSIEMAlerts(ctx, tx, b.Checkpoint.Position, now.Add(-alertsKept))
		}); err != nil {
			return err
		}
	}
}
