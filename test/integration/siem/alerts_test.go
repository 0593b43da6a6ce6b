//go:build integration

package siem

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kiroku/internal/forward/wire"
)

// backdate changes the metadata of a server that does not run, as if time had passed.
func (s *server) backdate(t *testing.T, statements ...string) {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		missing(t, err.Error())
	}
	const program = "import sqlite3, sys\ndb = sqlite3.connect(sys.argv[1])\nfor s in sys.argv[2:]:\n    assert db.execute(s).rowcount == 1, s\ndb.commit()\n"
	if out, err := exec.Command(python, append([]string{"-c", program, filepath.Join(s.data, "meta.db")}, statements...)...).CombinedOutput(); err != nil {
		t.Fatalf("change the metadata: %v: %s", err, out)
	}
}

// TestAlerts: what becomes of one agent reaches the SIEM through another one. The server is stopped and told that hours have
// passed.
func TestAlerts(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.store(t, 0, 10)
	blocked, gone := faulty(t, "tcp"), faulty(t, "tcp")
	siem, _ := listener(t)
	make := func(name string, args ...string) (m made) {
		s.agents(t, &m, append([]string{"create", "--name", name, "--start", "all"}, args...)...)
		return m
	}
	b := make("blocked", "--to", blocked.to)
	g := make("gone", append([]string{"--to", gone.to}, gone.create...)...)
	o := make("other", "--to", siem.to, "--types", "alerts")
	blocked.kill()
	running, other := s.agent(t, b), s.agent(t, o)
	stopped := s.agent(t, g)
	s.acknowledged(t, g, stopped, 10, time.Minute)
	stopped.stop()
	until(t, "the agent tells that it is blocked", time.Minute, func() bool {
		return notified(s.status(t, b.ID).Notifications, wire.ConnectionError) != nil
	})
	s.stop()
	ago := func(d time.Duration) int64 { return time.Now().Add(-d).UnixMicro() }
	s.backdate(t,
		fmt.Sprintf("UPDATE siem_agent_notifications SET first = %d WHERE agent = '%s' AND code = '%s' AND cleared = 0", ago(16*time.Minute), b.ID, wire.ConnectionError),
		fmt.Sprintf("UPDATE siem_agents SET contact = %d WHERE id = '%s'", ago(12*time.Hour+30*time.Minute), g.ID))
	s.start(t)

	lines := func(class string) (found []string) {
		text, err := os.ReadFile(siem.arrived.file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, class) {
				found = append(found, line)
			}
		}
		return found
	}
	took := until(t, "the alert about the blocked agent arrives", time.Minute, func() bool { return len(lines("ALERT_MANAGEMENT_NOTIFICATIONS_SIEM")) > 0 })
	t.Logf("blocked for more than 15 minutes: the alert is there %v after the server's start: %s", took.Round(time.Second), lines("ALERT_MANAGEMENT_NOTIFICATIONS_SIEM")[0])
	if n := notified(s.status(t, b.ID).Notifications, wire.NotificationError); n == nil {
		t.Error("the status does not show siem_agent_notification_error")
	}
	// Agents have two minutes to come back after the server was away.
	took = until(t, "the alert about the agent that is gone arrives", 4*time.Minute, func() bool { return len(lines("ALERT_MANAGEMENT_DISCONNECTED_SIEM")) > 0 })
	t.Logf("gone for more than 12 hours: the alert is there %v later: %s", took.Round(time.Second), lines("ALERT_MANAGEMENT_DISCONNECTED_SIEM")[0])
	if st := s.status(t, g.ID); st.State != wire.Disconnected || notified(st.Notifications, wire.AgentError) == nil ||
		!strings.Contains(notified(st.Notifications, wire.AgentError).Text, "more than 12 hours") {
		t.Errorf("status of the agent that is gone: %+v", st)
	}
	// It comes back: connected at once, and the notification is closed.
	back := s.agent(t, g)
	until(t, "the agent is connected again", 20*time.Second, func() bool {
		st := s.status(t, g.ID)
		return st.State == wire.Connected && len(st.Notifications) == 0
	})
	for _, class := range []string{"ALERT_MANAGEMENT_NOTIFICATIONS_SIEM", "ALERT_MANAGEMENT_DISCONNECTED_SIEM"} {
		if got := lines(class); len(got) != 1 {
			t.Errorf("%s arrived %d times, want 1", class, len(got))
		}
	}
	back.stop()
	other.stop()
	running.kill()
}

// TestRetentionGap: retention removes what an agent has not delivered yet. While the agent is away, the server tells how many,
// and of which time; once, also when the agent goes over the gap later.
func TestRetentionGap(t *testing.T) {
	t.Parallel()
	const n = 1000
	old := time.Now().Add(-30 * 24 * time.Hour).Truncate(time.Hour)
	when := func(n int) time.Time { return old.Add(time.Duration(n) * time.Second) }
	s := serve(t)
	s.storeAt(t, 0, n, when)
	r := faulty(t, "tcp")
	m := s.create(t, append([]string{"--to", r.to}, r.create...)...)
	a := s.agent(t, m)
	s.acknowledged(t, m, a, n, time.Minute)
	a.stop()
	s.storeAt(t, n, 3*n, when)
	s.stop()
	s.args = []string{"--config", write(t, t.TempDir(), "kiroku.yaml", "stores:\n  - name: default\n    retention: 7d\n")}
	s.start(t)
	until(t, "retention has dropped everything", 5*time.Minute, func() bool {
		out, errors, code := s.run(t, "query", "", "--from", "2000-01-01", "--count", "--data", s.data)
		if code != 0 {
			t.Fatalf("kiroku query: %s", errors)
		}
		time.Sleep(time.Second)
		return strings.TrimSpace(out) == "0"
	})
	var note *wire.Notification
	until(t, "the gap is told", time.Minute, func() bool {
		note = notified(s.status(t, m.ID).Notifications, wire.RetentionGap)
		return note != nil && strings.Contains(note.Text, "2000 events")
	})
	for _, want := range []string{"from 1001 to 3000", "kiroku agents recover --like " + m.ID, "to " + when(3*n-1).UTC().Format("2006-01-02T15:04:05")} {
		if !strings.Contains(note.Text, want) {
			t.Errorf("the notification does not say %q: %s", want, note.Text)
		}
	}
	alerts := func() string {
		out, _, _ := s.run(t, "query", `ALERT_MANAGEMENT_SIEM_DELIVERY_GAP AND "2000 events"`, "--from", "now-1h", "--count", "--data", s.data)
		return strings.TrimSpace(out)
	}
	until(t, "the alert is in the lake", time.Minute, func() bool { return alerts() == "1" })
	a = s.agent(t, m)
	s.storeAt(t, 3*n, 3*n+10, func(int) time.Time { return time.Now() })
	s.acknowledged(t, m, a, 3*n+10, time.Minute)
	a.stop()
	if after := notified(s.status(t, m.ID).Notifications, wire.RetentionGap); after == nil || after.Count != note.Count || after.Text != note.Text || alerts() != "1" {
		t.Errorf("when the agent has gone over it: %+v, %s alerts", after, alerts())
	}
	t.Log(note.Text)
}
