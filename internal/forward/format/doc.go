// Package format writes events as the lines that SIEMs read: CEF as Defender for Cloud Apps wrote it, CEF, LEEF 2.0, and
// JSON in three forms, with the headers of syslog in front.
//
//	Event ──Encoder──▶ one line without frame, at most MaxBytes long
//
// Invariants: the same event gives the same bytes; no value of an event makes a key, a field or a line; what a format can
// hold is read back as it was, for any UTF-8; a line that is shortened is never cut within a rune or an escape.
package format
