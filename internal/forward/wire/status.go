package wire

import (
	"fmt"
	"time"
)

// State is how an agent does, by the time since it was last heard of.
type State string

// The states.
const (
	Created        State = "created"          // its token was made, and it was never heard of
	Connected      State = "connected"        // lately
	ConnectionLost State = "connection_error" // longer ago than Thresholds.ConnectionError
	Disconnected   State = "disconnected"     // longer ago than Thresholds.Disconnected
	StateCompleted State = "completed"        // recovery: everything was sent
)

// Thresholds say when an agent counts as lost, and a destination as failing or behind.
type Thresholds struct {
	ConnectionError   time.Duration // without contact: ConnectionLost, AgentError
	Disconnected      time.Duration // without contact: Disconnected, and a system alert
	NotificationError time.Duration // with errors of a destination: NotificationError, and a system alert
	Backlog           time.Duration // since what is next was taken in: DeliveryBacklog
}

// DefaultThresholds are those of Defender for Cloud Apps where it has some.
func DefaultThresholds() Thresholds {
	return Thresholds{ConnectionError: 2 * time.Hour, Disconnected: 12 * time.Hour, NotificationError: 15 * time.Minute, Backlog: 5 * time.Minute}
}

// Span writes a length of time in the largest unit that it is a multiple of.
func Span(d time.Duration) string {
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		switch n := d / unit.length; {
		case d%unit.length != 0:
		case n == 1:
			return "1 " + unit.name
		default:
			return fmt.Sprintf("%d %ss", n, unit.name)
		}
	}
	return d.String()
}

// Delivery is how a destination does. It says nothing about the agent: a connected agent can be blocked.
type Delivery string

// How destinations do, the worst last.
const (
	DeliveryOK      Delivery = "ok"
	DeliveryBacklog Delivery = "backlog" // what is next was taken in, by the server or into the agent's spool, longer ago than Thresholds.Backlog
	DeliveryPaused  Delivery = "paused"
	DeliveryBlocked Delivery = "blocked" // the destination takes nothing: nothing more is pulled
)

// AgentStatus is an agent as people see it.
type AgentStatus struct {
	ID             string              `json:"id"`
	Name           string              `json:"name"`
	Kind           Kind                `json:"kind"`
	State          State               `json:"state"`
	Delivery       Delivery            `json:"delivery"` // the worst of its destinations
	Paused         bool                `json:"paused,omitempty"`
	Types          []Type              `json:"types"`
	Filter         string              `json:"filter"` // empty: everything
	Stores         []string            `json:"stores"` // empty: all
	Start          time.Time           `json:"start,omitzero"`
	Created        time.Time           `json:"created"`
	CreatedBy      string              `json:"created_by,omitempty"`
	Updated        time.Time           `json:"updated"`
	LastContact    time.Time           `json:"last_contact,omitzero"`
	Host           string              `json:"host,omitempty"` // the agent's machine
	Version        string              `json:"version,omitempty"`
	LagRecords     int64               `json:"lag_records"` // of the destination that is furthest behind: to be looked at, before filtering
	LagSeconds     int64               `json:"lag_seconds"`
	SpooledRecords int64               `json:"spooled_records,omitempty"` // acknowledged, and on the agent's disk until the destinations confirm them
	SpooledBytes   int64               `json:"spooled_bytes,omitempty"`
	Cursor         Positions           `json:"cursor"` // how far all destinations have confirmed, or the agent's spool has it
	Destinations   []DestinationStatus `json:"destinations"`
	Notifications  []Notification      `json:"notifications"` // the open ones
	Tokens         []TokenStatus       `json:"tokens"`
	DeadLetters    int64               `json:"dead_letters"`
	Recovery       *RecoveryStatus     `json:"recovery,omitempty"`
	Warnings       []string            `json:"warnings,omitempty"` // about the filter, after a change
}

// DestinationStatus is a destination as people see it.
type DestinationStatus struct {
	Name           string      `json:"name"`
	Config         Destination `json:"config"`
	Delivery       Delivery    `json:"delivery"`
	Cursor         Positions   `json:"cursor"` // how far it has confirmed, or the agent's spool has it
	LagRecords     int64       `json:"lag_records"`
	LagSeconds     int64       `json:"lag_seconds"`
	SpooledRecords int64       `json:"spooled_records,omitempty"`
	SpooledBytes   int64       `json:"spooled_bytes,omitempty"`
	Confirmed      int64       `json:"confirmed"` // records
	Dead           int64       `json:"dead_letters"`
	Oversize       int64       `json:"oversize"` // records that were shortened
	First          Receipt     `json:"first,omitzero"`
	Last           Receipt     `json:"last,omitzero"`
	LastAck        time.Time   `json:"last_ack,omitzero"`
	Error          string      `json:"error,omitempty"` // while it is blocked
	Metrics        Metrics     `json:"metrics"`         // as the agent last reported, since it was started
}

// Notification tells of a problem of an agent.
type Notification struct {
	ID          int64     `json:"id"`
	Destination string    `json:"destination,omitempty"`
	Code        Code      `json:"code"`
	Title       string    `json:"title"`
	Text        string    `json:"text"`
	Cause       string    `json:"cause"`
	Remedy      string    `json:"remedy"`
	Count       int64     `json:"count"`
	First       time.Time `json:"first"`
	Last        time.Time `json:"last"`
	Cleared     time.Time `json:"cleared,omitzero"`
}

// TokenStatus is a token of an agent, without the token.
type TokenStatus struct {
	State   string    `json:"state"` // valid, expiring, expired, revoked
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires,omitzero"`
	Revoked time.Time `json:"revoked,omitzero"`
	Used    time.Time `json:"used,omitzero"`
}

// RecoveryStatus is what a recovery agent is for, and what it did.
type RecoveryStatus struct {
	Like    string    `json:"like"` // the agent that it is like
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	By      string    `json:"by"` // event or ingest: the time that From and To mean
	Missing bool      `json:"missing_only,omitempty"`
	Ended   time.Time `json:"ended,omitzero"`
	Receipt *Summary  `json:"receipt,omitempty"`
}

// DeadLetter is a record that a destination will never take.
type DeadLetter struct {
	ID          int64     `json:"id"`
	Destination string    `json:"destination"`
	Store       string    `json:"store"`
	Seq         int64     `json:"seq"`
	UID         string    `json:"uid"`
	Reason      string    `json:"reason"`
	Time        time.Time `json:"time"`
	Replaying   bool      `json:"replaying,omitempty"` // it is being sent again
}
