//go:build integration

package siem

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"kiroku/internal/forward/wire"
)

// trouble is a fault of a receiver and what becomes of it.
type trouble struct {
	name   string
	scheme string
	args   []string      // of test/faultreceiver
	code   wire.Code     // what people are told
	shows  time.Duration // until then they are
	mend   bool          // it goes on until the receiver is started anew without it
	bound  int           // duplicates
}

const (
	soon    = 15 * time.Second
	stalled = 80 * time.Second // a receiver that takes nothing more is given up after 60 s
)

func troubles(n int) []trouble {
	bounds := map[string]int{"tcp": dupHalfClose, "tls": dupHalfClose, "relp": dupRELP, "relp+tls": dupRELP, "http": dupHTTP}
	// What a receiver that closes by itself has read and not stored is lost with half-close: it reads 64 KiB ahead. Batches of
	// 500 records are longer than 300 and that together, so that its kernel tells; those of 250 are not divided.
	each := map[string]string{"tcp": "300", "relp": "97", "http": "997"}
	var all []trouble
	for _, scheme := range []string{"tcp", "relp", "http"} {
		b := bounds[scheme]
		all = append(all,
			trouble{"closed after some records", scheme, []string{"-mode", "fin-after-n", "-n", each[scheme]}, wire.SendError, soon, false, (n/97 + 1) * b},
			trouble{"reset within a line", scheme, []string{"-mode", "rst-mid-line", "-n", "100100", "-times", "3"}, wire.SendError, soon, false, 3 * b},
			trouble{"slow", scheme, []string{"-delay", "1ms"}, "", soon, false, 0},
			trouble{"refuses", scheme, nil, wire.ConnectionError, soon, true, b},
			trouble{"stops to read", scheme, []string{"-mode", "stop-reading", "-n", "50000", "-times", "1"}, wire.SendError, stalled, false, b},
			trouble{"accepts and is silent", scheme, []string{"-mode", "accept-silent"}, wire.SendError, stalled, true, 0},
		)
	}
	for _, scheme := range []string{"tls", "relp+tls"} {
		b := bounds[scheme]
		all = append(all,
			trouble{"wants another client certificate", scheme, []string{"-mode", "tls-late-alert"}, wire.TLSError, soon, true, 0},
			trouble{"has a certificate of another name", scheme, []string{"-mode", "wrong-cert"}, wire.TLSError, soon, true, 0},
			trouble{"close_notify after 300 records", scheme, []string{"-mode", "tls-close-notify", "-n", "300"}, wire.SendError, soon, false, (n/97 + 1) * b},
			trouble{"half a line, then nothing", scheme, []string{"-mode", "half-line-then-stall", "-n", "50000", "-times", "1"}, wire.SendError, stalled, false, b},
		)
	}
	return all
}

// TestFaults has receivers misbehave in every way that the fault receiver knows: nothing is lost, people are told what is
// wrong, and when it is over everything goes on by itself and the notification is closed.
func TestFaults(t *testing.T) {
	t.Parallel()
	const n = 3000
	s := serve(t)
	s.store(t, 0, n)
	ca := newAuthority(t)
	for _, tr := range troubles(n) {
		t.Run(tr.scheme+" "+tr.name, func(t *testing.T) {
			t.Parallel()
			args := tr.args
			r := faulty(t, tr.scheme)
			r.kill()
			if strings.HasSuffix(tr.scheme, "tls") {
				ca.give(t, r, tr.name == "has a certificate of another name")
			}
			if args != nil {
				r.start(t, r.withTLS(args)...)
			}
			m := s.create(t, append([]string{"--to", r.to}, r.create...)...)
			stop := s.follow(t, m, r)
			a := s.agent(t, m)
			if tr.mend {
				until(t, "the notification shows", tr.shows, func() bool {
					st := s.status(t, m.ID)
					return st.State == wire.Connected && st.Delivery == wire.DeliveryBlocked && notified(st.Notifications, tr.code) != nil
				})
				r.kill()
				if strings.HasSuffix(tr.scheme, "tls") {
					ca.give(t, r, false)
				}
				r.start(t, r.withTLS([]string{"-mode", "ok"})...)
			}
			took := s.acknowledged(t, m, a, n, tr.shows+time.Minute)
			until(t, "all is well", soon, func() bool {
				st := s.status(t, m.ID)
				return st.Delivery == wire.DeliveryOK && st.Destinations[0].Confirmed == n &&
					!slices.ContainsFunc(st.Notifications, func(n wire.Notification) bool { return strings.HasPrefix(string(n.Code), "data_server") })
			})
			until(t, "the history has the notification, closed", soon, func() bool {
				var history struct{ Notifications []wire.Notification }
				s.agents(t, &history, "notifications", m.ID, "--history")
				on := notified(history.Notifications, tr.code)
				return tr.code == "" || on != nil && !on.Cleared.IsZero() && on.Count > 0 && on.Text != "" && on.Cause != "" && on.Remedy != ""
			})
			stop()
			a.stop()
			c := r.arrived.complete(t, n, tr.bound, true)
			t.Logf("%d records: lost %d, twice %d (bound %d), %v", n, n-c.distinct, c.duplicates, tr.bound, took.Round(10*time.Millisecond))
			if t.Failed() {
				t.Logf("the agent said:\n%s\nthe receiver said:\n%s", a.tail(), r.tail())
			}
		})
	}
}

func notified(all []wire.Notification, code wire.Code) *wire.Notification {
	for i := range all {
		if all[i].Code == code {
			return &all[i]
		}
	}
	return nil
}

// give writes the certificate that a fault receiver uses.
func (a *authority) give(t *testing.T, r *receiver, otherName bool) {
	t.Helper()
	cert, key := a.Issue(t, "siem.example.com")
	if otherName {
		cert, key = a.IssueFor(t, "other.example.com")
	}
	for from, to := range map[string]string{cert: r.certificate, key: r.certificate + ".key", a.File: r.certificate + ".ca"} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestIdleClose sends single records to a receiver, or a load balancer before it, that closes every connection that is idle.
func TestIdleClose(t *testing.T) {
	t.Parallel()
	const n = 60
	for _, scheme := range []string{"tcp", "relp", "http"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			s := serve(t)
			r := faulty(t, scheme, "-mode", "idle-close", "-delay", "20ms")
			m := s.create(t, append([]string{"--to", r.to}, r.create...)...)
			a := s.agent(t, m)
			stop := s.follow(t, m, r)
			tick := time.NewTicker(40 * time.Millisecond)
			defer tick.Stop()
			for i := range n {
				s.store(t, i, i+1)
				<-tick.C
			}
			s.acknowledged(t, m, a, n, time.Minute)
			stop()
			a.stop()
			c := r.arrived.complete(t, n, n, true) // a record may meet a connection that ends, once
			t.Logf("%d records: lost %d, twice %d", n, n-c.distinct, c.duplicates)
		})
	}
}

// TestDestinationsApart: of the destinations of one agent, one is dead and one takes a record a second; the others get
// everything meanwhile.
func TestDestinationsApart(t *testing.T) {
	t.Parallel()
	const n = 5000
	s := serve(t)
	s.store(t, 0, n)
	slow, quick, relp := faulty(t, "tcp", "-delay", "1s"), faulty(t, "tcp"), faulty(t, "relp")
	dead := faulty(t, "tcp")
	dead.kill()
	m := s.create(t, "--to", dead.to, "--to", slow.to, "--to", quick.to, "--to", relp.to, "--format", "json")
	a := s.agent(t, m)
	for _, r := range []*receiver{quick, relp} {
		took := until(t, "the destinations that work have everything", time.Minute, func() bool { _, ok := r.arrived.has(t, n); return ok })
		t.Logf("%s has everything after %v, the slow one %d records", r.to, took.Round(10*time.Millisecond), slow.arrived.look(t).distinct)
	}
	if got := slow.arrived.look(t).distinct; got > 60 {
		t.Errorf("the slow destination has %d records already: it was not slow", got)
	}
	var st wire.AgentStatus
	until(t, "the status tells the destinations apart", soon, func() bool {
		st = s.status(t, m.ID)
		return st.Destinations[2].Cursor["default"] == n && st.Destinations[3].Cursor["default"] == n && st.Destinations[0].Delivery == wire.DeliveryBlocked
	})
	if st.State != wire.Connected || st.Delivery != wire.DeliveryBlocked || st.Destinations[2].Delivery != wire.DeliveryOK || st.Destinations[3].Delivery != wire.DeliveryOK ||
		st.Destinations[0].Cursor["default"] != 0 || st.Destinations[1].Cursor["default"] == n || st.Cursor["default"] != 0 {
		t.Errorf("status: %+v", st)
	}
	if on := notified(st.Notifications, wire.ConnectionError); on == nil || on.Destination != "siem-1" {
		t.Errorf("notifications: %+v", st.Notifications)
	}
	dead.start(t)
	until(t, "the dead one has everything when it is back", time.Minute, func() bool { _, ok := dead.arrived.has(t, n); return ok })
	for _, r := range []*receiver{quick, relp, dead} {
		r.arrived.complete(t, n, 0, false)
	}
	begun := time.Now()
	a.stop() // with a destination that does not confirm in time
	t.Logf("the agent took %v to stop", time.Since(begun).Round(10*time.Millisecond))
}
