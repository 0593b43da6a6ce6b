// Package watch verifies CloudTrail's digests continuously, remembers where each chain stands, and raises an alert for what
// is newly found to be wrong.
//
//	Input.Places ──▶ folders of digests ──digest.Verify, from where it stood──▶ one transaction: chains, periods, findings
//	findings after the checkpoint ──▶ event.Batch with the checkpoint ──▶ Sink (the lake)
//
// What was verified is verified once more in its newest hours only, so that a link is always held against the digest before
// it, and a newest digest that was deleted since is missed (digest.Options.Seen).
//
// Invariants:
//   - A finding is stored together with the state of its chain; its alert is stored together with the checkpoint that says so
//     (checkpointKey). So an alert is there exactly once, wherever the process ends.
//   - What is stored is bounded: maxPeriods for each chain, maxFindings for each verification of a folder, and all for keepFor.
//   - An error of reading says nothing about a file: nothing of its folder is stored, and it is tried again.
package watch
