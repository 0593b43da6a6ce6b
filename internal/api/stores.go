package api

import (
	"context"
	"slices"

	"kiroku/internal/event"
	"kiroku/internal/identity"
)

const maxRetentionDays = 36_500

// ListStores answers GET /api/v1/stores.
func (s *server) ListStores(ctx context.Context, _ ListStoresRequestObject) (ListStoresResponseObject, error) {
	stores, err := s.deps.Stores.List(ctx)
	if err != nil {
		return nil, err
	}
	return ListStores200JSONResponse{Stores: theirs(identity.FromContext(ctx), stores)}, nil
}

// theirs are the stores that p is not limited away from.
func theirs(p *caller, stores []Store) []Store {
	out := make([]Store, 0, len(stores))
	for _, st := range stores {
		if len(p.Stores) == 0 || slices.Contains(p.Stores, st.Name) {
			out = append(out, st)
		}
	}
	return out
}

// CreateStore answers POST /api/v1/stores.
func (s *server) CreateStore(ctx context.Context, r CreateStoreRequestObject) (CreateStoreResponseObject, error) {
	if !event.IsStoreName(r.Body.Name) {
		return nil, invalid("Use "+event.StoreNameRule+".", "create store: %q cannot be a name", r.Body.Name)
	}
	if err := checkStore(r.Body.Description, r.Body.RetentionDays); err != nil {
		return nil, err
	}
	st, err := s.deps.Stores.Create(ctx, *r.Body)
	if err != nil {
		return nil, err
	}
	return CreateStore201JSONResponse(st), nil
}

// UpdateStore answers PATCH /api/v1/stores/{name}.
func (s *server) UpdateStore(ctx context.Context, r UpdateStoreRequestObject) (UpdateStoreResponseObject, error) {
	var description string
	var days int
	if r.Body.Description != nil {
		description = *r.Body.Description
	}
	if r.Body.RetentionDays != nil {
		days = *r.Body.RetentionDays
	}
	if err := checkStore(description, days); err != nil {
		return nil, err
	}
	st, err := s.deps.Stores.Update(ctx, r.Name, *r.Body)
	if err != nil {
		return nil, err
	}
	return UpdateStore200JSONResponse(st), nil
}

// DeleteStore answers DELETE /api/v1/stores/{name}.
func (s *server) DeleteStore(ctx context.Context, r DeleteStoreRequestObject) (DeleteStoreResponseObject, error) {
	if err := s.deps.Stores.Delete(ctx, r.Name); err != nil {
		return nil, err
	}
	return DeleteStore204Response{}, nil
}

func checkStore(description string, retentionDays int) error {
	if len(description) > 1000 {
		return invalid("Say it shorter.", "read description: it has %d bytes, more than 1,000", len(description))
	}
	return within("retention_days", retentionDays, 0, maxRetentionDays)
}
