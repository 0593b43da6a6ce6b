package api

import (
	"context"
	"slices"

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
	if !storeName(r.Body.Name) {
		return nil, invalid("Use up to 63 lower-case letters, digits and _, and begin with a letter.", "create store: %q cannot be a name", r.Body.Name)
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

// storeName says whether name can be the name of a store: it is also the name of a table and of a folder.
func storeName(name string) bool {
	if name == "" || len(name) > 63 || name[0] < 'a' || name[0] > 'z' {
		return false
	}
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}

func checkStore(description string, retentionDays int) error {
	if len(description) > 1000 {
		return invalid("Say it shorter.", "read description: it has %d bytes, more than 1,000", len(description))
	}
	return within("retention_days", retentionDays, 0, maxRetentionDays)
}
