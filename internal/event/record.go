package event

import (
	"net/netip"
	"time"
)

// SourceName names a product whose records we understand.
type SourceName string

// The sources of this product, as they are written everywhere: configuration, columns, flags, API.
const (
	IvantiConnectSecure  SourceName = "ivanti-connect-secure"
	OktaAccessGateway    SourceName = "okta-access-gateway"
	CloudTrail           SourceName = "cloudtrail"
	AuditEvents          SourceName = "audit-events"
	DefenderForCloudApps SourceName = "defender-for-cloud-apps"
	Generic              SourceName = "generic"
	Kiroku               SourceName = "kiroku" // what Kiroku itself tells; no input can name it
)

// Record is one record as it arrived: its bytes without transport framing, and how they came.
// Nobody changes Data after intake; it may be shared by several goroutines.
type Record struct {
	Data     []byte
	Received time.Time
	Peer     netip.AddrPort // zero when the record did not come over the network
	Origin   *Origin        // how its input is configured; shared by all records of the input
	// Truncated says that Data is the head of a record that was longer than the input's limit.
	Truncated bool
	// Malformed says that the framing around Data was broken: Data is a run of bytes between two good frames.
	Malformed bool
}

// Origin is what the configuration of an input says about every record that comes through it.
type Origin struct {
	Input   string     // name of the input, for example "syslog-tcp-5514"
	Source  SourceName // configured source; empty: recognise by content
	Service string     // configured service; sources may set a better one
	Tags    []string
	Store   string         // event data store asked for; empty: routing rules decide
	Zone    *time.Location // zone of time stamps that carry none; nil: UTC
}

var noOrigin = &Origin{}

// From returns the record's origin, never nil.
func (r *Record) From() *Origin {
	if r.Origin == nil {
		return noOrigin
	}
	return r.Origin
}

// Location is the zone of time stamps that carry none.
func (r *Record) Location() *time.Location {
	if r.Origin == nil || r.Origin.Zone == nil {
		return time.UTC
	}
	return r.Origin.Zone
}
