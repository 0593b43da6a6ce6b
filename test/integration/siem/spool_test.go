//go:build integration

package siem

import (
	"path/filepath"
	"testing"
	"time"
)

// An agent with a spool takes everything while its receiver is down. Then the server goes away, the agent is killed again and
// again, and the receiver comes: everything arrives, in order.
func TestSpool(t *testing.T) {
	t.Parallel()
	const n, kills = 20_000, 4
	for _, w := range []siem{
		{"rsyslog tcp halfclose", func(t *testing.T) *receiver {
			return rsyslogd(t, "tcp", "", `load="imtcp"`, `type="imtcp"`, "--format", "cef", "--confirm", "halfclose")
		}, 0},
		{"rsyslog relp", func(t *testing.T) *receiver {
			return rsyslogd(t, "relp", "", `load="imrelp"`, `type="imrelp"`, "--format", "cef")
		}, 0},
	} {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			s, r := serve(t), w.open(t)
			r.kill()
			s.store(t, 0, n)
			m := s.create(t, append([]string{"--to", r.to, "--rate-records", "5000"}, r.create...)...)
			flags := []string{"--spool", filepath.Join(t.TempDir(), "spool")}
			a := s.agent(t, m, flags...)
			took := s.acknowledged(t, m, a, n/4, time.Minute)
			a.kill()
			a = s.agent(t, m, flags...)
			took += s.acknowledged(t, m, a, n, time.Minute)
			st := s.status(t, m.ID)
			if d := &st.Destinations[0]; d.SpooledRecords != n || d.Confirmed != 0 || st.LagRecords != 0 {
				t.Errorf("%d are in the spool, %d confirmed, %d to be looked at; want %d, 0, 0", d.SpooledRecords, d.Confirmed, st.LagRecords, n)
			}
			s.kill()
			a.kill()
			r.start(t)
			a = s.agent(t, m, flags...)
			for k := range kills {
				until(t, "the next kill is due", time.Minute, func() bool { return r.arrived.look(t).distinct >= n*(k+1)/(kills+1) })
				a.kill()
				a = s.agent(t, m, flags...)
			}
			until(t, "everything arrives without the server", time.Minute, func() bool { return r.arrived.look(t).distinct == n })
			const bound = kills * dupAgent
			c := r.arrived.complete(t, n, bound, true)
			s.start(t)
			until(t, "the server knows that everything is confirmed", 90*time.Second, func() bool {
				d := s.status(t, m.ID).Destinations[0]
				return d.SpooledRecords == 0 && d.Confirmed > 0
			})
			a.stop()
			t.Logf("%d records spooled in %v, %d kills: lost %d, twice %d (bound %d), counted %d", n, took.Round(10*time.Millisecond), kills+2, n-c.distinct, c.duplicates, bound,
				s.status(t, m.ID).Destinations[0].Confirmed)
			if t.Failed() {
				t.Logf("the agent said:\n%s\nthe receiver said:\n%s", a.tail(), r.tail())
			}
		})
	}
}
