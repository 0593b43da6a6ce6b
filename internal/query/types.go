package query

import (
	"encoding/json"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/search"
)

// Request says which events are asked for.
type Request struct {
	Search   string    // the search language; empty: everything
	Stores   []string  // event data stores; empty: all
	From, To time.Time // half-open: From <= time < To; zero: open
	Limit    int       // Search: rows of the page, 1 to 10,000; 0: 200
	Cursor   string    // Search: where the page before ended
	Columns  []event.Column
	Denied   []event.Column // columns that the caller may not read: a search or a grouping that looks into one is refused
}

// Page is one page of events, newest first.
type Page struct {
	Rows    []json.RawMessage // one object a row, with the column names of the table
	Cursor  string            // asks for the next page; empty at the end
	Scanned Scanned
	Unknown []search.Warning // of a search that finds nothing: its names that no column has

	places []place // of the rows
}

// After is the cursor that goes on behind a row, for who does not take the whole page.
func (p *Page) After(row int) string { return p.places[row].cursor() }

// Scanned says what a query had to look at.
type Scanned struct {
	Events int64         `json:"events"` // events in the segments that were opened
	Bytes  int64         `json:"bytes"`  // bytes read
	Took   time.Duration `json:"-"`
}

// Bucket is one bar of a histogram.
type Bucket struct {
	Start time.Time
	Count int64
	By    map[string]int64 // with HistogramOptions.By: events by value, at most 8 values and "" for the rest
}

// HistogramOptions say how a histogram is cut.
type HistogramOptions struct {
	Interval time.Duration // 0: chosen so that there are at most Buckets bars
	Buckets  int           // 0: 60
	By       string        // a field whose values split the bars; empty: none
	Zone     *time.Location
}

// Histogram counts events over time. Buckets without events are in it.
type Histogram struct {
	Interval time.Duration
	Buckets  []Bucket
	Total    int64
	Scanned  Scanned
}

// Facet is the most frequent values of a field.
type Facet struct {
	Field  string
	Values []FacetValue
	Other  int64 // events with another value
	None   int64 // events without the field
}

// FacetValue is one value and how often it occurs.
type FacetValue struct {
	Value string
	Count int64
}

// FieldInfo describes a field that events have.
type FieldInfo struct {
	Name     string   // column name, or unmapped.<key>
	Type     string   // kind of the column
	Path     string   // OCSF attribute path
	Doc      string   //
	Aliases  []string // other names that the search language accepts
	Examples []string // up to 5 values
	Share    float64  // part of the sampled events that have it, 0 to 1
}

// SQLRequest starts a SQL job.
type SQLRequest struct {
	SQL      string
	Params   []any
	Stores   []string      // event data stores that the query may see; empty: all
	MaxRows  int           // 0: 10,000
	Timeout  time.Duration // 0: 5 minutes
	MemoryMB int           // 0: the engine's share
	Owner    string
	Hide     []event.Column // columns that the statement cannot see
}

// JobState is where a SQL job stands.
type JobState string

// The states of a SQL job.
const (
	JobQueued    JobState = "queued"
	JobRunning   JobState = "running"
	JobFinished  JobState = "finished"
	JobFailed    JobState = "failed"
	JobCancelled JobState = "cancelled"
	JobTimedOut  JobState = "timed_out"
)

// Job is a SQL job as it stands now.
type Job struct {
	ID        string
	SQL       string
	Owner     string
	State     JobState
	Error     string  // for a failed job
	Next      string  // what to do about the error
	Position  int     // byte offset of the error in SQL; -1: unknown
	Progress  float64 // 0 to 1
	Rows      int64   // rows ready to be fetched
	Truncated bool    // there were more than MaxRows
	Columns   []ResultColumn
	Created   time.Time
	Started   time.Time
	Ended     time.Time
	Took      time.Duration // from Started to Ended, or until now
}

// ResultColumn is one column of a SQL result.
type ResultColumn struct {
	Name string `json:"name"`
	Type string `json:"type"` // the engine's name of the type, for example VARCHAR, BIGINT, TIMESTAMP
}
