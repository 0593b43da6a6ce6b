// Package event holds the words that every stage shares: Record, Event, Column. It imports only the standard library.
//
//	intake ──Record──▶ pipeline ──Event──▶ lake ──Segment──▶ engine, search
//
// A Record is bytes as they arrived; it never changes. An Event is one row of the event table: flat columns named
// after their OCSF 1.8.0 path (see Columns), everything that has no column in Unmapped, and the record itself in
// raw_data. An Event is reused for row after row: its strings may point into the Record's bytes and into the Event's
// own scratch memory, so they are valid only until the next Reset.
package event
