// Package all is the one list of sources.
//
//	Record ──Set.Recognise──▶ Source
//
// Invariant: every source has a name of its own, and the last one, generic, takes every record.
package all
