// Package s3 reads the files that CloudTrail delivers to buckets: as a queue tells of them, by looking into the buckets, or
// both.
//
//	queue ──notice──▶ key ─┐
//	                       ├──Progress: not stored yet──▶ object ──trailfile──▶ event.Batch ──▶ Sink.Accept ──▶ delete message
//	bucket ──listing──▶ key┘
//	trails ──▶ buckets
//
// What is stored of an object becomes known in the transaction of its events (event.ObjectPart), so that an object is
// stored once, whoever speaks of it how often, and whenever the process ends. A bucket is only read: nothing is written,
// tagged or deleted there.
//
// Looking into a bucket: the days around now at every look (poll_interval), two days back every hour, a month back every
// day, since CloudTrail delivers late files under old names for up to 30 days; the history before that once, backwards.
// A folder that one page of a listing holds is looked at as a whole each time. Accounts and regions are found anew at every
// look.
//
// Invariants:
//   - A message is deleted only after everything it names is durable, or is known to need nothing. One bad record in it
//     neither loses nor holds up the others. A message that is not understood is stored as an event before it is deleted.
//   - What is remembered, of a queue as of a bucket, are the objects created or named within the last rememberDays days and one row a folder (account,
//     kind, region), however many objects there ever were: see TestStateIsBounded, TestQueueStateIsBounded.
//   - Memory is bounded by Config.InFlight, maxReaders and maxPending, whatever the objects are.
//   - No error ends the input; it shows in Status and is tried again.
package s3
