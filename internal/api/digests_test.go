package api_test

import (
	"testing"

	"kiroku/internal/api"
)

func TestDigests(t *testing.T) {
	s := start(t, api.Limits{})
	var report api.DigestReport
	s.call(200, "GET", "/api/v1/cloudtrail/digests", "", &report)
	if len(report.Inputs) != 1 || len(report.Chains) != 1 || report.Chains[0].Trail != "audit" || report.Chains[0].Findings != 1000 {
		t.Errorf("%+v", report)
	}
	if s.call(200, "GET", "/api/v1/cloudtrail/digests?limit=7", "", &report); report.Chains[0].Findings != 7 {
		t.Errorf("with a limit: %+v", report)
	}
	s.call(400, "GET", "/api/v1/cloudtrail/digests?limit=-1", "", nil)
	s.call(400, "GET", "/api/v1/cloudtrail/digests?limit=0", "", nil)
	s.call(202, "POST", "/api/v1/cloudtrail/digests/verify", `{"input":"trail","from":"2026-01-01T00:00:00Z"}`, nil)
	s.call(404, "POST", "/api/v1/cloudtrail/digests/verify", `{"input":"absent"}`, nil)
}
