package wire

import "time"

// BasePath is where the protocol's requests go; the name of the request follows.
const BasePath = "/siem-agent/v1/"

// SessionHeader carries the session that Hello gave.
const SessionHeader = "Kiroku-Session"

// The requests.
const (
	PathHello     = BasePath + "hello"
	PathPull      = BasePath + "pull"
	PathAck       = BasePath + "ack"
	PathNotify    = BasePath + "notify"
	PathDead      = BasePath + "dead"
	PathHeartbeat = BasePath + "heartbeat"
	PathComplete  = BasePath + "complete"
	PathRecover   = BasePath + "recover"
)

// Limits of the protocol.
const (
	MaxWait       = 30 * time.Second // of Pull
	MaxPull       = 5000             // records of one batch
	MaxPullBytes  = 4 << 20          // bytes of the lines of one batch; one record may be longer
	AckRecords    = 500              // confirmed records after which an Ack does not wait for more
	HeartbeatTime = 60 * time.Second // from one Heartbeat to the next, also while a destination is blocked
	MaxClockSkew  = 60 * time.Second
)

// Positions say how far something is: the sequence number of the last event, by event data store.
type Positions map[string]int64

// Hello begins a session. The newest session of a token is the one that counts: an older one is refused with ReasonReplaced.
// A Hello that carries the session that counts in SessionHeader only asks for the configuration, and keeps the session; one
// that carries another session is refused with ReasonReplaced.
type Hello struct {
	Version string    `json:"version"`         // of the agent
	Host    string    `json:"host"`            // name of the agent's machine, for the headers of syslog
	OS      string    `json:"os"`              // GOOS/GOARCH
	Now     time.Time `json:"now"`             // the agent's clock
	Check   bool      `json:"check,omitempty"` // only a check: no session is begun, nothing counts as contact
}

// Config is what an agent has to do.
type Config struct {
	Session      string        `json:"session"`
	ETag         string        `json:"etag"` // changes with anything below
	Now          time.Time     `json:"now"`  // the server's clock
	Agent        Agent         `json:"agent"`
	Destinations []Destination `json:"destinations"`
	// Spools is what the agent last acknowledged to have in the spools of destinations.
	Spools map[string]Spool `json:"spools,omitempty"`
}

// Agent names the agent to itself.
type Agent struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Kind    Kind      `json:"kind"`
	Paused  bool      `json:"paused,omitempty"`
	Types   []Type    `json:"types"`
	Filter  string    `json:"filter,omitempty"`
	From    time.Time `json:"from,omitzero"` // recovery: the window
	To      time.Time `json:"to,omitzero"`
	Missing bool      `json:"missing_only,omitempty"` // recovery: leave out what the receipt log of the destination has
	Expires time.Time `json:"token_expires,omitzero"` // of the token that was used
}

// Kind tells agents apart.
type Kind string

// The kinds of agents.
const (
	Main     Kind = "main"
	Recovery Kind = "recovery" // sends a window of time again, then it is completed
)

// Type is a kind of events.
type Type string

// The data types, as the original calls them.
const (
	Activities Type = "activities" // everything that is not an alert
	Alerts     Type = "alerts"     // OCSF category Findings
)

// Pull asks for the next records of a destination.
type Pull struct {
	Destination string    `json:"destination"`
	After       Positions `json:"after,omitempty"` // what the agent has already; a store that is missing begins where the server stands
	Max         int       `json:"max,omitempty"`   // records, 0: MaxPull
	WaitMS      int       `json:"wait_ms,omitempty"`
	Check       bool      `json:"check,omitempty"`  // only a check: the last record that would be sent, whatever was acknowledged
	Peek        Peek      `json:"peek,omitempty"`   // only a look: needs no session, moves nothing, counts as no contact
	Host        string    `json:"host,omitempty"`   // with Check and Peek: name of the machine for the headers, instead of the one that the last Hello said
	Replay      int       `json:"replay,omitempty"` // a store that is missing in After begins this many bytes of lines before where the server stands: what a restart of the receiver may have lost
}

// Peek says where a look begins in the stores that are missing in After.
type Peek string

// Where a look begins.
const (
	PeekNext Peek = "next" // where the server stands: what would be sent next
	PeekNew  Peek = "new"  // at the end; such a store is answered at once, without records, so that After can name it
)

// BatchHeader is the first line of the answer of Pull. All records of a batch are of one store.
type BatchHeader struct {
	Store   string `json:"store,omitempty"`
	Next    int64  `json:"next"`            // position in Store when all records of the batch are confirmed; also without records
	Acked   int64  `json:"acked,omitempty"` // with Pull.Replay: where the server stands in Store; records up to here were confirmed before
	Records int    `json:"records"`
	More    bool   `json:"more,omitempty"`     // there is more already
	Done    bool   `json:"done,omitempty"`     // recovery: nothing more will come
	ETag    string `json:"etag"`               // when it is another than Config.ETag: say Hello again
	Dead    int    `json:"dead,omitempty"`     // with Pull.Check and Pull.Peek: records of Store that cannot be encoded; without, they are dead letters
	DeadWhy string `json:"dead_why,omitempty"` // why the last of them cannot
}

// Ack says that everything up to Positions is confirmed by a destination, or lies in the agent's spool. With Records it counts
// as the first delivery after a fault.
type Ack struct {
	Destination string    `json:"destination"`
	Positions   Positions `json:"positions"`
	Records     int64     `json:"records"`           // confirmed since the Ack before, without dead letters
	Skipped     int64     `json:"skipped,omitempty"` // recovery with missing_only: left out since the Ack before
	First       Receipt   `json:"first,omitzero"`
	Last        Receipt   `json:"last,omitzero"`
	Spool       *Spool    `json:"spool,omitempty"` // what lies there by now; nil: the agent has none
}

// Spool says what an agent has acknowledged and the destination has not confirmed.
type Spool struct {
	Records  int64 `json:"records"`
	Bytes    int64 `json:"bytes"` // on disk
	OldestMS int64 `json:"oldest_ms,omitempty"`
	Next     int64 `json:"next,omitempty"` // number behind the last record that it must have: they are counted from 0
}

// Receipt names one record.
type Receipt struct {
	UID  string    `json:"uid"`
	Time time.Time `json:"time"`
}

// AckAnswer is the answer of Ack and Heartbeat.
type AckAnswer struct {
	ETag   string    `json:"etag"`
	Now    time.Time `json:"now"`
	Paused bool      `json:"paused,omitempty"`
}

// Notify tells of a problem, or with Cleared that it is over.
type Notify struct {
	Destination string `json:"destination,omitempty"`
	Code        Code   `json:"code"`
	Text        string `json:"text"`
	Count       int64  `json:"count,omitempty"` // 0: 1
	Cleared     bool   `json:"cleared,omitempty"`
}

// Dead puts a record that a destination will never take on the list of dead letters. It counts as confirmed.
type Dead struct {
	Destination string `json:"destination"`
	Store       string `json:"store"`
	Seq         int64  `json:"seq"`
	UID         string `json:"uid"`
	Reason      string `json:"reason"`
}

// Heartbeat says that the agent lives, and how its destinations do.
type Heartbeat struct {
	Now          time.Time          `json:"now"`
	Destinations map[string]Metrics `json:"destinations"`
}

// Metrics of a destination since the session began.
type Metrics struct {
	Pulled      int64          `json:"records_pulled"`
	Confirmed   int64          `json:"records_confirmed"`
	Bytes       int64          `json:"bytes_sent"`
	Resent      int64          `json:"duplicates_resent"`
	Replays     int64          `json:"replays"`
	Reconnects  int64          `json:"reconnects"`
	Errors      int64          `json:"dest_errors"`
	ErrorsBy    map[Code]int64 `json:"dest_errors_by_code,omitempty"` // those of DeliveryErrors
	Dead        int64          `json:"dead_letters"`
	Skipped     int64          `json:"skipped"` // recovery with missing_only: records that the destination had
	QueueBytes  int64          `json:"send_queue_bytes"`
	OldestMS    int64          `json:"oldest_unconfirmed_ms"`
	LimitedMS   int64          `json:"rate_limited_ms"`
	CertExpires int64          `json:"cert_expiry_seconds,omitempty"` // until the destination's certificate ends
	Blocked     bool           `json:"blocked,omitempty"`
	Error       string         `json:"error,omitempty"` // the last one, while Blocked
	Spool       *Spool         `json:"spool,omitempty"` // nil: the agent has none
}

// Complete ends a recovery: everything of its window is confirmed.
type Complete struct{}

// Summary is what a recovery did.
type Summary struct {
	Records int64     `json:"records"`
	Skipped int64     `json:"skipped,omitempty"`
	Dead    int64     `json:"dead_letters,omitempty"`
	First   Receipt   `json:"first,omitzero"`
	Last    Receipt   `json:"last,omitzero"`
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
}

// Recover makes a recovery agent like the one that asks.
type Recover struct {
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Types   []Type    `json:"types,omitempty"` // none: activities
	Missing bool      `json:"missing_only,omitempty"`
}

// Recovered is the new agent. The token is shown this once.
type Recovered struct {
	ID    string `json:"id"`
	Token string `json:"token"`
	Note  string `json:"note"`
}

// Reason says why a request is refused.
type Reason string

// The reasons.
const (
	ReasonMalformed Reason = "token_malformed"  // 401: not the form of a token
	ReasonUnknown   Reason = "token_unknown"    // 401
	ReasonRevoked   Reason = "token_revoked"    // 401
	ReasonExpired   Reason = "token_expired"    // 401: rotated, and the overlap is over
	ReasonDeleted   Reason = "agent_deleted"    // 410
	ReasonCompleted Reason = "agent_completed"  // 410
	ReasonReplaced  Reason = "session_replaced" // 409: another process runs with this token
	ReasonBusy      Reason = "busy"             // 429 or 503, with Retry-After
	ReasonInvalid   Reason = "invalid"          // 400
)

// Refusal is the body of every refusal.
type Refusal struct {
	Reason  Reason `json:"reason"`
	Message string `json:"message"`
	Next    string `json:"next,omitempty"`
}

// Error makes a Refusal an error.
func (r *Refusal) Error() string { return r.Message }
