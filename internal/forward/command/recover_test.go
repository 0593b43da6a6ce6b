package command

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"kiroku/internal/forward/agent"
	"kiroku/internal/forward/wire"
)

// recovery is a server with one recovery whose period is empty.
type recovery struct {
	url string

	mu    sync.Mutex
	asked map[string]int
}

func newRecovery(t *testing.T) *recovery {
	t.Helper()
	r := &recovery{asked: map[string]int{}}
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	r.url = s.URL
	return r
}

func (r *recovery) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	r.asked[req.URL.Path]++
	r.mu.Unlock()
	var answer any
	switch req.URL.Path {
	case wire.PathRecover:
		answer = wire.Recovered{ID: "r1", Token: strings.Repeat("r", 64)}
	case wire.PathHello:
		answer = wire.Config{Session: "s", ETag: "1", Now: time.Now(), Agent: wire.Agent{ID: "r1", Name: "r", Kind: wire.Recovery},
			Destinations: []wire.Destination{{Name: "siem", To: "stdout:", Format: wire.JSON}}}
	case wire.PathPull:
		answer = wire.BatchHeader{Done: true, ETag: "1"}
	case wire.PathComplete:
		answer = wire.Summary{From: time.Unix(0, 0), To: time.Unix(1, 0)}
	default:
		answer = wire.AckAnswer{ETag: "1"}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func (r *recovery) times(path string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked[path]
}

// Receipts that cannot be read end a recovery before there is one.
func TestRecoverReadsReceiptsFirst(t *testing.T) {
	r, dir := newRecovery(t), t.TempDir()
	_, errw, code := run(t.Context(), map[string]string{envToken: strings.Repeat("t", 64)}, "recover", "--server", r.url, "--from", "now-2h", "--to", "now-1h",
		"--missing-only", "--receipts", filepath.Join(dir, "none"), "--save", dir)
	files, err := os.ReadDir(dir)
	if code != agent.ExitUse || !strings.Contains(errw, "--receipts") || r.times(wire.PathRecover) != 0 || len(files) != 0 || err != nil {
		t.Errorf("exit code %d, %d recoveries, files %v (%v): %s", code, r.times(wire.PathRecover), files, err, errw)
	}
}

// A recovery that is complete leaves no token behind, also when it was continued with run; an empty one says why it may be.
func TestRecoveryEnds(t *testing.T) {
	for _, continued := range []bool{false, true} {
		r, dir := newRecovery(t), t.TempDir()
		args := []string{"recover", "--server", r.url, "--from", "now-2h", "--to", "now-1h", "--save", dir}
		env := map[string]string{envToken: strings.Repeat("t", 64)}
		if continued {
			file := filepath.Join(dir, "kiroku-recovery-r1.token")
			if err := os.WriteFile(file, []byte(strings.Repeat("r", 64)), 0o600); err != nil {
				t.Fatal(err)
			}
			args, env = []string{"run", "--server", r.url, "--token-file", file}, nil
		}
		out, errw, code := run(t.Context(), env, args...)
		files, err := os.ReadDir(dir)
		if code != 0 || !strings.Contains(out, "0 records confirmed") || !strings.Contains(errw, "--types") || len(files) != 0 || err != nil {
			t.Errorf("continued %v: exit code %d, files %v (%v): %s%s", continued, code, files, err, out, errw)
		}
	}
}
