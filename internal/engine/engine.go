package engine

import (
	"context"
	"time"
)

// The relations that an engine makes of all tables of a query.
const (
	Events = "events" // all tables together, with a first column StoreColumn
	OCSF   = "ocsf"   // all tables together, nested into OCSF objects
)

// StoreColumn is the column of Events and OCSF that names the table a row comes from.
const StoreColumn = "store"

// Engine runs SQL. Its methods may be called from several goroutines.
type Engine interface {
	// Query checks sql, runs it over tables and returns its rows as they come. args are the values of its parameters
	// ? or $1, $2, …: nil, bool, integers, floats, string, []byte, time.Time, json.Number, or a slice of these.
	// The caller must close the Rows. Cancelling ctx ends the query, also while its rows are read.
	Query(ctx context.Context, sql string, args []any, tables []Table, limits Limits) (Rows, error)
	// Check says whether sql is a statement that Query would start over relations of these names. It neither needs
	// nor looks at any file, so it does not find misspelled columns.
	Check(ctx context.Context, sql string, relations []string) error
	// Close waits for running queries and frees the engine.
	Close() error
}

// Table is one event data store as a query sees it: a name, and the files whose rows are together its content.
// A table without files is empty.
type Table struct {
	Name  string
	Files []string // absolute paths of Parquet files, each with all columns of the event table
}

// Limits bound one query. The zero value of a field leaves that to the engine.
type Limits struct {
	Hide        []string      // columns of the event table that no relation of this query has
	Rows        int           // rows handed out; 0: all
	MemoryBytes int64         // memory for this query alone; 0: all queries share the engine's memory
	Threads     int           // threads for this query alone; only with MemoryBytes
	Timeout     time.Duration // from the start of Query to the last row; 0: none
}

// Column is one column of a result.
type Column struct {
	Name string
	Type string // the engine's name of the type, for example VARCHAR, BIGINT, TIMESTAMP WITH TIME ZONE
}

// Zoneless is the location of timestamps that have no zone: what they say is the time of a place that only the statement
// knows, as after AT TIME ZONE.
var Zoneless = time.FixedZone("", 0)

// Rows is the result of a query. It belongs to one goroutine; only Progress may be called from others.
type Rows interface {
	Columns() []Column
	// Next goes to the next row. It returns false at the end and after an error: see Err.
	Next() bool
	// Values are the columns of the current row, as they may go to encoding/json; the slice is valid until Next.
	//
	// SQL types become: BOOLEAN bool; integers int64, uint64 or, where they do not fit, *big.Int; FLOAT, DOUBLE
	// float64 (NaN and the infinities as text); DECIMAL json.Number; VARCHAR, ENUM, UUID, BIT, DATE, TIME string
	// (ISO 8601); INTERVAL string (ISO 8601 duration); timestamps time.Time in UTC, those without zone in Zoneless, outside the
	// years 0 to 9999 text;
	// BLOB []byte; JSON json.RawMessage; LIST, ARRAY []any; STRUCT, MAP Object; NULL nil.
	Values() []any
	// Err is why Next returned false; nil at the end of the result.
	Err() error
	// Truncated says that there were more rows than Limits.Rows.
	Truncated() bool
	// Matched is how many rows of the tables the query went on with after its conditions on each of them; known when Next
	// has returned false at the end of the result. -1: all of them, answered from what the files say about themselves.
	Matched() int64
	// Progress is how much of the query is done, from 0 to 1, as far as the engine knows.
	Progress() float64
	// Close ends the query and frees the result. It is needed once; further calls do nothing.
	Close() error
}
