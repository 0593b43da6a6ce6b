// Package digest proves with CloudTrail's digest files that log files in a bucket, or in a copy of one, are complete and
// unaltered.
//
//	Objects ──keys──▶ chains, newest digest first ──▶ signature, link to the older one ──▶ hash of each log file
//	Keys ─────────────────────────────────────────────────┘                                     └──▶ Report: files, periods, chains
//
// CloudTrail writes a digest an hour for each trail and region, also when nothing happened. It lists the log files
// delivered in that hour with their hashes, names the digest before it with its hash and signature, and is signed with a key
// of the trail's home region. A trail that is stopped and started begins a new chain.
//
// What "aws cloudtrail validate-logs" finds is found here in the same words (Status), and besides: a link whose hash or
// signature is not that of the digest before it, the end of a chain that is too early, hours between chains that no digest
// vouches for. Differences that are on purpose:
//
//   - A copy of a bucket is verified where it lies: the bucket and the prefix may be others than the digest says, everything
//     from AWSLogs/ on may not (Options.Bucket).
//   - A copy that lost the objects' metadata has no signatures. The signature of each digest but the newest stands in the
//     digest after it, so those are verified with it.
//   - A log file that ends early is "invalid format", where the AWS tool finds another hash.
//
// Memory: one digest, one day's names and one period for each chain, however many years are read. A log file is never held.
//
// Sources: AWS CloudTrail User Guide, "CloudTrail digest file structure", "Custom implementations of CloudTrail log file
// integrity validation".
package digest
