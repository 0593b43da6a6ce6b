package awsapi

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"kiroku/internal/event"
	"kiroku/internal/query"
	"kiroku/internal/search"
)

// EventSearch finds events in the lake. *query.Queries satisfies it.
type EventSearch interface {
	Search(ctx context.Context, req query.Request) (*query.Page, error)
}

// LookupEventsInput is the input of LookupEvents.
type LookupEventsInput struct {
	LookupAttributes []LookupAttribute
	StartTime        *Timestamp
	EndTime          *Timestamp
	EventCategory    string // insight; empty: management events
	MaxResults       *int
	NextToken        string
}

// LookupAttribute is what an event must have: AttributeKey is EventId, EventName, ReadOnly, Username, ResourceType,
// ResourceName, EventSource or AccessKeyId.
type LookupAttribute struct{ AttributeKey, AttributeValue string }

// LookupEventsOutput is a page of events, newest first.
type LookupEventsOutput struct {
	Events    []LookedUpEvent
	NextToken string `json:",omitempty"`
}

// Limits of LookupEvents (API reference and user guide of CloudTrail).
const (
	lookupDays     = 90
	maxLookup      = 50   // events of a page
	maxLookupValue = 2000 // characters of an attribute's value
	// maxLookupRows is about how many rows are looked at for one page: a search finds some that are not what was asked for, and
	// events are in several stores. After so many a page may have fewer events than MaxResults, and a token.
	maxLookupRows  = 10_000
	maxLookupChunk = 1000 // of them at a time
	// maxInstant is how many events of one time are looked through to find those that the page before showed.
	maxInstant = 10_000
)

// LookupEvents finds CloudTrail's events of the caller's account and region in the last 90 days, in whatever store they are.
func (s *Service) LookupEvents(ctx context.Context, c Caller, in *LookupEventsInput) (LookupEventsOutput, error) {
	out := LookupEventsOutput{Events: []LookedUpEvent{}}
	l, err := newLookup(c, in, time.Now())
	if err != nil {
		return out, err
	}
	if err := s.shown(ctx, l); err != nil {
		return out, err
	}
	for looked := 0; looked < maxLookupRows; {
		// One more than is needed tells whether there are more; with rows that are left out it takes several rounds, of which each is larger.
		page, err := s.opt.Events.Search(ctx, query.Request{Search: l.search, From: time.UnixMicro(l.at.From), To: time.UnixMicro(l.at.To),
			Limit: min(l.size-len(out.Events)+1+looked, maxLookupChunk), Cursor: l.at.Cursor, Columns: append([]event.Column{event.ColRawData, event.ColRawEncoding}, rowColumns...)})
		if err != nil {
			return out, fmt.Errorf("look up events: %w", err)
		}
		for i, raw := range page.Rows {
			row, err := readLookupRow(raw)
			if err != nil {
				return out, err
			}
			e, fits := l.event(&row)
			if fits = fits && !l.repeats(&row); fits && len(out.Events) == l.size {
				out.NextToken = l.token()
				return out, nil
			}
			if fits {
				out.Events = append(out.Events, e)
			}
			l.pass(&row, page.After(i))
		}
		if page.Cursor == "" {
			return out, nil
		}
		looked += len(page.Rows)
	}
	out.NextToken = l.token()
	return out, nil
}

// lookup is one request for a page.
type lookup struct {
	search   string
	attr     LookupAttribute // empty: all events
	question string          // that the token is good for
	size     int
	at       lookupPlace
	shown    map[string]bool // ids of events at the time of the last row: the same event may be in several stores
}

// lookupPlace is where a page begins; it is the content of NextToken.
type lookupPlace struct {
	From   int64  `json:"f"` // microseconds, for all pages those of the first
	To     int64  `json:"t"`
	Cursor string `json:"c"` // of the search
	Time   int64  `json:"l"` // of the row before
	Row    string `json:"r"` // its event_uid
}

func (l *lookup) token() string {
	b, err := json.Marshal(l.at)
	if err != nil {
		panic("BUG: a place has no JSON: " + err.Error())
	}
	return writeToken(l.question, string(b))
}

// newLookup checks an input.
func newLookup(c Caller, in *LookupEventsInput, now time.Time) (*lookup, error) {
	l := &lookup{size: orElse(in.MaxResults, maxLookup), shown: map[string]bool{}}
	if l.size < 1 || l.size > maxLookup {
		return nil, refuse("InvalidMaxResultsException", "MaxResults must be from 1 to %d, not %d.", maxLookup, l.size)
	}
	if n := len(in.LookupAttributes); n > 1 {
		return nil, refuse("InvalidLookupAttributesException", "One attribute can be looked up at a time, not %d.", n)
	}
	for _, a := range in.LookupAttributes {
		l.attr = a
	}
	if l.attr != (LookupAttribute{}) || len(in.LookupAttributes) > 0 {
		if err := l.attr.check(); err != nil {
			return nil, err
		}
	}
	category, err := lookupCategory(in.EventCategory)
	if err != nil {
		return nil, err
	}
	l.search = lookupSearch(c, category, l.attr)
	if utf8.RuneCountInString(l.search) > search.MaxChars {
		return nil, refuse("InvalidLookupAttributesException", "AttributeValue is too long, with \\ and \" counting twice.")
	}
	l.question = c.question("LookupEvents", l.search, fmt.Sprint(in.StartTime, in.EndTime))
	if err := l.period(in, now); err != nil {
		return nil, err
	}
	return l, nil
}

// period sets from when to when is searched: as the input says, or for further pages as it said at the first.
func (l *lookup) period(in *LookupEventsInput, now time.Time) error {
	first := now.Add(-lookupDays * 24 * time.Hour)
	from, to := first, now
	if in.StartTime != nil && in.StartTime.After(first) {
		from = in.StartTime.Time
	}
	if in.EndTime != nil {
		to = in.EndTime.Time
	}
	if in.StartTime != nil && in.EndTime != nil && in.StartTime.After(in.EndTime.Time) || from.After(to) {
		return refuse("InvalidTimeRangeException", "StartTime must be before EndTime, and within the last %d days.", lookupDays)
	}
	l.at = lookupPlace{From: from.UnixMicro(), To: to.UnixMicro() + 1} // an event at EndTime belongs to it
	if in.NextToken == "" {
		return nil
	}
	text, ok := readToken(l.question, in.NextToken)
	var at lookupPlace
	if !ok || json.Unmarshal([]byte(text), &at) != nil || at.Cursor == "" {
		return refuse("InvalidNextTokenException", "NextToken is not one that this operation gave for the same request.")
	}
	l.at = at
	return nil
}

// rowColumns are what tells rows apart.
var rowColumns = []event.Column{event.ColEventUID, event.ColTime, event.ColMetadataUID}

// shown finds the events of the time at which the page before ended, up to that end.
func (s *Service) shown(ctx context.Context, l *lookup) error {
	if l.at.Cursor == "" {
		return nil
	}
	all, err := s.ofTime(ctx, l, rowColumns)
	if err == nil && slices.ContainsFunc(all, func(r lookupRow) bool { return r.ID == "" }) { // their records tell them apart
		all, err = s.ofTime(ctx, l, append([]event.Column{event.ColRawData, event.ColRawEncoding}, rowColumns...))
	}
	for _, row := range all {
		l.shown[row.identity()] = true
	}
	return err
}

// ofTime reads rows of the time at which the page before ended, up to that end.
func (s *Service) ofTime(ctx context.Context, l *lookup, columns []event.Column) ([]lookupRow, error) {
	page, err := s.opt.Events.Search(ctx, query.Request{Search: l.search, From: time.UnixMicro(l.at.Time), To: time.UnixMicro(l.at.Time + 1),
		Limit: maxInstant, Columns: columns})
	if err != nil {
		return nil, fmt.Errorf("look up events: %w", err)
	}
	var all []lookupRow
	for _, raw := range page.Rows {
		row, err := readLookupRow(raw)
		if err != nil {
			return nil, err
		}
		if all = append(all, row); row.EventUID == l.at.Row {
			break
		}
	}
	return all, nil
}

// repeats says whether the same event came before, from another store.
func (l *lookup) repeats(row *lookupRow) bool {
	return row.time.UnixMicro() == l.at.Time && l.shown[row.identity()]
}

// pass notes a row that was looked at, and the cursor that goes on behind it.
func (l *lookup) pass(row *lookupRow, cursor string) {
	if at := row.time.UnixMicro(); at != l.at.Time {
		clear(l.shown)
		l.at.Time = at
	}
	l.at.Row, l.at.Cursor = row.EventUID, cursor
	l.shown[row.identity()] = true
}

// identity is the id of the event, or, before eventVersion 1.01, which has none, a sum of its record.
func (r *lookupRow) identity() string {
	if r.ID != "" {
		return r.ID
	}
	sum := sha256.Sum256([]byte(r.Raw))
	return "sha256:" + string(sum[:])
}

// lookupRow is a row of the lake.
type lookupRow struct {
	EventUID string `json:"event_uid"`
	Time     string `json:"time"`
	ID       string `json:"metadata_uid"`
	Raw      string `json:"raw_data"`
	Encoding string `json:"raw_encoding"`
	time     time.Time
}

func readLookupRow(raw json.RawMessage) (lookupRow, error) {
	var row lookupRow
	if err := json.Unmarshal(raw, &row); err != nil {
		return row, fmt.Errorf("look up events: read row: %w", err)
	}
	var err error
	if row.time, err = time.Parse(event.TimeLayout, row.Time); err != nil {
		return row, fmt.Errorf("look up events: read row: %w", err)
	}
	if row.Encoding == "base64" {
		b, err := base64.StdEncoding.DecodeString(row.Raw)
		if err != nil {
			return row, fmt.Errorf("look up events: read row: %w", err)
		}
		row.Raw = string(b)
	}
	return row, nil
}
