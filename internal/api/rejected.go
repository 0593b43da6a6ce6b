package api

import (
	"context"

	"kiroku/internal/awsapi"
)

const (
	rejectedPage    = 100
	maxRejectedPage = 1000
)

// ListRejected answers GET /api/v1/channels/{id}/rejected.
func (s *server) ListRejected(ctx context.Context, r ListRejectedRequestObject) (ListRejectedResponseObject, error) {
	if err := within("limit", r.Params.Limit, 1, maxRejectedPage); err != nil {
		return nil, err
	}
	c, owner, err := s.deps.AWS.FindChannel(ctx, awsapi.Scope{Account: r.Params.Account, Region: r.Params.Region}, r.ID)
	if err != nil {
		return nil, err
	}
	limit := r.Params.Limit
	if limit == 0 {
		limit = rejectedPage
	}
	list, total, err := s.deps.AWS.ListRejected(ctx, owner, c.ARN, r.Params.After, limit)
	if err != nil {
		return nil, err
	}
	out := ListRejected200JSONResponse{Events: make([]RejectedEvent, len(list)), Total: total}
	for i, e := range list {
		out.Events[i] = RejectedEvent{ID: e.ID, Received: e.Received.UTC(), Principal: e.Principal, RequestID: e.RequestID, ErrorCode: e.Code, ErrorMessage: e.Message, EventData: e.EventData, Tries: e.Tries}
	}
	return out, nil
}

// ReplayRejected answers POST /api/v1/channels/{id}/rejected/replay.
func (s *server) ReplayRejected(ctx context.Context, r ReplayRejectedRequestObject) (ReplayRejectedResponseObject, error) {
	c, owner, err := s.deps.AWS.FindChannel(ctx, awsapi.Scope{Account: r.Params.Account, Region: r.Params.Region}, r.ID)
	if err != nil {
		return nil, err
	}
	done, err := s.deps.AWS.ReplayRejected(ctx, owner, c.ARN, r.Body.Ids, r.Body.EventData)
	if err != nil {
		return nil, err
	}
	out := ReplayRejected200JSONResponse{Stored: make([]ReplayedEvent, len(done.Successful)), Refused: make([]ReplayedEvent, len(done.Failed))}
	for i, e := range done.Successful {
		out.Stored[i] = ReplayedEvent{ID: e.ID, EventID: e.EventID}
	}
	for i, e := range done.Failed {
		out.Refused[i] = ReplayedEvent{ID: e.ID, ErrorCode: e.ErrorCode, ErrorMessage: e.ErrorMessage}
	}
	return out, nil
}

// DeleteRejected answers DELETE /api/v1/channels/{id}/rejected/{event}.
func (s *server) DeleteRejected(ctx context.Context, r DeleteRejectedRequestObject) (DeleteRejectedResponseObject, error) {
	c, owner, err := s.deps.AWS.FindChannel(ctx, awsapi.Scope{Account: r.Params.Account, Region: r.Params.Region}, r.ID)
	if err != nil {
		return nil, err
	}
	if err := s.deps.AWS.DeleteRejected(ctx, owner, c.ARN, r.Event); err != nil {
		return nil, err
	}
	return DeleteRejected204Response{}, nil
}
