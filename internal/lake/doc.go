// Package lake keeps events: durable as soon as they are acknowledged, in open files, found again after any crash.
//
//	Event ──Writer──▶ row groups ──commit──▶ fresh segment ──publish──▶ data file of the Iceberg table ──compact──▶ fewer, sorted
//
// A Writer belongs to one worker of the pipeline. A commit takes what all writers have, writes one segment a store,
// forces it to disk, and registers all of them and the inputs' checkpoints in one transaction; only then are the waiting
// senders told. The segment is the journal: there is no other log.
//
// Invariants:
//   - The rows of the table segments are the truth. A file without a row is garbage; a row without a file is a loss.
//   - Every event has one sequence number in its store, given by its commit; they have no gaps; no number is in two segments.
//     What retention drops is missing from among them, and remembered (table dropped). A store that takes the name of a deleted
//     one goes on with its numbers: a position in a store never means another event.
//   - A segment never changes. Publishing and compaction put others in its place, in one transaction, after the Iceberg
//     commit; what was begun and not finished is recognised by the publication's id in the snapshot's summary.
package lake
