// Package insight finds unusual rates of calls and errors in counts per minute, and writes them as CloudTrail writes its
// Insights events. It has no clock and reads nothing: the same counts always give the same events.
//
//	counts per minute, what was usual in the seven days before ──Advance──▶ Start and End ──Record──▶ CloudTrail record
//
// Usual is the busiest five minutes of a day, of the third busiest of the seven days before the hour (of the least busy one where
// there are fewer than three), or five times the average of a minute where that is more. So what comes every day at some hour is
// usual, a burst of one day makes the next one no less unusual, and a new level is usual after it was there on three days.
//
// Five minutes are unusual when they have at least 20 calls, twice as many as usual, and so many that a Poisson process that has
// the usual number on average would have them in less than one of a million times five minutes. The unusual time begins with the
// first of these minutes whose rate is above the usual one, and at least 20 in five minutes. It ends, with the last such minute,
// when ten minutes have passed since the last unusual five. For two days it is compared with what was usual when it began, then
// with what is. Without a day of history in the account and region nothing begins.
//
// Invariants: nothing begins twice for a key before it has ended; ids are made of the store, the key and the first minute only.
package insight
