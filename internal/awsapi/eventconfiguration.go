package awsapi

import (
	"context"
	"slices"
	"time"
	"unicode/utf8"

	"kiroku/internal/awsapi/selector"
	"kiroku/internal/meta"
)

// TrailOrStore names an event data store by its ARN or ID. The original has the operations for trails, too, which are not here.
type TrailOrStore struct {
	TrailName      string
	EventDataStore string
}

// configurable finds the caller's store that is named.
func (s *Service) configurable(ctx context.Context, c Caller, in *TrailOrStore) (meta.EventDataStore, error) {
	switch {
	case in.TrailName != "" && in.EventDataStore != "":
		return meta.EventDataStore{}, refuse("InvalidParameterCombinationException", "Name a trail or an event data store, not both.")
	case in.TrailName != "":
		return meta.EventDataStore{}, refuse("TrailNotFoundException", "There is no trail %.300q: there are event data stores only.", in.TrailName)
	case in.EventDataStore == "":
		return meta.EventDataStore{}, invalid("EventDataStore is required.")
	}
	row, err := s.activeStore(ctx, c, in.EventDataStore)
	if err == nil && !slices.Contains(awsEvents, selector.Category(row.Category)) {
		err = refuse("InvalidEventDataStoreCategoryException", "A store for %s has neither an event configuration nor insights.", row.Category)
	}
	return row, err
}

// PutEventConfigurationInput is the input of PutEventConfiguration.
type PutEventConfigurationInput struct {
	TrailOrStore
	MaxEventSize              string // Standard or Large
	ContextKeySelectors       []ContextKeySelector
	AggregationConfigurations []struct{}
}

// ContextKeySelector names what is to be added to events.
type ContextKeySelector struct {
	Type   string // TagContext or RequestContext
	Equals []string
}

// EventConfiguration is how events of a store are made.
type EventConfiguration struct {
	EventDataStoreArn   string
	MaxEventSize        string
	ContextKeySelectors []ContextKeySelector // never nil
}

// Values of MaxEventSize. Events are always stored whole: with Standard, queries show those over 256 KB as CloudTrail cuts them;
// with Large, which stores have from the start, they show events as they came.
const (
	sizeStandard = "Standard"
	sizeLarge    = "Large"
)

// Limits of the service model.
const (
	maxContextSelectors = 2
	maxContextKeys      = 50
	maxContextKey       = 128
)

func (s *Service) eventConfiguration(row meta.EventDataStore) EventConfiguration {
	size := row.EventSize
	if size == "" {
		size = sizeLarge
	}
	return EventConfiguration{EventDataStoreArn: s.storeARN(row), MaxEventSize: size, ContextKeySelectors: []ContextKeySelector{}}
}

// GetEventConfiguration says how large events are shown, and that nothing is added to them.
func (s *Service) GetEventConfiguration(ctx context.Context, c Caller, in *TrailOrStore) (EventConfiguration, error) {
	row, err := s.configurable(ctx, c, in)
	if err != nil {
		return EventConfiguration{}, err
	}
	return s.eventConfiguration(row), nil
}

// PutEventConfiguration sets how large events are shown, and refuses what it could only say and not do: tags of resources and
// keys of requests are known to AWS alone, and who selects them relies on events that have them.
func (s *Service) PutEventConfiguration(ctx context.Context, c Caller, in *PutEventConfigurationInput) (EventConfiguration, error) {
	if err := in.check(); err != nil {
		return EventConfiguration{}, err
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	row, err := s.configurable(ctx, c, &in.TrailOrStore)
	switch {
	case err != nil:
		return EventConfiguration{}, err
	case len(in.ContextKeySelectors) > 0:
		return EventConfiguration{}, refuse(codeUnsupported, "No tags or keys of requests are added to events; what eventContext an event has is kept. Leave ContextKeySelectors empty.")
	case len(in.AggregationConfigurations) > 0:
		return EventConfiguration{}, refuse(codeUnsupported, "Events are not aggregated; aggregated events that come are kept. Leave AggregationConfigurations empty.")
	}
	if in.MaxEventSize != "" && in.MaxEventSize != s.eventConfiguration(row).MaxEventSize {
		row.EventSize, row.Updated = in.MaxEventSize, time.Now().UTC()
		if err := s.save(ctx, row); err != nil {
			return EventConfiguration{}, err
		}
	}
	return s.eventConfiguration(row), nil
}

func (in *PutEventConfigurationInput) check() error {
	switch in.MaxEventSize {
	case sizeStandard, sizeLarge:
	case "":
		if in.ContextKeySelectors == nil && in.AggregationConfigurations == nil {
			return invalid("Name at least one setting to change.")
		}
	default:
		return invalid("MaxEventSize must be %s or %s, not %.40q.", sizeStandard, sizeLarge, in.MaxEventSize)
	}
	if n := len(in.ContextKeySelectors); n > maxContextSelectors {
		return invalid("There can be %d ContextKeySelectors, not %d.", maxContextSelectors, n)
	}
	seen := map[string]bool{}
	for _, k := range in.ContextKeySelectors {
		switch {
		case k.Type != "TagContext" && k.Type != "RequestContext":
			return invalid("The Type of a ContextKeySelector must be TagContext or RequestContext, not %.40q.", k.Type)
		case seen[k.Type]:
			return invalid("There are two ContextKeySelectors of Type %s.", k.Type)
		case len(k.Equals) < 1 || len(k.Equals) > maxContextKeys:
			return invalid("A ContextKeySelector must have 1 to %d keys in Equals, not %d.", maxContextKeys, len(k.Equals))
		case slices.ContainsFunc(k.Equals, func(key string) bool { return key == "" || utf8.RuneCountInString(key) > maxContextKey }):
			return invalid("A key of a ContextKeySelector must have 1 to %d characters.", maxContextKey)
		}
		seen[k.Type] = true
	}
	return nil
}
