// Package spool keeps the records of a SIEM agent on its disk from when the server has given them until their destination has
// confirmed them.
//
//	batch ──Append──▶ frames, forced to disk ──▶ Due: promised on disk, the server may be told        ──Next──▶ deliver ──Confirm──▶ Checkpoint ──▶ segment removed
//
// A Folder belongs to one agent and is used by one process; it has a Queue for each destination. FORMAT.md describes the bytes.
//
// Invariants: what Due names lies on disk, and the checkpoint on disk says so. A segment is removed only after a checkpoint says on disk that its records are
// confirmed, and while a receiver that was restarted may have lost some of them, it stays. What is missing between the
// checkpoint and the end of what the server may have been told is never passed over in silence: opening fails with a DamageError, or with
// SkipDamaged names it. Behind that end, what is not whole and everything behind it is cut off: the server gives it again.
package spool
