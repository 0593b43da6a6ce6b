package intake

import "time"

// Status is what an input tells about itself.
type Status struct {
	Name        string    `json:"name"`                  // for example "syslog-tcp-5514"
	Integration string    `json:"integration,omitempty"` // folder of conf.d that configures it, for example "ivanti_connect_secure"
	Type        string    `json:"type"`                  // tcp, udp, tls, file, cloudtrail
	Address     string    `json:"address,omitempty"`     // where it listens
	Source      string    `json:"source,omitempty"`
	Service     string    `json:"service,omitempty"`
	State       string    `json:"state"` // listening, reading, stopped, error
	Error       string    `json:"error,omitempty"`
	Connections int       `json:"connections"`
	LastSeen    time.Time `json:"last_seen,omitzero"`
	Counters
	Peers []Peer `json:"peers"` // newest first, at most 100
	// CloudTrail is there for inputs of that type.
	CloudTrail *CloudTrail `json:"cloudtrail,omitempty"`
}

// Counters count what came in since the start.
type Counters struct {
	Records   uint64 `json:"records"` // records received, those included that were dropped afterwards
	Bytes     uint64 `json:"bytes"`
	Dropped   uint64 `json:"dropped"`   // records lost: the queue or the system's buffer was full (UDP), or the process was stopping
	Malformed uint64 `json:"malformed"` // runs of bytes that belong to no frame, plain text without a header among them
	Oversized uint64 `json:"oversized"` // frames longer than the limit
	Refused   uint64 `json:"refused"`   // connections refused: limit, deny list, TLS; datagrams of refused senders
	Discarded uint64 `json:"discarded"` // bytes behind the limit of oversized frames
	// Miscounted counts frames whose octet count was wrong and that were delimited by their lines instead.
	Miscounted uint64 `json:"miscounted"`
	Excluded   uint64 `json:"excluded"` // records that a processing rule of the input excludes
	Parsed     uint64 `json:"parsed"`   // records that became an event of their source
	Unparsed   uint64 `json:"unparsed"` // records that were stored with a parse_error
}

// Peer is one sender of an input.
type Peer struct {
	Address  string    `json:"address"`
	LastSeen time.Time `json:"last_seen"`
	Counters
}
