// Package generic maps records of no particular product. It never fails: whatever arrives is kept and searchable.
//
//	Record ──syslog header──▶ body ──JSON | CEF | LEEF | key=value | text──▶ leaves ──alias table──▶ columns, unmapped
//
// The body is looked at in that order and the first form that fits wins. A leaf whose name is a known alias goes to its
// column, the first of several; every other leaf goes to unmapped under its dotted name. The class is Base Event, with
// activity 99 where the record names what happened.
//
// A name that the record repeats is numbered in unmapped: dup, dup#2, dup#3; so is "a.b" beside "b" within "a".
//
// Names in unmapped that the record did not write: sd.<id>.<param> (structured data), syslog.* (header fields),
// _prefix (text in front of the body), _leaves_left_out (how many leaves were more than 1,000, or had names of more than
// 1,024 bytes), _json_error (why JSON ended early).
//
// Invariants: time is linear in the record, memory bounded by it; every text in the row is valid UTF-8; a
// time that is not plausible is set only where the record has no other.
package generic
