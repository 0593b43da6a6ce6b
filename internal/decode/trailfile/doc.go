// Package trailfile reads the files that CloudTrail delivers: one JSON object {"Records":[…]} on one line, compressed by
// gzip, up to 50 MB long (CloudTrail User Guide, "CloudTrail log file examples" and "Quotas").
//
//	bytes ──gzip members──▶ JSON text ──Reader.Next──▶ the bytes of one record, as they stand
//
// What people and other services make of such files is read too: uncompressed copies, several gzip members, a byte order
// mark, a bare array of records, further keys beside "Records", several such values one after another.
//
// Invariants:
//   - A record's bytes are exactly those of the file: no number is changed, no space is lost.
//   - Memory is one record and two buffers, however long the file or its line is.
//   - Time is linear in the uncompressed length, which is limited.
//   - Every whole record before damage is returned; the damage is returned instead of io.EOF.
package trailfile
