package api

import "context"

// maxDigestFindings is how many findings are returned at most.
const maxDigestFindings = 10_000

// ListDigests answers GET /api/v1/cloudtrail/digests.
func (s *server) ListDigests(ctx context.Context, r ListDigestsRequestObject) (ListDigestsResponseObject, error) {
	limit := 1000
	if r.Params.Limit != nil {
		limit = *r.Params.Limit
	}
	if limit < 1 || limit > maxDigestFindings {
		return nil, invalid("Use a limit from 1 to 10000.", "list digests: limit is %d", limit)
	}
	report, err := s.deps.Digests.Report(ctx, limit)
	if err != nil {
		return nil, err
	}
	return ListDigests200JSONResponse(report), nil
}

// VerifyDigests answers POST /api/v1/cloudtrail/digests/verify.
func (s *server) VerifyDigests(ctx context.Context, r VerifyDigestsRequestObject) (VerifyDigestsResponseObject, error) {
	if err := s.deps.Digests.Verify(ctx, r.Body.Input, r.Body.From); err != nil {
		return nil, err
	}
	return VerifyDigests202Response{}, nil
}
