// Package cloudtrail maps the records of AWS CloudTrail: management, data, network activity, Insight and aggregated events.
//
//	Record (one element of "Records") ──jsonleaf──▶ values, unmapped ──identity, kind, outcome──▶ Event
//
// One pass over the record's leaves puts the values that have a column into an array and all others into unmapped, under
// their dotted names. Then the columns are set: those that say the same as a field of the record, and those that are
// concluded from several: who did it, OCSF class and activity, what came of it.
//
// The fields are those of the CloudTrail User Guide, "CloudTrail record contents" and "CloudTrail userIdentity element",
// up to eventVersion 1.11; the columns follow the OCSF project's mapping of CloudTrail.
//
// Invariants: every non-empty value of the record stands in a column or in unmapped, the parameters, response elements
// and additional data of a call always in unmapped; numbers keep their digits; a record that lacks any of its fields is
// mapped all the same; usual records are mapped without allocating.
package cloudtrail
