// Package spool keeps the records of a SIEM agent on its disk from when the server has given them until their destination has
// confirmed them.
//
//	batch ──Append──▶ frame, forced to disk ──▶ Due: the server may be told        ──Next──▶ deliver ──Confirm──▶ Checkpoint ──▶ segment removed
//
// A Folder belongs to one agent and is used by one process; it has a Queue for each destination. FORMAT.md describes the bytes.
//
// Invariants: what Due names lies on disk. A segment is removed only after a checkpoint says on disk that its records are
// confirmed, and while a receiver that was restarted may have lost some of them, it stays. What is missing between the
// checkpoint and the end of what the server was told is never passed over in silence: opening fails with a DamageError, or with
// SkipDamaged names it. Bytes behind the last whole frame are cut off: the server was not told of them.
package spool
