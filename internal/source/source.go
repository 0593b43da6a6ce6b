package source

import "kiroku/internal/event"

// Field names one of a source's own fields and the column that holds it, so that people can search by the names they
// know: usr.name, sev_string, SUBJECT.
type Field struct {
	Name   string
	Column event.Column
}

// OtherServices stands for all services that are not named in a table of priorities.
const OtherServices = "default"

// Source is one product whose records we understand.
type Source struct {
	Name event.SourceName

	// Recognise says whether the record looks like one of this product. It must be cheap: it is asked for every record
	// whose input names no source. Sources are asked in the order of the list in package all; the first yes wins.
	Recognise func(rec *event.Record) bool

	// Map fills e from rec. It is called by several goroutines at once, each with its own e, and keeps nothing.
	// Strings it sets may point into rec.Data. An error means that the record is not what the source takes it for: the
	// pipeline then stores it as a Base Event with parse_error, whatever e held. Map sets at least class, activity,
	// severity and time, also one that cannot be right (see Plausible), and leaves event_uid, ingest_time, seq, source, raw_data, input, collector, tags to the pipeline.
	Map func(rec *event.Record, e *event.Event) error

	// Identity are the columns that together say which event a record is, whatever else it says; the last one is the
	// record's own id. A record without that is told from others by its bytes. What is stored already is counted and not
	// stored again, also after a restart: see pipeline. nil: metadata_uid together with the bytes.
	Identity []event.Column

	// Hashed says that metadata_uid is no id but a hash of the record, which distinct events may share: those of a copy (see
	// event.Copy) are stored only as far as the copy holds more of them than the store, all others always.
	Hashed bool

	// Fields are the source's own names for columns. A name that is not here is looked up in unmapped.
	Fields []Field

	// Priorities is the priority, "normal" or "low", of the events of each service, as the service column names it in lower case;
	// OtherServices stands for all others. The configuration and a priority that Map set go before. nil: all are normal.
	Priorities map[string]string

	// Attributes returns the record as the product's own documentation names its attributes, for "kiroku parse".
	// It is nil where a source has none. It is not on the hot path.
	Attributes func(rec *event.Record) (map[string]any, error)
}
