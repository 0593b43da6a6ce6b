// Package ivanti maps the syslog of Ivanti Connect Secure, formerly Pulse Connect Secure, and its Neurons export.
//
//	Record ──syslogline──▶ body ──filter (json, standard, welf, custom)──▶ entry ──text──▶ facts ──▶ Event
//
// The appliance writes one of several "filters": JSON with 23 keys, Standard, WELF, or a custom one. Each becomes an
// entry: values under the appliance's own keys. Most of what happened stands only in the message text of the entry; text
// reads it by hand-written rules, one per text, into facts. An entry and its facts become either an Event (Map) or the
// attributes that Datadog's integration for the product documents (Attributes).
//
// Invariants: every non-empty value of the record stands in a column or in unmapped; a text that no rule knows costs
// nothing but its facts; usual JSON records are mapped without allocating.
package ivanti
