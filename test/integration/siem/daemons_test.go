//go:build integration

package siem

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

// Duplicates of one fault: a batch, and what is sent again behind the last confirmed record when the receiver turns out to
// have been restarted (the windows of internal/forward/deliver).
const (
	dupHalfClose = 500 + (256<<10)/lineBytes
	dupRELP      = 128
	dupHTTP      = 500
)

// siem is a way to a real receiver.
type siem struct {
	name  string
	open  func(t *testing.T) *receiver
	fault int // duplicates of a fault; 0: its faults are not confirmed
}

func siems(t *testing.T) []siem {
	t.Helper()
	ca := newAuthority(t)
	cert, key := ca.Issue(t, "siem.example.com")
	certs := fmt.Sprintf(`defaultNetstreamDriverCAFile=%q defaultNetstreamDriverCertFile=%q defaultNetstreamDriverKeyFile=%q`, ca.File, cert, key)
	secure := slices.Concat([]string{"--format", "cef"}, ca.tlsFlags(t))
	tcp := func(create ...string) func(t *testing.T) *receiver {
		return func(t *testing.T) *receiver { return rsyslogd(t, "tcp", "", `load="imtcp"`, `type="imtcp"`, create...) }
	}
	tls := func(driver string, create ...string) func(t *testing.T) *receiver {
		module := fmt.Sprintf(`load="imtcp" streamDriver.name=%q streamDriver.mode="1" streamDriver.authMode="x509/certvalid"`, driver)
		return func(t *testing.T) *receiver {
			unpacked(t, "usr/lib/x86_64-linux-gnu/rsyslog/lmnsd_"+driver+".so")
			return rsyslogd(t, "tls", certs, module, `type="imtcp"`, slices.Concat(secure, create)...)
		}
	}
	ng := func(scheme, source string, create ...string) func(t *testing.T) *receiver {
		return func(t *testing.T) *receiver { return syslogNG(t, scheme, source, create...) }
	}
	ngTLS := fmt.Sprintf(`transport("tls") tls(cert-file(%q) key-file(%q) ca-file(%q) peer-verify(required-trusted))`, cert, key, ca.File)
	return []siem{
		{"rsyslog tcp lf halfclose", tcp("--format", "cef", "--confirm", "halfclose"), dupHalfClose},
		{"rsyslog tcp octet halfclose", tcp("--format", "cef", "--confirm", "halfclose", "--framing", "octet"), dupHalfClose},
		{"rsyslog tcp lf none", tcp("--format", "cef", "--confirm", "none"), 0},
		{"rsyslog tcp octet none", tcp("--format", "rfc5424-json", "--confirm", "none", "--framing", "octet"), 0},
		{"rsyslog tls ossl client certificate", tls("ossl"), dupHalfClose},
		{"rsyslog tls gtls client certificate", tls("gtls", "--framing", "lf"), dupHalfClose},
		{"rsyslog relp", func(t *testing.T) *receiver {
			return rsyslogd(t, "relp", "", `load="imrelp"`, `type="imrelp"`, "--format", "cef")
		}, dupRELP},
		{"rsyslog relp tls client certificate", func(t *testing.T) *receiver {
			input := fmt.Sprintf(`type="imrelp" tls="on" tls.caCert=%q tls.myCert=%q tls.myPrivKey=%q tls.authMode="certvalid"`, ca.File, cert, key)
			return rsyslogd(t, "relp+tls", "", `load="imrelp" tls.tlslib="openssl"`, input, secure...)
		}, dupRELP},
		{"syslog-ng tcp lf halfclose", ng("tcp", `network(ip(127.0.0.1) port(%d) transport("tcp") flags(no-parse));`, "--format", "cef"), dupHalfClose},
		{"syslog-ng tcp octet halfclose", ng("tcp", `syslog(ip(127.0.0.1) port(%d) transport("tcp") flags(no-parse));`, "--format", "cef", "--framing", "octet"), dupHalfClose},
		{"syslog-ng tls client certificate", ng("tls", `syslog(ip(127.0.0.1) port(%d) flags(no-parse) `+ngTLS+`);`, secure...), dupHalfClose},
	}
}

// TestDaemons sends to rsyslog and syslog-ng as they stand: everything arrives, in order, once.
func TestDaemons(t *testing.T) {
	t.Parallel()
	const n = 5000
	s := serve(t)
	s.store(t, 0, n)
	for _, w := range siems(t) {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			r := w.open(t)
			m := s.create(t, append([]string{"--to", r.to}, r.create...)...)
			a := s.agent(t, m)
			took := s.acknowledged(t, m, a, n, time.Minute)
			a.stop()
			if w.fault == 0 { // nobody says when it has arrived
				until(t, "everything arrives", 20*time.Second, func() bool { return r.arrived.look(t).distinct == n })
			}
			if !r.exact {
				until(t, "everything is stored", 20*time.Second, func() bool { return r.arrived.look(t).distinct == n })
			}
			c := r.arrived.complete(t, n, 0, false)
			if c.shortest < lineBytes {
				t.Errorf("a line has %d bytes; the bounds of duplicates are reckoned with %d", c.shortest, lineBytes)
			}
			if st := s.status(t, m.ID); st.LagRecords != 0 || st.Destinations[0].Confirmed != n || st.Delivery != "ok" {
				t.Errorf("the server says: %+v", st)
			}
			t.Logf("%d records in %v, 0 lost, 0 twice", n, took.Round(10*time.Millisecond))
			if t.Failed() {
				t.Logf("the agent said:\n%s\nthe receiver said:\n%s", a.tail(), r.tail())
			}
		})
	}
}

// TestDaemonsKilled kills them in the middle, again and again: nothing is lost, little comes twice.
func TestDaemonsKilled(t *testing.T) {
	t.Parallel()
	const n, kills = 8000, 4
	s := serve(t)
	s.store(t, 0, n)
	for _, w := range siems(t) {
		if w.fault == 0 {
			continue
		}
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			r := w.open(t)
			m := s.create(t, append([]string{"--to", r.to, "--rate-records", "2500"}, r.create...)...)
			a := s.agent(t, m)
			stop := s.follow(t, m, r)
			for k := range kills {
				until(t, "the next kill is due", time.Minute, func() bool { return r.arrived.look(t).distinct >= n*(k+1)/(kills+1) })
				r.kill()
				r.start(t)
			}
			took := s.acknowledged(t, m, a, n, 90*time.Second)
			if !r.exact {
				until(t, "everything is stored", 20*time.Second, func() bool { return r.arrived.look(t).distinct == n })
			}
			samples := stop()
			a.stop()
			c := r.arrived.complete(t, n, kills*w.fault, true)
			t.Logf("%d records, %d kills: lost %d, twice %d (bound %d), cut off %d, cursor looked at %d times; %v after the last kill", n, kills, n-c.distinct, c.duplicates,
				kills*w.fault, c.torn, samples, took.Round(10*time.Millisecond))
			if t.Failed() {
				t.Logf("the agent said:\n%s\nthe receiver said:\n%s", a.tail(), r.tail())
			}
		})
	}
}

// follow looks at the cursor of an agent all the time: what it says is confirmed stands in the file of the receiver, if that
// stores before it confirms. stop ends that and returns how often it has looked.
func (s *server) follow(t *testing.T, m made, r *receiver) (stop func() int) {
	t.Helper()
	end, looks := make(chan struct{}), 0
	var wait sync.WaitGroup
	wait.Go(func() {
		highest := 0
		for {
			select {
			case <-end:
				return
			case <-time.After(10 * time.Millisecond):
			}
			cursor := s.cursor(m.ID)
			if cursor < 0 {
				continue
			}
			looks++
			if cursor < highest {
				t.Errorf("the cursor goes back from %d to %d", highest, cursor)
				return
			}
			highest = cursor
			if first, ok := r.arrived.has(t, cursor); r.exact && !ok {
				t.Errorf("the cursor is at %d, and the receiver has not stored record %d", cursor, first)
				return
			}
		}
	})
	stop = sync.OnceValue(func() int {
		close(end)
		wait.Wait()
		return looks
	})
	t.Cleanup(func() { stop() })
	return stop
}
