package awsapi

import (
	"context"
	"database/sql"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"kiroku/internal/awsapi/trino"
	"kiroku/internal/engine"
	"kiroku/internal/fault"
	"kiroku/internal/meta"
)

// SQL is what runs queries.
type SQL struct {
	Engine engine.Engine
	// Tables lists stores of the lake for the engine, and how much is in them. Their files stay until release is called.
	Tables func(ctx context.Context, stores []string) (tables []engine.Table, size TablesSize, release func(), err error)
	// Dir is the folder of results. Nobody else uses it.
	Dir string
	// Deliver opens the buckets that results are delivered to, for queries of a region; nil: there is no delivery.
	Deliver func(ctx context.Context, region string) (Uploader, error)
	Key     *SigningKey // of delivered results; not nil when Deliver is not
}

// TablesSize is how much is in some tables.
type TablesSize struct{ Events, Bytes int64 }

// Status of queries.
const (
	queryQueued    = "QUEUED"
	queryRunning   = "RUNNING"
	queryFinished  = "FINISHED"
	queryFailed    = "FAILED"
	queryCancelled = "CANCELLED"
	queryTimedOut  = "TIMED_OUT"
)

var queryStates = []string{queryQueued, queryRunning, queryFinished, queryFailed, queryCancelled, queryTimedOut}

// Actions on event data stores that policies speak of.
const (
	actionStartQuery    = "cloudtrail:StartQuery"
	actionCancelQuery   = "cloudtrail:CancelQuery"
	actionDescribeQuery = "cloudtrail:DescribeQuery"
	actionQueryResults  = "cloudtrail:GetQueryResults"
	actionListQueries   = "cloudtrail:ListQueries"
)

// StartQueryInput is the input of StartQuery. A query of a dashboard, by its alias, was turned into its statement before.
type StartQueryInput struct {
	QueryStatement               string
	QueryParameters              []string
	DeliveryS3Uri                string
	EventDataStoreOwnerAccountId string
}

// StartQueryOutput is the id of a query.
type StartQueryOutput struct {
	QueryId                      string
	EventDataStoreOwnerAccountId string `json:",omitempty"`
}

// Limits of the service model.
const (
	maxQueryParameters = 10
	maxQueryParameter  = 1024
)

// StartQuery compiles a statement and puts it into the queue. What is wrong with the statement is an error at once.
func (s *Service) StartQuery(ctx context.Context, c Caller, in *StartQueryInput) (StartQueryOutput, error) {
	out := StartQueryOutput{EventDataStoreOwnerAccountId: in.EventDataStoreOwnerAccountId}
	if err := s.checkStartQuery(in); err != nil {
		return out, err
	}
	now := time.Now().UTC()
	stores := &queryStores{ctx: ctx, s: s, c: c, owner: in.EventDataStoreOwnerAccountId}
	compiled, err := trino.Compile(in.QueryStatement, stores, trino.Options{Now: now, Parameters: in.QueryParameters})
	var wrong *trino.Error
	switch {
	case errors.As(err, &wrong):
		return out, refuse("InvalidQueryStatementException", "%v", wrong)
	case err != nil:
		return out, err
	}
	q := &liveQuery{compiled: compiled, row: meta.LakeQuery{ID: newUUID(), Account: c.Account, Region: c.Region, Stores: stores.ids, Statement: in.QueryStatement,
		Status: queryQueued, Created: now, Delivery: in.DeliveryS3Uri}}
	for _, col := range compiled.Columns {
		q.row.Columns = append(q.row.Columns, col.Name)
	}
	if q.row.Delivery != "" {
		q.row.Delivered = deliveryPending
	}
	if err := s.queries.add(q, s.limits.Queries); err != nil {
		return out, err
	}
	if err := s.db.Write(ctx, func(tx *sql.Tx) error { return meta.InsertLakeQuery(ctx, tx, q.row) }); err != nil {
		s.queries.remove(q.row.ID)
		return out, err
	}
	s.queries.queue <- q // there is room: see add
	out.QueryId = q.row.ID
	return out, nil
}

func (s *Service) checkStartQuery(in *StartQueryInput) error {
	if n := utf8.RuneCountInString(in.QueryStatement); n < 1 || n > maxStatement {
		return invalid("QueryStatement must have 1 to %d characters, not %d.", maxStatement, n)
	}
	if len(in.QueryParameters) > maxQueryParameters || slices.ContainsFunc(in.QueryParameters, func(p string) bool {
		return p == "" || utf8.RuneCountInString(p) > maxQueryParameter
	}) {
		return invalid("QueryParameters must be 1 to %d texts of 1 to %d characters.", maxQueryParameters, maxQueryParameter)
	}
	if o := in.EventDataStoreOwnerAccountId; o != "" && !accountForm.MatchString(o) {
		return invalid("EventDataStoreOwnerAccountId must be 12 digits, not %.40q.", o)
	}
	return s.checkDelivery(in.DeliveryS3Uri)
}

// queryStores is the catalog of one query: it finds the stores that the caller may read, and keeps their ids.
type queryStores struct {
	ctx   context.Context //nolint:containedctx // Compile has none to hand on, and ends before its caller
	s     *Service
	c     Caller
	owner string // account whose stores are named by their id; empty: the caller's
	ids   []string
}

// Store implements trino.Catalog.
func (q *queryStores) Store(name string) (trino.Store, error) {
	name = strings.ToLower(name) // as names of tables are compared; ARNs of stores have no capitals
	given := name
	if q.owner != "" && uuidForm.MatchString(name) {
		given = q.s.arnOf(kindStore, q.owner, q.c.Region, name)
	}
	row, err := q.s.queryableStore(q.ctx, q.c, given, actionStartQuery)
	if err != nil {
		return trino.Store{}, err
	}
	if !slices.Contains(q.ids, row.ID) {
		q.ids = append(q.ids, row.ID)
	}
	return trino.Store{Table: row.Store, Category: tableCategory(row.Category), Short: row.EventSize == sizeStandard}, nil
}

// tableCategory is the category that says which columns a store has.
func tableCategory(category string) trino.Category {
	if sameFamily(category, string(trino.AWSEvents)) {
		return trino.AWSEvents
	}
	return trino.Category(category)
}

// queryableStore finds a store on which the caller may carry out an action of queries.
func (s *Service) queryableStore(ctx context.Context, c Caller, given, action string) (meta.EventDataStore, error) {
	row, err := s.anyStore(ctx, c, given)
	if err != nil {
		return row, err
	}
	return row, s.permitQuery(ctx, c, row, action)
}

// permitQuery says whether the caller may carry out an action of queries on a store as it stands.
func (s *Service) permitQuery(ctx context.Context, c Caller, row meta.EventDataStore, action string) error {
	if err := s.permitStore(ctx, c, row, action); err != nil {
		return err
	}
	if !row.Deleted.IsZero() {
		return inactive(row)
	}
	return nil
}

// query finds a query that the caller may do something with: the policies of all stores that it reads decide.
func (s *Service) query(ctx context.Context, c Caller, id, store, action string) (meta.LakeQuery, error) {
	none := refuse("QueryIdNotFoundException", "There is no query %.60q, or not any more.", id)
	if !queryIDForm.MatchString(id) {
		return meta.LakeQuery{}, invalid("QueryId must be a UUID, not %.60q.", id)
	}
	var reads string // id of the store that it is to read
	if store != "" {
		a, ok := s.locate(c, kindStore, store)
		if !ok {
			return meta.LakeQuery{}, refuse("EventDataStoreARNInvalidException", "%.300q is neither the ARN nor the ID of an event data store.", store)
		}
		reads = a.id
	}
	row, found, err := s.findQuery(ctx, id)
	if err != nil {
		return row, err
	}
	if !found || row.Region != c.Region {
		return meta.LakeQuery{}, none
	}
	if reads != "" && !slices.Contains(row.Stores, reads) {
		if _, err := s.queryableStore(ctx, c, store, action); err != nil {
			return meta.LakeQuery{}, err
		}
		return meta.LakeQuery{}, none
	}
	for _, id := range row.Stores {
		r, err := meta.GetEventDataStore(ctx, s.db.Read(), id)
		if fault.KindOf(err) == fault.NotFound {
			return meta.LakeQuery{}, none
		}
		if err != nil {
			return meta.LakeQuery{}, err
		}
		if err := s.permitQuery(ctx, c, r, action); err != nil {
			return meta.LakeQuery{}, notTheirs(err, none)
		}
	}
	if len(row.Stores) == 0 && row.Account != c.Account {
		return meta.LakeQuery{}, none
	}
	return row, nil
}

var queryIDForm = regexp.MustCompile(`^[a-f0-9-]{36}$`)

// notTheirs hides a query from a caller to whom the policy of its store does not show the store.
func notTheirs(err, none error) error {
	var e *Error
	if errors.As(err, &e) && e.Code == "EventDataStoreNotFoundException" {
		return none
	}
	return err
}
