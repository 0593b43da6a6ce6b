// Package pipeline turns records into stored events.
//
//	Batch ──queue──▶ worker: recognise, map, enrich, route ──▶ lake.Writer ──▶ durable
//	                    └──▶ taps (live tail, detection)
//
// There is one worker a core. A batch is mapped by one worker and committed as a whole. A record is never dropped: what
// its source cannot map, even if the mapping panics, becomes a Base Event with raw_data and parse_error. The one
// exception is what was stored before: a record with an id of its own and the same content, and a record of a copy (see
// event.Copy) as far as the copy holds no more of its kind than the store. It is counted instead.
package pipeline
