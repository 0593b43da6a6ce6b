package awsapi

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"kiroku/internal/awsapi/sigv4"
	"kiroku/internal/event"
	"kiroku/internal/identity"
	"kiroku/internal/logkey"
	"kiroku/internal/meta"
)

// Lake keeps the events of event data stores. *lake.Lake satisfies it.
type Lake interface {
	// CreateStore is fault.Conflict when there is a store of that name.
	CreateStore(ctx context.Context, name string, retention time.Duration) error
	SetRetention(ctx context.Context, name string, d time.Duration) error
	Describe(ctx context.Context, name, text string) error
	// DeleteStore is fault.NotFound when there is no such store.
	DeleteStore(ctx context.Context, name string) error
	// Checkpoint is the position that was stored with the last batch of that key; 0: none.
	Checkpoint(ctx context.Context, key string) (int64, error)
}

// Ingester stores records. nil means that they are durable, all of them; it is fault.Busy while nothing can be stored.
type Ingester interface {
	Ingest(ctx context.Context, b event.Batch) error
}

// Keys knows the access keys. *identity.AccessKeys satisfies it.
type Keys interface {
	// Find is fault.NoToken when there is no such key, or no more.
	Find(ctx context.Context, id string) (identity.AccessKey, string, error)
	// Used hears of every request with a right signature.
	Used(id string)
	// List returns all keys, revoked ones too.
	List(ctx context.Context) ([]identity.AccessKey, error)
	// Flush writes down what Used heard.
	Flush(ctx context.Context) error
}

// Options are what a Service needs. All fields must be set unless said otherwise.
type Options struct {
	DB     *meta.DB
	Lake   Lake
	Ingest Ingester
	Keys   Keys
	Events EventSearch
	// SQL may be nil: there are no queries.
	SQL *SQL
	// PublicKeys may be nil: no keys are known.
	PublicKeys PublicKeys
	// Buckets opens the buckets of a region for an import, with the role that the import names. nil: there are no imports.
	Buckets func(ctx context.Context, region, role string) (Bucket, error)
	// ImportBuckets and DeliveryBuckets are the only ones that imports read and results go to; none: any.
	ImportBuckets, DeliveryBuckets []string

	Log    *slog.Logger
	Limits Limits // zero: DefaultLimits
	// Partition is the second part of ARNs; empty: aws.
	Partition string
	// Region and Account are those of callers that name none, which only those of our own API may; they may be empty.
	Region, Account string
	// ManagementAccount is the one account whose stores may take the events of all accounts; empty: none may.
	ManagementAccount string
	// Sources are names that channels may have as their source beside those of CloudTrail's partners.
	Sources []string
	// Hosts are names under which clients know this service when a proxy changes the Host header.
	Hosts []string
	// Operations are answered by other packages: queries, imports, dashboards. They come before those of this package;
	// operations that neither has are unsupported.
	Operations map[string]Operation
}

// Limits are the quotas of an account in a region, and of a request. The original's are the default.
type Limits struct {
	EventDataStores    int  // of an account in a region
	CountPending       bool // stores that wait to be deleted count
	Channels           int
	ChannelsPerSource  int
	Tags               int           // of a resource
	AuditEvents        int           // of a request
	AuditBytes         int           // of a request: the events together
	DeletionDays       int           // that a deleted store can be restored
	Rejected           int           // kept of a channel
	RejectedBytes      int64         // kept of a channel: their eventData
	RememberUIDs       time.Duration // of channels that deduplicate
	Dashboards         int           // of an account in a region
	Widgets            int           // of a dashboard
	Queries            int           // of an account in a region that wait or run
	QueryTime          time.Duration // that a query may run
	QueryBytes         int64         // of a query's result
	PartBytes          int64         // of a file of a delivered result, before compression
	RequestBytes       int64         // of a body
	RequestBytesAtOnce int64         // of all bodies that are in memory at one time
}

// DefaultLimits are the original's, and ours where it names none.
func DefaultLimits() Limits {
	return Limits{EventDataStores: 10, CountPending: true, Channels: 25, ChannelsPerSource: 1, Tags: 50, AuditEvents: 100, AuditBytes: 1 << 20,
		DeletionDays: 7, Rejected: 10_000, RejectedBytes: 64 << 20, RememberUIDs: 7 * 24 * time.Hour, Dashboards: 100, Widgets: 10, Queries: 10, QueryTime: time.Hour, QueryBytes: 1 << 30, PartBytes: 256 << 20,
		// The events are text within JSON: escaped, with \u for what is not ASCII, they can be twice as long.
		RequestBytes: 2<<20 + 64<<10, RequestBytesAtOnce: 128 << 20}
}

// Service answers the AWS APIs over HTTP, and the same requests of our own API as methods. It is safe for concurrent use.
type Service struct {
	opt      Options
	db       *meta.DB
	log      *slog.Logger
	limits   Limits
	verifier *sigv4.Verifier
	replays  *sigv4.Replays
	bodies   *semaphore.Weighted
	lookup   map[string]Operation

	collectors atomic.Pointer[[]collector]

	changing   sync.Mutex // held while quotas are checked and a resource is made
	imports    *importRunner
	refreshes  *refreshes
	insights   *insightRunner
	queries    *queryRunner
	ingestion  ingestionLog
	uids       uidLocks
	rejections rejections
}

// Caller is who asks, and where.
type Caller struct {
	Account   string
	Region    string
	Principal string // ARN
}

// rememberAnswers is for how many bytes of answers a repeated request is answered as before.
const rememberAnswers = 16 << 20

// New makes a Service. Nothing is removed until Run.
func New(opt Options) *Service {
	if opt.Limits == (Limits{}) {
		opt.Limits = DefaultLimits()
	}
	if opt.Partition == "" {
		opt.Partition = "aws"
	}
	s := &Service{opt: opt, db: opt.DB, log: opt.Log, limits: opt.Limits, replays: sigv4.NewReplays(rememberAnswers), imports: newImportRunner(), refreshes: newRefreshes(), insights: newInsightRunner(),
		queries: newQueryRunner(), bodies: semaphore.NewWeighted(opt.Limits.RequestBytesAtOnce)}
	s.verifier = sigv4.New(sigv4.Options{Secret: s.secret, Hosts: opt.Hosts})
	s.lookup = s.operations()
	for name, op := range opt.Operations {
		s.lookup[name] = op
	}
	if describe, start := s.lookup["DescribeQuery"], s.lookup["StartQuery"]; describe != nil && start != nil {
		s.lookup["DescribeQuery"], s.lookup["StartQuery"] = s.byAlias(describe), s.fromWidget(start)
	}
	s.collectors.Store(&[]collector{})
	return s
}

// Load reads what StoresFor needs. Until then no store takes CloudTrail events. It warns of stores that ask for the events of
// all accounts and get those of their own only.
func (s *Service) Load(ctx context.Context) error {
	rows, err := meta.ListEventDataStores(ctx, s.db.Read(), "", "")
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row.Org && !s.ofOrganization(&row) {
			s.log.LogAttrs(ctx, slog.LevelWarn, "event data store takes the events of its own account only: aws_api.management_account does not name that account",
				slog.String(logkey.Store, s.storeARN(row)))
		}
	}
	return s.reload(ctx)
}
