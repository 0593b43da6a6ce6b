package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"kiroku/internal/fault"
	"kiroku/internal/identity"
	"kiroku/internal/intake"
)

// ListInputs answers GET /api/v1/inputs.
func (s *server) ListInputs(context.Context, ListInputsRequestObject) (ListInputsResponseObject, error) {
	inputs := s.deps.Inputs.Inputs()
	if inputs == nil {
		inputs = []intake.Status{}
	}
	return ListInputs200JSONResponse{Inputs: inputs}, nil
}

// Status answers GET /api/v1/status.
func (s *server) Status(ctx context.Context, _ StatusRequestObject) (StatusResponseObject, error) {
	st, err := s.deps.Status.Status(ctx)
	if err != nil {
		return nil, err
	}
	p := identity.FromContext(ctx)
	st.Stores = theirs(p, st.Stores)
	unwell := []SIEMAgent{}
	for _, a := range st.SiemAgents.Unwell {
		if mayAgent(p, &a) {
			unwell = append(unwell, a)
		}
	}
	st.SiemAgents.Unwell = unwell
	return Status200JSONResponse(st), nil
}

// Fsck answers POST /api/v1/fsck.
func (s *server) Fsck(ctx context.Context, r FsckRequestObject) (FsckResponseObject, error) {
	report, err := s.deps.Fsck.Fsck(ctx, r.Body.Repair)
	if err != nil {
		return nil, err
	}
	if report.Findings == nil {
		report.Findings = []FsckFinding{}
	}
	return Fsck200JSONResponse(report), nil
}

// Healthz answers GET /healthz.
func (s *server) Healthz(context.Context, HealthzRequestObject) (HealthzResponseObject, error) {
	return Healthz200TextResponse("ok\n"), nil
}

// Readyz answers GET /readyz.
func (s *server) Readyz(ctx context.Context, _ ReadyzRequestObject) (ReadyzResponseObject, error) {
	if err := s.deps.Status.Ready(ctx); err != nil {
		return nil, fault.New(fault.Busy, fmt.Errorf("not ready: %w", err), fault.NextOf(err))
	}
	return Readyz200TextResponse("ready\n"), nil
}

// Openapi answers GET /api/v1/openapi.yaml.
func (s *server) Openapi(context.Context, OpenapiRequestObject) (OpenapiResponseObject, error) {
	return Openapi200ApplicationYamlResponse{Body: bytes.NewReader(spec), ContentLength: int64(len(spec))}, nil
}

// metricsAnswer lets the Prometheus library write the answer.
type metricsAnswer struct {
	handler http.Handler
	request *http.Request
}

func (m metricsAnswer) VisitMetricsResponse(w http.ResponseWriter) error {
	m.handler.ServeHTTP(w, m.request)
	return nil
}

// Metrics answers GET /metrics.
func (s *server) Metrics(ctx context.Context, _ MetricsRequestObject) (MetricsResponseObject, error) {
	if p := identity.FromContext(ctx); len(p.Stores) > 0 {
		return nil, fault.New(fault.Denied, errors.New("read metrics: they tell about all stores, and this token is limited to some"),
			"Use a token without limits; GET /api/v1/status tells about the stores of this one.")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/metrics", nil)
	if err != nil {
		return nil, err
	}
	// Compression is ours, so that there is one place for it.
	return metricsAnswer{promhttp.HandlerFor(s.deps.Metrics, promhttp.HandlerOpts{DisableCompression: true}), r}, nil
}
