package awsapi

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"sync"
	"time"

	"kiroku/internal/meta"
)

// RefreshSchedule says when a dashboard is refreshed by itself.
type RefreshSchedule struct {
	Frequency *RefreshFrequency
	Status    string `json:",omitempty"` // ENABLED or DISABLED
	TimeOfDay string `json:",omitempty"` // 15:04, UTC; of hourly refreshes only the minute counts
}

// RefreshFrequency is every 1, 6, 12 or 24 HOURS or every 1 DAYS.
type RefreshFrequency struct {
	Unit  string
	Value int
}

var timeOfDayForm = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)

func (r *RefreshSchedule) check() error {
	if r.Status != "" && r.Status != "ENABLED" && r.Status != "DISABLED" {
		return invalid("Status of a RefreshSchedule must be ENABLED or DISABLED, not %.40q.", r.Status)
	}
	if r.TimeOfDay != "" && !timeOfDayForm.MatchString(r.TimeOfDay) {
		return invalid("TimeOfDay must be a time such as 06:30, not %.40q.", r.TimeOfDay)
	}
	if r.Frequency == nil && r.Status == "DISABLED" {
		return nil
	}
	if r.period() == 0 {
		return invalid("Frequency must be 1, 6, 12 or 24 HOURS, or 1 DAYS.")
	}
	return nil
}

// period is the time between refreshes; 0 when there is no such frequency.
func (r *RefreshSchedule) period() time.Duration {
	if r.Frequency == nil {
		return 0
	}
	switch *r.Frequency {
	case RefreshFrequency{"HOURS", 1}, RefreshFrequency{"HOURS", 6}, RefreshFrequency{"HOURS", 12}, RefreshFrequency{"HOURS", 24}:
		return time.Duration(r.Frequency.Value) * time.Hour
	case RefreshFrequency{"DAYS", 1}:
		return 24 * time.Hour
	}
	return 0
}

// next is the first refresh after a time, zero for none: at TimeOfDay, and before and after it with the period between.
func (r *RefreshSchedule) next(after time.Time) time.Time {
	period := r.period()
	if r.Status == "DISABLED" || period == 0 {
		return time.Time{}
	}
	var offset time.Duration
	if t, err := time.Parse("15:04", r.TimeOfDay); err == nil {
		offset = time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
	}
	midnight := after.UTC().Truncate(24 * time.Hour)
	at := midnight.Add(offset % period)
	for !at.After(after) {
		at = at.Add(period)
	}
	return at
}

// refreshes hands out ids of refreshes and wakes who refreshes.
type refreshes struct {
	mu   sync.Mutex
	last int64
	wake chan struct{}
}

func newRefreshes() *refreshes { return &refreshes{wake: make(chan struct{}, 1)} }

// look lets who refreshes look again what is next.
func (r *refreshes) look() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// id is an id that is greater than those before: milliseconds since 1970, which has 13 digits.
func (r *refreshes) id(now time.Time) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = max(r.last+1, now.UnixMilli())
	return strconv.FormatInt(r.last, 10)
}

// StartDashboardRefreshInput is the input of StartDashboardRefresh.
type StartDashboardRefreshInput struct {
	DashboardId          string            // ARN or name
	QueryParameterValues map[string]string // of $StartTime$, $EndTime$ and $Period$
}

// StartDashboardRefreshOutput is the id of a refresh.
type StartDashboardRefreshOutput struct {
	RefreshId string
}

// StartDashboardRefresh starts the queries of all widgets. Their results are found by alias and refresh: see DescribeQuery.
func (s *Service) StartDashboardRefresh(ctx context.Context, c Caller, in *StartDashboardRefreshInput) (StartDashboardRefreshOutput, error) {
	d, err := s.dashboard(ctx, c, in.DashboardId)
	if err != nil {
		return StartDashboardRefreshOutput{}, err
	}
	now := time.Now()
	values, err := parameterValues(in.QueryParameterValues, now)
	if err != nil {
		return StartDashboardRefreshOutput{}, err
	}
	id, err := s.refresh(ctx, c, d, values, now)
	return StartDashboardRefreshOutput{id}, err
}

// refresh starts a dashboard's queries. What cannot be started is told by GetDashboard.
func (s *Service) refresh(ctx context.Context, c Caller, d meta.Dashboard, values map[string]string, now time.Time) (string, error) {
	var widgets []Widget
	if err := json.Unmarshal([]byte(d.Widgets), &widgets); err != nil {
		return "", fmt.Errorf("read widgets of dashboard %q: %w", d.Name, err)
	}
	d.Refresh, d.Failure = s.refreshes.id(now), ""
	var queries []meta.DashboardQuery
	for _, w := range widgets {
		text, ok := w.filledIn(values)
		if !ok {
			return "", fmt.Errorf("refresh dashboard %q: widget %q has other parameters than when it was made", d.Name, w.QueryAlias)
		}
		var out struct{ QueryId string }
		if err := s.call(ctx, c, "StartQuery", map[string]string{"QueryStatement": text}, &out); err != nil {
			if !isRefusal(err) {
				return "", err
			}
			if d.Failure == "" {
				d.Failure = err.Error()
			}
			continue
		}
		queries = append(queries, meta.DashboardQuery{Refresh: d.Refresh, Alias: w.QueryAlias, Query: out.QueryId, Created: now.UTC()})
	}
	err := s.db.Write(ctx, func(tx *sql.Tx) error {
		return meta.SetDashboardRefresh(ctx, tx, d, queries, now.Add(-refreshesKeptFor))
	})
	return d.Refresh, err
}

// call carries out another operation.
func (s *Service) call(ctx context.Context, c Caller, name string, input, output any) error {
	op, err := s.find(name)
	if err != nil {
		return err
	}
	body, err := json.Marshal(input)
	if err != nil {
		return fmt.Errorf("call %s: %w", name, err)
	}
	out, err := op(ctx, c, body)
	if err != nil {
		return err
	}
	b, err := json.Marshal(out)
	if err == nil {
		err = json.Unmarshal(b, output)
	}
	if err != nil {
		return fmt.Errorf("call %s: %w", name, err)
	}
	return nil
}

// refreshFailure is why a query of the last refresh failed, "" when none did.
func (s *Service) refreshFailure(ctx context.Context, c Caller, d meta.Dashboard) (string, error) {
	if d.Failure != "" {
		return d.Failure, nil
	}
	queries, err := meta.ListDashboardQueries(ctx, s.db.Read(), d.Account, d.Region, "", d.Refresh)
	if err != nil {
		return "", err
	}
	for _, q := range queries {
		var out struct{ QueryStatus, ErrorMessage string }
		err := s.call(ctx, c, "DescribeQuery", map[string]string{"QueryId": q.Query}, &out)
		switch {
		case isRefusal(err): // its results are gone
			continue
		case err != nil:
			return "", err
		case out.QueryStatus == "FAILED" || out.QueryStatus == "TIMED_OUT" || out.QueryStatus == "CANCELLED":
			return "A query is " + out.QueryStatus + ": " + out.ErrorMessage, nil
		}
	}
	return "", nil
}

// byAlias lets DescribeQuery name a widget's query by its alias, of the last refresh or of the one that is named.
func (s *Service) byAlias(describe Operation) Operation {
	return func(ctx context.Context, c Caller, body []byte) (any, error) {
		var in struct{ QueryId, QueryAlias, RefreshId, EventDataStoreOwnerAccountId string }
		if err := decode(body, &in); err != nil {
			return nil, err
		}
		if in.QueryAlias == "" {
			return describe(ctx, c, body)
		}
		if in.QueryId != "" {
			return nil, invalid("Give QueryId or QueryAlias, not both.")
		}
		queries, err := meta.ListDashboardQueries(ctx, s.db.Read(), c.Account, c.Region, in.QueryAlias, in.RefreshId)
		if err != nil {
			return nil, err
		}
		if len(queries) == 0 {
			return nil, refuse("QueryIdNotFoundException", "There is no query of the alias %.256q.", in.QueryAlias)
		}
		body, err = json.Marshal(map[string]string{"QueryId": queries[0].Query, "EventDataStoreOwnerAccountId": in.EventDataStoreOwnerAccountId})
		if err != nil {
			return nil, fmt.Errorf("describe query: %w", err)
		}
		return describe(ctx, c, body)
	}
}

// fromWidget lets StartQuery run a widget's query by its alias, with values in the order of its places.
func (s *Service) fromWidget(start Operation) Operation {
	return func(ctx context.Context, c Caller, body []byte) (any, error) {
		var in struct {
			QueryStatement, QueryAlias, DeliveryS3Uri, EventDataStoreOwnerAccountId string
			QueryParameters                                                         []string
		}
		if err := decode(body, &in); err != nil {
			return nil, err
		}
		switch {
		case in.QueryStatement != "" && (in.QueryAlias != "" || len(in.QueryParameters) > 0):
			return nil, invalid("Give QueryStatement, or QueryAlias with QueryParameters, not both.")
		case in.QueryAlias == "":
			return start(ctx, c, body)
		}
		w, err := s.widget(ctx, c, in.QueryAlias)
		if err != nil {
			return nil, err
		}
		values := map[string]string{}
		for i, v := range in.QueryParameters {
			values[strconv.Itoa(i)] = v
			in.QueryParameters[i] = strconv.Itoa(i)
		}
		w.QueryParameters = in.QueryParameters
		text, ok := w.filledIn(values)
		if !ok {
			return nil, refuse("InvalidQueryStatementException", "QueryParameters must have one element for each ? of the statement.")
		}
		body, err = json.Marshal(map[string]string{"QueryStatement": text, "DeliveryS3Uri": in.DeliveryS3Uri, "EventDataStoreOwnerAccountId": in.EventDataStoreOwnerAccountId})
		if err != nil {
			return nil, fmt.Errorf("start query: %w", err)
		}
		return start(ctx, c, body)
	}
}

// widget finds a widget of the caller's dashboards by its alias.
func (s *Service) widget(ctx context.Context, c Caller, alias string) (Widget, error) {
	rows, err := meta.ListDashboards(ctx, s.db.Read(), c.Account, c.Region)
	if err != nil {
		return Widget{}, err
	}
	for _, d := range rows {
		var widgets []Widget
		if err := json.Unmarshal([]byte(d.Widgets), &widgets); err != nil {
			return Widget{}, fmt.Errorf("read widgets of dashboard %q: %w", d.Name, err)
		}
		for _, w := range widgets {
			if w.QueryAlias == alias {
				return w, nil
			}
		}
	}
	return Widget{}, invalid("There is no query of the alias %.256q.", alias)
}

// runRefreshes refreshes dashboards at their times until ctx ends. One whose time passed while nobody was there is refreshed
// once.
func (s *Service) runRefreshes(ctx context.Context) {
	const again = time.Hour // in case the clock is set
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-s.refreshes.wake:
		}
		next, err := s.refreshDue(ctx, time.Now())
		s.tell(ctx, err)
		wait := again
		if !next.IsZero() {
			wait = min(wait, max(time.Until(next), 0))
		}
		if err != nil {
			wait = max(wait, time.Minute)
		}
		timer.Reset(wait)
	}
}

// refreshDue refreshes the dashboards whose time has come, and returns when the next one is to be.
func (s *Service) refreshDue(ctx context.Context, now time.Time) (next time.Time, err error) {
	rows, err := meta.ListDashboards(ctx, s.db.Read(), "", "")
	if err != nil {
		return next, err
	}
	var errs []error
	for _, d := range rows {
		if d.Next.IsZero() {
			continue
		}
		if !d.Next.After(now) {
			at, err := s.refreshOne(ctx, d, now)
			errs = append(errs, err)
			d.Next = at
		}
		if !d.Next.IsZero() && (next.IsZero() || d.Next.Before(next)) {
			next = d.Next
		}
	}
	return next, errors.Join(errs...)
}

// refreshOne refreshes a dashboard as its owner, and returns when it is to be refreshed again.
func (s *Service) refreshOne(ctx context.Context, d meta.Dashboard, now time.Time) (time.Time, error) {
	var schedule RefreshSchedule
	if err := json.Unmarshal([]byte(d.Schedule), &schedule); err != nil {
		return time.Time{}, fmt.Errorf("read refresh schedule of dashboard %q: %w", d.Name, err)
	}
	next := schedule.next(now)
	if err := s.db.Write(ctx, func(tx *sql.Tx) error { return meta.SetDashboardNext(ctx, tx, d, next) }); err != nil {
		return next, err
	}
	values, err := parameterValues(nil, now)
	if err != nil {
		return next, err
	}
	owner := Caller{Account: d.Account, Region: d.Region, Principal: "arn:" + s.opt.Partition + ":iam::" + d.Account + ":root"}
	if _, err := s.refresh(ctx, owner, d, values, now); err != nil {
		return next, fmt.Errorf("refresh dashboard %q: %w", d.Name, err)
	}
	return next, nil
}
