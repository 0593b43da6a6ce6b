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

// A disk that is full while the receiver is away: the agent says so, takes nothing more, and loses nothing. It goes on by itself
// when somebody makes room, fills the disk again, survives being killed then, and is well again when the receiver comes.
func TestSpoolOnFullDisk(t *testing.T) {
	t.Parallel()
	const n = 40_000
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", dir).CombinedOutput(); err != nil {
		missing(t, fmt.Sprintf("a small disk needs the right to mount: %v: %s", err, out))
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	ballast := write(t, dir, "ballast", strings.Repeat("x", 8<<20))
	s, r := serve(t), faulty(t, "relp")
	r.kill()
	s.store(t, 0, n)
	m := s.create(t, append([]string{"--to", r.to}, r.create...)...)
	flags := []string{"--spool", filepath.Join(dir, "spool")}
	a := s.agent(t, m, flags...)
	full := func() bool {
		note := notified(s.status(t, m.ID).Notifications, wire.SpoolFull)
		return note != nil && strings.Contains(note.Text, "its disk is full")
	}
	until(t, "the full disk is told", time.Minute, full)
	first := s.cursor(m.ID)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	until(t, "the agent goes on when there is room", time.Minute, func() bool { return s.cursor(m.ID) > first })
	until(t, "the full disk is told again", time.Minute, func() bool { return s.cursor(m.ID) > first+5000 && full() })
	second := s.cursor(m.ID)
	if second >= n {
		t.Fatalf("all %d records have room on that disk", n)
	}
	a.kill()
	a = s.agent(t, m, flags...)
	until(t, "the agent that was killed tells it, too", time.Minute, full)
	if now := s.cursor(m.ID); now < second || now >= n {
		t.Errorf("acknowledged up to %d, and %d before it was killed", now, second)
	}
	r.start(t)
	defer func() {
		if t.Failed() {
			t.Logf("%d arrived, %+v; the agent said:\n%s", r.arrived.look(t).distinct, s.status(t, m.ID).Destinations[0], a.tail())
		}
	}()
	took := until(t, "everything arrives", 2*time.Minute, func() bool { return r.arrived.look(t).distinct == n })
	c := r.arrived.complete(t, n, dupAgent, true)
	until(t, "nothing is told any more", time.Minute, func() bool {
		st := s.status(t, m.ID)
		return notified(st.Notifications, wire.SpoolFull) == nil && st.Delivery == wire.DeliveryOK && st.SpooledRecords == 0
	})
	a.stop()
	t.Logf("full after %d records, with more room after %d; all arrived in %v: lost %d, twice %d", first, second, took.Round(time.Millisecond), n-c.distinct, c.duplicates)
}
