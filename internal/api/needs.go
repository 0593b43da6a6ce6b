package api

import (
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"kiroku/internal/awsapi"
	"kiroku/internal/event"
	"kiroku/internal/forward"
	"kiroku/internal/identity"
	"kiroku/internal/intake"
	"kiroku/internal/query"
)

// Deps is everything that the API needs. All fields must be set.
type Deps struct {
	Log        *slog.Logger
	Identity   *identity.Identity
	AccessKeys *identity.AccessKeys
	AWS        *awsapi.Service  // answers the AWS endpoints, on the same address
	Agents     *forward.Service // SIEM agents; answers what they ask, on the same address
	Search     Searcher
	SQL        SQL
	Stores     Stores
	Priorities Priorities
	Digests    Digests
	Inputs     Inputs
	Ingest     Ingester
	Progress   Checkpoints
	Parse      Parser
	Fsck       Fscker
	Status     Statuser
	Metrics    *prometheus.Registry // the API adds its own metrics to it
	Console    fs.FS                // the console's files, with index.html
	Limits     Limits               // zero: DefaultLimits
}

// Searcher answers searches. Its methods are called by many goroutines at once, with one request each. A mistake in the
// search text is *search.SyntaxError; a store, column or field that does not exist is fault.Invalid or fault.NotFound.
type Searcher interface {
	// Search returns one page, newest first.
	Search(ctx context.Context, req query.Request) (*query.Page, error)
	Count(ctx context.Context, req query.Request) (int64, query.Scanned, error)
	Histogram(ctx context.Context, req query.Request, opts query.HistogramOptions) (*query.Histogram, error)
	// Facets returns one facet for each field, in their order.
	Facets(ctx context.Context, req query.Request, fields []string, top int) ([]query.Facet, error)
	Fields(ctx context.Context, req query.Request) ([]query.FieldInfo, error)
	// Export writes all events as csv, ndjson or parquet. It writes nothing before it knows that the request is right. In
	// CSV, text that a spreadsheet would take for a formula is prefixed with an apostrophe.
	Export(ctx context.Context, req query.Request, format string, w io.Writer) error
	// Tail calls f for every event that arrives, in the order of arrival, until ctx ends or f fails. Cursor is the
	// event_uid of the last row the caller has seen: what arrived after it comes first. When the caller is too slow, events
	// are left out and f gets {"missed": n} instead of a row. f must not keep the row.
	Tail(ctx context.Context, req query.Request, f func(row json.RawMessage) error) error
}

// SQL runs SQL. Mistakes in the SQL are fault.Invalid. A job that does not exist is fault.NotFound.
type SQL interface {
	// Start returns at once; the job goes on after ctx has ended.
	Start(ctx context.Context, req query.SQLRequest) (query.Job, error)
	Get(ctx context.Context, id string) (query.Job, error)
	// List returns the owner's jobs, newest first.
	List(ctx context.Context, owner string) ([]query.Job, error)
	// Rows returns finished rows as JSON objects.
	Rows(ctx context.Context, id string, offset, limit int) ([]json.RawMessage, error)
	Cancel(ctx context.Context, id string) error
	// Query runs SQL without keeping the result. It calls cols once, then row for each row, from one goroutine. row must
	// not keep the slice. An error of cols or row ends the query and is returned. truncated: there were more rows than req.MaxRows.
	Query(ctx context.Context, req query.SQLRequest, cols func([]query.ResultColumn) error, row func([]any) error) (truncated bool, err error)
}

// Stores are the event data stores. A store that does not exist is fault.NotFound, a name that is taken fault.Conflict.
type Stores interface {
	List(ctx context.Context) ([]Store, error)
	Create(ctx context.Context, s StoreCreate) (Store, error)
	// Update changes what is not nil.
	Update(ctx context.Context, name string, s StoreUpdate) (Store, error)
	// Delete removes the store with all its events. A store that must stay is fault.Conflict.
	Delete(ctx context.Context, name string) error
}

// Priorities are those of the services of sources.
type Priorities interface {
	// List returns what holds now, by source and service.
	List(ctx context.Context) ([]Priority, error)
	// Set makes a priority hold from the next event on; "unset" takes back what was set. fault.Invalid: no such source.
	Set(ctx context.Context, source, service, priority string) error
}

// Digests is the continuous verification of CloudTrail's digests.
type Digests interface {
	// Report returns what was found, and at most limit findings, newest first.
	Report(ctx context.Context, limit int) (DigestReport, error)
	// Verify begins a verification of an input, or with "" of all, and does not wait: of what is new, or of everything from a time
	// on. fault.NotFound: digests of no such input are verified.
	Verify(ctx context.Context, input string, from time.Time) error
}

// Inputs are what receives records.
type Inputs interface {
	Inputs() []intake.Status
}

// Ingester stores records. nil means that all records, and the batch's checkpoint, are durable; otherwise none is. It is
// fault.Busy when nothing can be stored at the moment.
type Ingester interface {
	Ingest(ctx context.Context, b event.Batch) error
}

// Checkpoints know how far an object has been stored; 0 when nothing of it is.
type Checkpoints interface {
	Position(ctx context.Context, key string) (int64, error)
}

// Parser shows what becomes of a record. An empty source recognises it. A source that does not exist is fault.Invalid; a
// record that cannot be mapped is not an error but a result with parse_error.
type Parser interface {
	Parse(ctx context.Context, source event.SourceName, record []byte) (ParseResult, error)
}

// Fscker proves that what is stored is complete.
type Fscker interface {
	Fsck(ctx context.Context, repair bool) (FsckReport, error)
}

// Statuser tells how the service is doing.
type Statuser interface {
	Status(ctx context.Context) (Status, error)
	// Ready returns nil when the service takes and answers requests, and otherwise why it does not.
	Ready(ctx context.Context) error
}

// Limits keep one request from taking what others need.
type Limits struct {
	JSONBytes   int64 // body of a JSON request
	ParseBytes  int64 // body of POST /api/v1/parse
	ParseLines  int
	IngestBytes int64 // body of POST /api/v1/ingest after decompression
	IngestTotal int64 // bodies of all ingest requests at one time
}

// DefaultLimits are the limits of a service that nobody configured.
func DefaultLimits() Limits {
	return Limits{JSONBytes: 1 << 20, ParseBytes: 16 << 20, ParseLines: 1000, IngestBytes: 32 << 20, IngestTotal: 128 << 20}
}
