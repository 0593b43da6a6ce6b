// Package syslogline takes one syslog line, without transport framing, apart into header fields and body. It follows
// RFC 5424 and RFC 3164 and forgives what devices and relays make of them: no PRI, no version, no year, no zone, a
// time stamp of the other RFC, a relay's header in front of the device's own, an octet count left in the text.
//
//	bytes ──Parse──▶ Line (slices of the bytes) ──Time──▶ time.Time
//
// Invariants: Body is a suffix of the line; every field is a part of the line; nothing is allocated or copied; whatever
// is not a header is body, so nothing is ever lost.
package syslogline
