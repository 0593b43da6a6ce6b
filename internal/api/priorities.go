package api

import (
	"context"
)

// maxService is how long the name of a service may be.
const maxService = 200

// ListPriorities answers GET /api/v1/priorities.
func (s *server) ListPriorities(ctx context.Context, _ ListPrioritiesRequestObject) (ListPrioritiesResponseObject, error) {
	all, err := s.deps.Priorities.List(ctx)
	if err != nil {
		return nil, err
	}
	return ListPriorities200JSONResponse{Priorities: all}, nil
}

// SetPriority answers PUT /api/v1/priorities.
func (s *server) SetPriority(ctx context.Context, r SetPriorityRequestObject) (SetPriorityResponseObject, error) {
	if r.Body.Service == "" || len(r.Body.Service) > maxService {
		return nil, invalid("Name a service as the column service shows it, or default for all that are not named.", "set priority: service must have 1 to %d bytes", maxService)
	}
	if !r.Body.Priority.Valid() {
		return nil, invalid("Use normal, low or unset.", "set priority: %q is no priority", r.Body.Priority)
	}
	if err := s.deps.Priorities.Set(ctx, r.Body.Source, r.Body.Service, string(r.Body.Priority)); err != nil {
		return nil, err
	}
	all, err := s.deps.Priorities.List(ctx)
	if err != nil {
		return nil, err
	}
	return SetPriority200JSONResponse{Priorities: all}, nil
}
