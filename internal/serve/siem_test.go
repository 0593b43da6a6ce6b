package serve

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"kiroku/internal/config"
	"kiroku/internal/forward/wire"
)

// What kiroku.yaml says of SIEM agents is what the service works with.
func TestThresholds(t *testing.T) {
	for text, want := range map[string]wire.Thresholds{
		"{}": {ConnectionError: 2 * time.Hour, Disconnected: 12 * time.Hour, NotificationError: 15 * time.Minute, Backlog: 5 * time.Minute},
		"siem_agents: {connection_error_after: 3m, disconnected_after: 4m, notification_error_after: 1s, backlog_after: 2s}": {ConnectionError: 3 * time.Minute,
			Disconnected: 4 * time.Minute, NotificationError: time.Second, Backlog: 2 * time.Second},
	} {
		path := filepath.Join(t.TempDir(), "kiroku.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := thresholds(&c.SIEM); got != want {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
}
