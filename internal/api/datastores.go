package api

import (
	"context"
	"encoding/json"
	"fmt"

	"kiroku/internal/awsapi"
	"kiroku/internal/identity"
)

// ListEventDataStores answers GET /api/v1/event-data-stores.
func (s *server) ListEventDataStores(ctx context.Context, r ListEventDataStoresRequestObject) (ListEventDataStoresResponseObject, error) {
	all, err := s.deps.AWS.Stores(ctx, awsapi.Scope{Account: r.Params.Account, Region: r.Params.Region})
	if err != nil {
		return nil, err
	}
	out := ListEventDataStores200JSONResponse{EventDataStores: []EventDataStore{}}
	p := identity.FromContext(ctx)
	for _, st := range all {
		if _, err := p.Limit([]string{st.Store}); err != nil { // a token sees its own stores
			continue
		}
		one, err := dataStoreTo(st)
		if err != nil {
			return nil, err
		}
		out.EventDataStores = append(out.EventDataStores, one)
	}
	return out, nil
}

// GetEventDataStore answers GET /api/v1/event-data-stores/{id}.
func (s *server) GetEventDataStore(ctx context.Context, r GetEventDataStoreRequestObject) (GetEventDataStoreResponseObject, error) {
	st, err := s.dataStore(ctx, awsapi.Scope{Account: r.Params.Account, Region: r.Params.Region}, r.ID)
	return GetEventDataStore200JSONResponse(st), err
}

func (s *server) dataStore(ctx context.Context, scope awsapi.Scope, given string) (EventDataStore, error) {
	st, _, err := s.deps.AWS.FindStore(ctx, scope, given)
	if err != nil {
		return EventDataStore{}, err
	}
	if _, err := identity.FromContext(ctx).Limit([]string{st.Store}); err != nil {
		return EventDataStore{}, err
	}
	return dataStoreTo(st)
}

// CreateEventDataStore answers POST /api/v1/event-data-stores.
func (s *server) CreateEventDataStore(ctx context.Context, r CreateEventDataStoreRequestObject) (CreateEventDataStoreResponseObject, error) {
	home, err := s.deps.AWS.Home(ctx, awsapi.Scope{Account: r.Params.Account, Region: r.Params.Region})
	if err != nil {
		return nil, err
	}
	b := r.Body
	selectors, err := selectorsFrom(b.Selectors)
	if err != nil {
		return nil, err
	}
	in := awsapi.CreateEventDataStoreInput{Name: b.Name, MultiRegionEnabled: b.MultiRegion, OrganizationEnabled: &b.Organization, RetentionPeriod: given(b.RetentionDays),
		TerminationProtectionEnabled: b.TerminationProtection, BillingMode: b.BillingMode, TagsList: awsapi.TagsOf(b.Tags), AdvancedEventSelectors: selectors}
	made, err := s.deps.AWS.CreateEventDataStore(ctx, home, &in)
	if err != nil {
		return nil, err
	}
	st, err := s.dataStore(ctx, awsapi.Scope{}, made.EventDataStoreArn)
	return CreateEventDataStore201JSONResponse(st), err
}

// given is a number that 0 means to leave out.
func given(n int) *int {
	if n == 0 {
		return nil
	}
	return &n
}

// UpdateEventDataStore answers PATCH /api/v1/event-data-stores/{id}.
func (s *server) UpdateEventDataStore(ctx context.Context, r UpdateEventDataStoreRequestObject) (UpdateEventDataStoreResponseObject, error) {
	st, owner, err := s.deps.AWS.FindStore(ctx, awsapi.Scope{Account: r.Params.Account, Region: r.Params.Region}, r.ID)
	if err != nil {
		return nil, err
	}
	b := r.Body
	selectors, err := selectorsFrom(b.Selectors)
	if err != nil {
		return nil, err
	}
	in := awsapi.UpdateEventDataStoreInput{EventDataStore: st.ARN, Name: b.Name, MultiRegionEnabled: b.MultiRegion, OrganizationEnabled: b.Organization,
		RetentionPeriod: given(b.RetentionDays), TerminationProtectionEnabled: b.TerminationProtection, BillingMode: b.BillingMode, AdvancedEventSelectors: selectors}
	if !in.Empty() || b.Ingestion == nil {
		if _, err := s.deps.AWS.UpdateEventDataStore(ctx, owner, &in); err != nil {
			return nil, err
		}
	}
	if b.Ingestion != nil {
		change := s.deps.AWS.StopEventDataStoreIngestion
		if *b.Ingestion {
			change = s.deps.AWS.StartEventDataStoreIngestion
		}
		if _, err := change(ctx, owner, &awsapi.StoreInput{EventDataStore: st.ARN}); err != nil {
			return nil, err
		}
	}
	now, err := s.dataStore(ctx, awsapi.Scope{}, st.ARN)
	return UpdateEventDataStore200JSONResponse(now), err
}

// DeleteEventDataStore answers DELETE /api/v1/event-data-stores/{id}.
func (s *server) DeleteEventDataStore(ctx context.Context, r DeleteEventDataStoreRequestObject) (DeleteEventDataStoreResponseObject, error) {
	st, owner, err := s.deps.AWS.FindStore(ctx, awsapi.Scope{Account: r.Params.Account, Region: r.Params.Region}, r.ID)
	if err != nil {
		return nil, err
	}
	if _, err := s.deps.AWS.DeleteEventDataStore(ctx, owner, &awsapi.StoreInput{EventDataStore: st.ARN}); err != nil {
		return nil, err
	}
	now, err := s.dataStore(ctx, awsapi.Scope{}, st.ARN)
	return DeleteEventDataStore200JSONResponse(now), err
}

// RestoreEventDataStore answers POST /api/v1/event-data-stores/{id}/restore.
func (s *server) RestoreEventDataStore(ctx context.Context, r RestoreEventDataStoreRequestObject) (RestoreEventDataStoreResponseObject, error) {
	st, owner, err := s.deps.AWS.FindStore(ctx, awsapi.Scope{Account: r.Params.Account, Region: r.Params.Region}, r.ID)
	if err != nil {
		return nil, err
	}
	if _, err := s.deps.AWS.RestoreEventDataStore(ctx, owner, &awsapi.StoreInput{EventDataStore: st.ARN}); err != nil {
		return nil, err
	}
	now, err := s.dataStore(ctx, awsapi.Scope{}, st.ARN)
	return RestoreEventDataStore200JSONResponse(now), err
}

func dataStoreTo(st awsapi.StoreInfo) (EventDataStore, error) {
	out := EventDataStore{ID: st.ID, Arn: st.ARN, Name: st.Name, Account: st.Account, Region: st.Region, Store: st.Store, Status: st.Status, Category: st.Category,
		MultiRegion: st.MultiRegion, Organization: st.Org, RetentionDays: st.Days, BillingMode: st.Billing, TerminationProtection: st.Protected,
		Created: st.Created.UTC(), Updated: st.Updated.UTC(), Deletes: st.Deletes.UTC()}
	if err := json.Unmarshal([]byte(st.Selectors), &out.Selectors); err != nil {
		return out, fmt.Errorf("read selectors of event data store %q: %w", st.ID, err)
	}
	return out, nil
}

// selectorsFrom is the JSON of selectors.
func selectorsFrom(list []AdvancedEventSelector) (json.RawMessage, error) {
	if len(list) == 0 {
		return nil, nil
	}
	b, err := json.Marshal(list)
	if err != nil {
		return nil, fmt.Errorf("read selectors: %w", err)
	}
	return b, nil
}
