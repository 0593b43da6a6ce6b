package awsapi

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"kiroku/internal/fault"
	"kiroku/internal/meta"
)

// QueryInput names a query. The store is deprecated, but older clients send it.
type QueryInput struct {
	QueryId                      string
	EventDataStore               string
	EventDataStoreOwnerAccountId string
}

// DescribeQueryOutput is how a query stands.
type DescribeQueryOutput struct {
	QueryId         string
	QueryString     string
	QueryStatus     string
	QueryStatistics QueryStatisticsForDescribe
	ErrorMessage    string `json:",omitempty"`
	DeliveryS3Uri   string `json:",omitempty"`
	DeliveryStatus  string `json:",omitempty"`
	Owner           string `json:"EventDataStoreOwnerAccountId,omitempty"`
}

// QueryStatisticsForDescribe is what a query looked at.
type QueryStatisticsForDescribe struct {
	EventsMatched         int64
	EventsScanned         int64
	BytesScanned          int64
	ExecutionTimeInMillis int64
	CreationTime          *Timestamp
}

// DescribeQuery says how a query stands. Clients ask without a pause: it reads at most some rows by their keys.
func (s *Service) DescribeQuery(ctx context.Context, c Caller, in *QueryInput) (DescribeQueryOutput, error) {
	row, err := s.query(ctx, c, in.QueryId, in.EventDataStore, actionDescribeQuery)
	if err != nil {
		return DescribeQueryOutput{}, err
	}
	return DescribeQueryOutput{QueryId: row.ID, QueryString: row.Statement, QueryStatus: row.Status, ErrorMessage: row.Message, DeliveryS3Uri: row.Delivery,
		DeliveryStatus: row.Delivered, Owner: in.EventDataStoreOwnerAccountId,
		QueryStatistics: QueryStatisticsForDescribe{EventsMatched: row.Matched, EventsScanned: row.Scanned, BytesScanned: row.Bytes,
			ExecutionTimeInMillis: row.Took.Milliseconds(), CreationTime: stamp(row.Created)}}, nil
}

// GetQueryResultsInput asks for a page of a result.
type GetQueryResultsInput struct {
	QueryInput
	MaxQueryResults *int
	NextToken       string
}

// GetQueryResultsOutput is a page of a result. Each row is a JSON array of objects with one pair, in the order of the columns.
type GetQueryResultsOutput struct {
	QueryStatus     string
	QueryStatistics QueryStatistics
	QueryResultRows []json.RawMessage // never nil: clients go through it unguarded
	NextToken       string            `json:",omitempty"`
	ErrorMessage    string            `json:",omitempty"`
}

// QueryStatistics is how large a result is.
type QueryStatistics struct {
	ResultsCount      int // of the page
	TotalResultsCount int64
	BytesScanned      int64
}

// GetQueryResults returns a page of the result of a query that has ended; before, there is nothing, which is no error. Of a
// query that took too long it is the rows that were there.
func (s *Service) GetQueryResults(ctx context.Context, c Caller, in *GetQueryResultsInput) (GetQueryResultsOutput, error) {
	out := GetQueryResultsOutput{QueryResultRows: []json.RawMessage{}}
	limit := maxPage
	if in.MaxQueryResults != nil {
		limit = *in.MaxQueryResults
	}
	if limit < 1 || limit > maxPage {
		return out, refuse("InvalidMaxResultsException", "MaxQueryResults must be from 1 to %d, not %d.", maxPage, limit)
	}
	row, err := s.query(ctx, c, in.QueryId, in.EventDataStore, actionQueryResults)
	if err != nil {
		return out, err
	}
	offset, err := readPlace(in.NextToken, c.question("GetQueryResults", row.ID))
	if err != nil {
		return out, err
	}
	out.QueryStatus, out.ErrorMessage = row.Status, row.Message
	out.QueryStatistics = QueryStatistics{TotalResultsCount: row.Rows, BytesScanned: row.Bytes}
	if row.Status != queryFinished && row.Status != queryTimedOut || row.Rows == 0 {
		return out, nil
	}
	rows, next, err := s.opt.SQL.readRows(row.ID, offset, limit)
	switch {
	case errors.Is(err, errNoPlace):
		return out, badPlace()
	case err != nil:
		return out, err
	}
	out.QueryResultRows, out.QueryStatistics.ResultsCount = rows, len(rows)
	if next > 0 {
		out.NextToken = writeToken(c.question("GetQueryResults", row.ID), strconv.FormatInt(next, 10))
	}
	return out, nil
}

// readPlace reads where a page begins from the token of the page before.
func readPlace(token, question string) (int64, error) {
	if token == "" {
		return 0, nil
	}
	text, ok := readToken(question, token)
	offset, err := strconv.ParseInt(text, 10, 64)
	if !ok || err != nil || offset < 1 {
		return 0, badPlace()
	}
	return offset, nil
}

func badPlace() error {
	return refuse("InvalidNextTokenException", "NextToken is not one that GetQueryResults gave for this query.")
}

// ListQueriesInput asks for the queries of an event data store.
type ListQueriesInput struct {
	EventDataStore string
	StartTime      *Timestamp
	EndTime        *Timestamp
	QueryStatus    string
	MaxResults     *int
	NextToken      string
}

// ListQueriesOutput is a page of queries, the newest first.
type ListQueriesOutput struct {
	Queries   []ListedQuery
	NextToken string `json:",omitempty"`
}

// ListedQuery is what a list tells of a query.
type ListedQuery struct {
	QueryId      string
	QueryStatus  string
	CreationTime *Timestamp
}

// ListQueries lists the queries over an event data store that were started in the last seven days.
func (s *Service) ListQueries(ctx context.Context, c Caller, in *ListQueriesInput) (ListQueriesOutput, error) {
	out := ListQueriesOutput{Queries: []ListedQuery{}}
	if in.QueryStatus != "" && !slices.Contains(queryStates, in.QueryStatus) {
		return out, refuse("InvalidQueryStatusException", "QueryStatus must be one of %s, not %.40q.", strings.Join(queryStates, ", "), in.QueryStatus)
	}
	store, err := s.queryableStore(ctx, c, in.EventDataStore, actionListQueries)
	if err != nil {
		return out, err
	}
	now := time.Now()
	from, to := orElse(in.StartTime, Timestamp{}).Time, orElse(in.EndTime, Timestamp{now}).Time
	if from.After(to) {
		return out, refuse("InvalidDateRangeException", "StartTime is after EndTime.")
	}
	if oldest := now.Add(-resultsKeptFor); from.Before(oldest) {
		from = oldest
	}
	rows, err := meta.ListLakeQueries(ctx, s.db.Read(), store.ID, from, to)
	if err != nil {
		return out, err
	}
	for i := range rows {
		if q, ok := s.queries.get(rows[i].ID); ok {
			rows[i].Status = q.Status
		}
	}
	rows = slices.DeleteFunc(rows, func(r meta.LakeQueryStatus) bool { return in.QueryStatus != "" && r.Status != in.QueryStatus })
	// A key that rises from the newest to the oldest, and of the same microsecond as the list does: by falling id.
	place := func(r meta.LakeQueryStatus) string { return newestFirst(meta.Import{ID: r.ID, Created: r.Created}) }
	part, token, err := page(rows, place, c.question("ListQueries", store.ID, in.QueryStatus), in.MaxResults, in.NextToken)
	for _, r := range part {
		out.Queries = append(out.Queries, ListedQuery{r.ID, r.Status, stamp(r.Created)})
	}
	out.NextToken = token
	return out, err
}

// CancelQueryOutput is what became of a query.
type CancelQueryOutput struct {
	QueryId     string
	QueryStatus string
	Owner       string `json:"EventDataStoreOwnerAccountId,omitempty"`
}

// CancelQuery ends a query that waits or runs. Its rows are gone.
func (s *Service) CancelQuery(ctx context.Context, c Caller, in *QueryInput) (CancelQueryOutput, error) {
	row, err := s.query(ctx, c, in.QueryId, in.EventDataStore, actionCancelQuery)
	if err != nil {
		return CancelQueryOutput{}, err
	}
	if !s.queries.cancel(row.ID) {
		return CancelQueryOutput{}, refuse("InactiveQueryException", "The query %s has ended.", row.ID)
	}
	return CancelQueryOutput{QueryId: row.ID, QueryStatus: queryCancelled, Owner: in.EventDataStoreOwnerAccountId}, nil
}

// findQuery finds a query, as it stands now.
func (s *Service) findQuery(ctx context.Context, id string) (row meta.LakeQuery, found bool, err error) {
	if row, ok := s.queries.get(id); ok {
		return row, true, nil
	}
	row, err = meta.GetLakeQuery(ctx, s.db.Read(), id)
	if fault.KindOf(err) == fault.NotFound {
		return row, false, nil
	}
	return row, err == nil, err
}
