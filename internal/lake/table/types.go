package table

import (
	"time"

	"kiroku/internal/event"
)

// SnapshotID names one state of a table.
type SnapshotID int64

// Day is a day of UTC as Iceberg counts it: days since 1970-01-01.
type Day int32

const microsPerDay = 24 * 60 * 60 * 1_000_000

// DayOf is the day of t in UTC.
func DayOf(t time.Time) Day { return DayOfMicros(t.UnixMicro()) }

// DayOfMicros is the day of a time stamp in microseconds since 1970-01-01 UTC.
func DayOfMicros(us int64) Day {
	d := us / microsPerDay
	if us%microsPerDay < 0 {
		d--
	}
	return Day(d)
}

// Time is the first moment of d.
func (d Day) Time() time.Time { return time.Unix(int64(d)*24*60*60, 0).UTC() }

func (d Day) String() string { return d.Time().Format(time.DateOnly) }

// DataFile is one Parquet file of a table.
type DataFile struct {
	Path    string // absolute, below the store's folder: see Catalog.DataDir
	Rows    int64
	Bytes   int64
	Day     Day
	MinTime int64 // microseconds since 1970-01-01 UTC; MinTime and MaxTime lie in Day
	MaxTime int64
	MinSeq  int64
	MaxSeq  int64

	// RowGroups are the offsets of the file's row groups, rising; nil when unknown. Engines split a file there.
	RowGroups []int64
	// Columns are statistics by which engines leave out files. Append and Replace store them; Files leaves them out.
	// Bounds of time and seq come from the fields above.
	Columns []ColumnStats
}

// ColumnStats says what a data file holds of one column.
type ColumnStats struct {
	Column event.Column
	Bytes  int64 // compressed
	Values int64 // with nulls: the rows of the file
	Nulls  int64
	// Min and Max are the smallest and greatest value, or nil when unknown: int64 for Int, Long, Timestamp (microseconds)
	// and Bool (0, 1), float64 for Double, string for String. Lists and maps have none.
	Min, Max any
}

// Snapshot is one state of a table.
type Snapshot struct {
	ID        SnapshotID
	Parent    SnapshotID // 0: none
	Time      time.Time
	Operation string            // append, replace, overwrite, delete
	Summary   map[string]string // what the caller gave, and Iceberg's own counts
}

// Expired says what Expire did.
type Expired struct {
	Snapshots int      // how many snapshots were taken out of the table
	Removed   []string // files that are gone
	Kept      []string // files that nothing references any more, but which were in use; Orphans lists them later
}

// Orphan is a file in a store's folder that nothing references.
type Orphan struct {
	Path    string
	Bytes   int64
	ModTime time.Time // a young one may belong to a commit that is under way
}
