package api_test

import (
	"strings"
	"testing"

	"kiroku/internal/api"
)

func TestProfile(t *testing.T) {
	s := start(t, api.Limits{})
	if a := s.do("admin", "GET", "/api/v1/profile?seconds=61", ""); a.status != 400 || !strings.Contains(a.problem(t).Detail, "61") {
		t.Errorf("61 seconds: %d %s", a.status, a.body)
	}
	both := make(chan answer, 2)
	for range 2 {
		go func() { both <- s.do("admin", "GET", "/api/v1/profile?seconds=1", "") }()
	}
	for range 2 {
		switch a := <-both; a.status {
		case 200:
			if !strings.HasPrefix(a.body, "\x1f\x8b") {
				t.Errorf("not gzip: %.20q", a.body)
			}
		case 409:
			if a.problem(t).Next == "" {
				t.Errorf("two at once: %s", a.body)
			}
		default:
			t.Errorf("%d: %s", a.status, a.body)
		}
	}
}
