// Package timespec reads the times that people and scripts write in searches: on the command line, in links and in API
// requests.
//
//	text + now + zone ──▶ Parse ──▶ time.Time, UTC
//
// What it reads, in the order of trying:
//
//	now  now-24h  now+30m  now/d  now-1d/d   relative; /unit goes down to the start of the unit in the zone
//	-24h                                     short for now-24h
//	today  yesterday                         midnight in the zone
//	1763805600000                            milliseconds since 1970 (11 to 16 digits)
//	2026-11-01T09:00:00.5+09:00              RFC 3339, also with a space for the T
//	2026-11-01T09:00:00  2026-11-01 09:00    without offset: in the zone
//	2026-11-01  2026-11                      start of the day or month in the zone
//
// Units: s m h d w M y (w starts on Monday, M is the month, y the year). d and longer are calendar units of the zone:
// now-1d is the same time of day on the day before, also when the clock changed in between.
package timespec
