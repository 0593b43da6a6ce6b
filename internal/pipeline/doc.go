// Package pipeline turns records into stored events.
//
//	Batch ──queue──▶ worker: recognise, map, enrich, route ──▶ lake.Writer ──▶ durable
//	                    └──▶ taps (live tail, detection)
//
// There is one worker a core. A batch is mapped by one worker and committed as a whole. A record is never dropped: what
// its source cannot map, even if the mapping panics, becomes a Base Event with raw_data and parse_error. The one
// exception is a record with an id of its own that was stored with the same content before: it is counted instead.
package pipeline
