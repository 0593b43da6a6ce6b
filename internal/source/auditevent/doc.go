// Package auditevent maps the audit events that applications put into a channel (PutAuditEvents of CloudTrail Lake).
//
//	eventData ──Envelope.Append──▶ Record ──jsonleaf──▶ values, unmapped ──product's rules──▶ Event
//
// The record is the event as CloudTrail Lake stores it, with the application's eventData verbatim in it (CloudTrail User
// Guide, "CloudTrail Lake integrations event schema"); to its metadata we add channelSource, the channel's Source. What
// the event means is the application's to say: for the products that manage identities (Okta, GitHub, CrowdStrike,
// CyberArk, OneLogin) its name decides the OCSF class, by a table or by the words in it; every other event is API
// Activity.
//
// Invariants: eventData keeps its bytes; every non-empty value stands in a column or in unmapped, those of details,
// requestParameters, responseElements and additionalEventData always in unmapped; usual events are mapped without
// allocating.
package auditevent
