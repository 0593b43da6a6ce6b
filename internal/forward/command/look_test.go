package command

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"kiroku/internal/forward/wire"
)

// A look says which records cannot be sent, and what to do.
func TestLookAtUnfit(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		var answer any = wire.Config{ETag: "1", Now: time.Now(), Agent: wire.Agent{ID: "a1", Name: "soc"}, Destinations: []wire.Destination{{Name: "siem", To: "stdout:", Format: wire.JSON}}}
		if req.URL.Path == wire.PathPull {
			var p wire.Pull
			if err := json.NewDecoder(req.Body).Decode(&p); err != nil {
				t.Error(err)
			}
			h := wire.BatchHeader{Store: "default", Next: 7, ETag: "1"}
			if p.After["default"] != 7 {
				h.Dead, h.DeadWhy = 2, "the event is too long for max_bytes\x1b"
			}
			answer = h
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	defer s.Close()
	out, errw, code := run(t.Context(), nil, "run", "--dry-run", "--server", s.URL, "--token", strings.Repeat("t", 64))
	if code != 0 || out != "" || strings.Count(errw, "2 records cannot be sent") != 1 || !strings.Contains(errw, "too long for max_bytes") || !strings.Contains(errw, "next: Raise max_bytes") || strings.Contains(errw, "\x1b") {
		t.Errorf("exit code %d: %q, %q", code, out, errw)
	}
}

// A look at a destination that has everything says so, on standard error.
func TestLookAtNothing(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		var answer any = wire.Config{ETag: "1", Now: time.Now(), Agent: wire.Agent{ID: "a1", Name: "soc"}, Destinations: []wire.Destination{{Name: "siem", To: "stdout:", Format: wire.JSON}}}
		if req.URL.Path == wire.PathPull {
			answer = wire.BatchHeader{ETag: "1"}
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	defer s.Close()
	out, errw, code := run(t.Context(), nil, "run", "--dry-run", "--server", s.URL, "--token", strings.Repeat("t", 64))
	if code != 0 || out != "" || errw != "kiroku: destination \"siem\": nothing is waiting to be sent\n" {
		t.Errorf("exit code %d: %q, %q", code, out, errw)
	}
}
