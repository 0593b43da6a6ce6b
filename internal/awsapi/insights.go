package awsapi

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"kiroku/internal/awsapi/selector"
	"kiroku/internal/fault"
	"kiroku/internal/insight"
	"kiroku/internal/meta"
)

// PutInsightSelectorsInput is the input of PutInsightSelectors.
type PutInsightSelectorsInput struct {
	TrailOrStore
	InsightSelectors    []InsightSelector // required
	InsightsDestination string            // store that gets the Insights events: ARN or ID
}

// InsightSelector names a kind of Insights events.
type InsightSelector struct {
	InsightType     string   // ApiCallRateInsight or ApiErrorRateInsight
	EventCategories []string `json:",omitempty"` // Management
}

// InsightSelectors are the kinds of Insights events that are made of a store's events.
type InsightSelectors struct {
	EventDataStoreArn   string
	InsightsDestination string            `json:",omitempty"` // ARN
	InsightSelectors    []InsightSelector // never nil
}

const codeInsightSelectors = "InvalidInsightSelectorsException"

// noInsights is what is stored of a store whose insights are switched off.
const noInsights = "[]"

// insightsBefore is how long before they are switched on Insights events are looked for.
const insightsBefore = 24 * time.Hour

// PutInsightSelectors says which Insights events are made of a store's events, and where they go. An empty list switches them off.
func (s *Service) PutInsightSelectors(ctx context.Context, c Caller, in *PutInsightSelectorsInput) (InsightSelectors, error) {
	if err := checkInsights(in.InsightSelectors); err != nil {
		return InsightSelectors{}, err
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	source, err := s.configurable(ctx, c, &in.TrailOrStore)
	if err != nil {
		return InsightSelectors{}, err
	}
	row, err := meta.GetInsightSelectors(ctx, s.db.Read(), source.ID)
	known := err == nil
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return InsightSelectors{}, err
	}
	out := InsightSelectors{EventDataStoreArn: s.storeARN(source), InsightSelectors: in.InsightSelectors}
	before := row.Selectors
	if len(in.InsightSelectors) == 0 {
		if !known {
			return out, nil
		}
		row.Selectors, row.Open = noInsights, noInsights
	} else {
		destination, err := s.insightsDestination(ctx, c, source, in)
		if err != nil {
			return InsightSelectors{}, err
		}
		text, err := json.Marshal(in.InsightSelectors)
		if err != nil {
			return InsightSelectors{}, fmt.Errorf("put insight selectors: %w", err)
		}
		row.EventDataStore, row.Destination, row.Selectors = source.ID, destination.ID, string(text)
		out.InsightsDestination = s.storeARN(destination)
		if before == "" || before == noInsights {
			row.Open = noInsights
			if at := time.Now().Add(-insightsBefore).Truncate(time.Minute); at.After(row.Position) {
				row.Position = at
			}
		}
	}
	if err := s.db.Write(ctx, func(tx *sql.Tx) error { return meta.PutInsightSelectors(ctx, tx, row) }); err != nil {
		return InsightSelectors{}, err
	}
	s.insights.look()
	return out, nil
}

func checkInsights(list []InsightSelector) error {
	if list == nil {
		return invalid("InsightSelectors is required; an empty list switches all off.")
	}
	seen := map[string]bool{}
	for _, i := range list {
		switch {
		case i.InsightType != insight.CallRate && i.InsightType != insight.ErrorRate:
			return refuse(codeInsightSelectors, "InsightType must be %s or %s, not %.40q.", insight.CallRate, insight.ErrorRate, i.InsightType)
		case seen[i.InsightType]:
			return refuse(codeInsightSelectors, "There are two InsightSelectors of InsightType %s.", i.InsightType)
		case slices.ContainsFunc(i.EventCategories, func(c string) bool { return c != string(selector.Management) }):
			return refuse(codeInsightSelectors, "EventCategories of an event data store can only be %s.", selector.Management)
		}
		seen[i.InsightType] = true
	}
	return nil
}

// insightsDestination finds the store that is to get the Insights events of another, if both keep the events that they must.
func (s *Service) insightsDestination(ctx context.Context, c Caller, source meta.EventDataStore, in *PutInsightSelectorsInput) (meta.EventDataStore, error) {
	if s.opt.SQL == nil {
		return meta.EventDataStore{}, refuse(codeUnsupported, "Events cannot be counted here.")
	}
	if in.InsightsDestination == "" {
		return meta.EventDataStore{}, invalid("InsightsDestination is required: the event data store that gets the Insights events.")
	}
	destination, err := s.activeStore(ctx, c, in.InsightsDestination)
	if err != nil {
		return meta.EventDataStore{}, err
	}
	if destination.Category != string(selector.Insight) || destination.Status != statusEnabled {
		return meta.EventDataStore{}, refuse(codeInsightSelectors, "The event data store %s does not take Insights events.", destination.Name)
	}
	return destination, suitsInsights(source, in.InsightSelectors)
}

// suitsInsights refuses selectors of a store that keep none of the events of which Insights events are made.
func suitsInsights(source meta.EventDataStore, list []InsightSelector) error {
	set, err := selector.Parse([]byte(source.Selectors))
	if err != nil {
		return fmt.Errorf("read selectors of event data store %q: %w", source.ID, err)
	}
	for _, i := range list {
		if i.InsightType == insight.CallRate && !set.KeepsManagement("false") {
			return refuse(codeInsightSelectors, "%s needs write management events, which the selectors of the event data store %s do not keep.", i.InsightType, source.Name)
		}
		if !set.KeepsManagement("true") && !set.KeepsManagement("false") {
			return refuse(codeInsightSelectors, "%s needs management events, which the selectors of the event data store %s do not keep.", i.InsightType, source.Name)
		}
	}
	return nil
}

// keepsInsights refuses a change of a store whose insights are switched on after which they could not be.
func (s *Service) keepsInsights(ctx context.Context, row meta.EventDataStore) error {
	on, err := meta.GetInsightSelectors(ctx, s.db.Read(), row.ID)
	if fault.KindOf(err) == fault.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	list, err := readInsightSelectors(&on)
	if err != nil {
		return err
	}
	return suitsInsights(row, list)
}

func readInsightSelectors(row *meta.InsightSelectors) (list []InsightSelector, err error) {
	if err := json.Unmarshal([]byte(row.Selectors), &list); err != nil {
		return nil, fmt.Errorf("read insight selectors of event data store %q: %w", row.EventDataStore, err)
	}
	return list, nil
}

// GetInsightSelectors says which Insights events are made of a store's events, and where they go.
func (s *Service) GetInsightSelectors(ctx context.Context, c Caller, in *TrailOrStore) (InsightSelectors, error) {
	source, err := s.configurable(ctx, c, in)
	if err != nil {
		return InsightSelectors{}, err
	}
	row, err := meta.GetInsightSelectors(ctx, s.db.Read(), source.ID)
	if fault.KindOf(err) == fault.NotFound || err == nil && row.Selectors == noInsights {
		return InsightSelectors{}, refuse("InsightNotEnabledException", "No Insights events are made of the events of %s.", source.Name)
	}
	if err != nil {
		return InsightSelectors{}, err
	}
	list, err := readInsightSelectors(&row)
	if err != nil {
		return InsightSelectors{}, err
	}
	destination, err := meta.GetEventDataStore(ctx, s.db.Read(), row.Destination)
	return InsightSelectors{s.storeARN(source), s.storeARN(destination), list}, err
}
