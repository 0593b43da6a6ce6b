package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kiroku/internal/fault"
	"kiroku/internal/forward/wire"
)

var (
	destSIEM    = wire.Destination{Name: "siem", To: "udp://192.0.2.1:514", Format: wire.CEFMCAS}
	destArchive = wire.Destination{Name: "archive", To: "relp://192.0.2.2:20514", Format: wire.JSON}
)

// sleep lets time pass, until nobody has anything to do.
func sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func numbered(store string, from, to int) []string {
	var out []string
	for i := from; i <= to; i++ {
		out = append(out, fmt.Sprintf("%s %06d", store, i))
	}
	return out
}

func expectLines(t *testing.T, s *siem, want []string) {
	t.Helper()
	if got := s.lines(); !slices.Equal(got, want) {
		t.Errorf("%d lines arrived, want %d; %.200q", len(got), len(want), got)
	}
}

func TestPassesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, destSIEM)
		w.add("default", 1000)
		a := w.start()
		sleep(time.Second)
		expectLines(t, w.siem("siem"), numbered("default", 1, 1000))
		w.add("default", 5)
		w.add("second", 3)
		sleep(time.Second)
		expectLines(t, w.siem("siem"), slices.Concat(numbered("default", 1, 1005), numbered("second", 1, 3)))
		if d := a.end(t); d > time.Second {
			t.Errorf("an agent with nothing to wait for takes %v to stop", d)
		}
		if got := w.position("siem", "default"); got != 1005 {
			t.Errorf("acknowledged up to %d, want 1005", got)
		}
		if got := w.records["siem"]; got != 1008 {
			t.Errorf("%d records were acknowledged, want 1008", got)
		}
		if got := w.siem("siem").acked; got != 1008 {
			t.Errorf("the sender was told of %d acknowledged records, want 1008", got)
		}
		if w.acks > 8 {
			t.Errorf("2 seconds made %d acknowledgments; they are to be put together", w.acks)
		}
	})
}

// Where much arrives, acknowledgments do not wait: what is not acknowledged arrives twice after a crash.
func TestAcknowledgesManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, destSIEM)
		a := w.start()
		const each = 100
		for i := range 500 {
			w.add("default", each)
			sleep(time.Millisecond)
			if behind := int64(i+1)*each - w.position("siem", "default"); behind > wire.AckRecords+each {
				t.Fatalf("%d confirmed records are not acknowledged", behind)
			}
		}
		if w.acks > 500*each/wire.AckRecords+3 {
			t.Errorf("%d acknowledgments of %d records", w.acks, 500*each)
		}
		a.end(t)
	})
}

// A server that takes no acknowledgments: the receiver is sent two batches and no more, which is what a crash of the agent
// would repeat. When the server is well again everything goes on.
func TestUnacknowledgedIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "siem.log")
		w := newWorld(t, wire.Destination{Name: "siem", To: "file://" + file, Confirm: wire.ConfirmNone})
		w.o.Open = nil
		arrived := func() int {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			return bytes.Count(b, []byte("\n"))
		}
		w.fault = func(path string, out http.ResponseWriter) bool {
			if path == wire.PathAck {
				out.WriteHeader(http.StatusBadGateway)
			}
			return path == wire.PathAck
		}
		const n = 5000
		w.add("default", n)
		a := w.start()
		sleep(10 * time.Minute)
		if got := arrived(); got != 1000 {
			t.Errorf("%d records arrived and none is acknowledged, want 1000", got)
		}
		w.mu.Lock()
		w.fault = nil
		w.mu.Unlock()
		sleep(2 * time.Minute)
		if got, upTo := arrived(), w.position("siem", "default"); got != n || upTo != n {
			t.Errorf("%d records arrived, and they are acknowledged up to %d; want %d", got, upTo, n)
		}
		a.end(t)
	})
}

// What is not confirmed is not acknowledged, and holds nothing up but its own destination.
func TestBlocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, destSIEM, destArchive)
		w.ready = func(s *siem) { s.blocked = s.o.Destination.Name == "siem" }
		w.add("default", 2000)
		a := w.start()
		sleep(3 * time.Hour)
		expectLines(t, w.siem("archive"), numbered("default", 1, 2000))
		if got := w.position("archive", "default"); got != 2000 {
			t.Errorf("the destination that works is acknowledged up to %d, want 2000", got)
		}
		if got := w.position("siem", "default"); got != 0 {
			t.Errorf("the blocked destination is acknowledged up to %d", got)
		}
		// In hand: what the SIEM took, the batch on the way, the one pulled ahead.
		if got := w.pulled["siem"]["default"]; got > siemRoom+200 {
			t.Errorf("%d records were pulled for a blocked destination", got)
		}
		for i, at := range w.beats[1:] {
			if d := at.Sub(w.beats[i]); d > wire.HeartbeatTime {
				t.Errorf("%v between two heartbeats", d)
			}
		}
		if !w.last.Destinations["siem"].Blocked || w.last.Destinations["archive"].Confirmed != 2000 {
			t.Errorf("the last heartbeat says %+v", w.last.Destinations)
		}
		if d := a.end(t); d > 30*time.Second {
			t.Errorf("it takes %v to stop", d)
		}
		if got := w.position("siem", "default"); got != 0 {
			t.Errorf("stopping has acknowledged %d that are not confirmed", got)
		}
	})
}

// An agent that starts again gets what was not acknowledged, and nothing else.
func TestStartsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, destSIEM)
		w.ready = func(s *siem) { s.blocked = true }
		w.add("default", 300)
		a := w.start()
		sleep(time.Second)
		s := w.siem("siem")
		s.mu.Lock()
		s.done = 0
		s.mu.Unlock()
		s.o.Confirmed(120)
		s.mu.Lock()
		s.done = 120
		s.mu.Unlock()
		sleep(time.Second)
		a.end(t)
		if got := w.position("siem", "default"); got != 120 {
			t.Fatalf("acknowledged up to %d, want 120, in the middle of a batch", got)
		}
		w.ready = nil
		a = w.start()
		sleep(time.Second)
		expectLines(t, w.siem("siem"), numbered("default", 121, 300))
		a.end(t)
	})
}

func TestSeeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := wire.Destination{Name: "siem", To: "tcp://192.0.2.1:514", Format: wire.CEFMCAS}
		w := newWorld(t, d)
		w.add("default", 50)
		a := w.start()
		sleep(time.Second)
		a.end(t)
		w.add("default", 7)
		a = w.start()
		sleep(time.Second)
		s := w.siem("siem")
		if len(s.seeds) != 50 || s.seeds[0].Seq != 1 {
			t.Errorf("%d records may be sent again after a restart of the receiver, want the 50 before", len(s.seeds))
		}
		expectLines(t, s, numbered("default", 51, 57))
		a.end(t)
	})
}

func TestConfigurationChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, destSIEM, destArchive)
		w.add("default", 10)
		w.ready = func(s *siem) { s.blocked = s.o.Destination.Name == "siem" && s.o.Destination.Format == wire.CEFMCAS }
		a := w.start()
		sleep(10 * time.Second)
		w.configure(func(c *wire.Config) {
			other := destSIEM
			other.Format = wire.LEEF
			c.Destinations = []wire.Destination{other, destArchive}
		})
		sleep(60 * time.Second)
		if w.opened("siem") != 2 || w.opened("archive") != 1 {
			t.Errorf("the changed destination was opened %d times, the other %d", w.opened("siem"), w.opened("archive"))
		}
		expectLines(t, w.siem("siem"), numbered("default", 1, 10))
		if w.siem("archive").wakes == 0 {
			t.Error("a destination that may be waiting is not told that something has changed")
		}
		w.configure(func(c *wire.Config) { c.Destinations = c.Destinations[:1] })
		sleep(60 * time.Second)
		w.add("default", 1)
		sleep(time.Second)
		expectLines(t, w.siem("archive"), numbered("default", 1, 10))
		expectLines(t, w.siem("siem"), numbered("default", 1, 11))
		a.end(t)
		if w.sessions != 1 {
			t.Errorf("%d sessions were begun, want 1", w.sessions)
		}
	})
}

func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, destSIEM)
		a := w.start()
		sleep(time.Second)
		w.configure(func(c *wire.Config) { c.Agent.Paused = true })
		sleep(60 * time.Second)
		before := len(w.beats)
		w.add("default", 10)
		sleep(10 * time.Minute)
		if got := w.called(wire.PathAck); got != 0 {
			t.Errorf("a paused agent acknowledges %d times", got)
		}
		if got := len(w.beats) - before; got < 10 {
			t.Errorf("a paused agent says %d times in 10 minutes that it lives", got)
		}
		w.configure(func(c *wire.Config) { c.Agent.Paused = false })
		sleep(2 * time.Second)
		expectLines(t, w.siem("siem"), numbered("default", 1, 10))
		a.end(t)
	})
}

func TestRefusals(t *testing.T) {
	for _, tt := range []struct {
		reason wire.Reason
		exit   int
	}{
		{wire.ReasonMalformed, ExitUse}, {wire.ReasonUnknown, ExitUse}, {wire.ReasonRevoked, ExitUse}, {wire.ReasonExpired, ExitUse},
		{wire.ReasonDeleted, ExitDeleted}, {wire.ReasonReplaced, ExitDeleted}, {wire.ReasonCompleted, ExitInternal}, // the command knows completed
	} {
		for _, path := range []string{wire.PathHello, wire.PathPull, wire.PathAck, wire.PathHeartbeat} {
			t.Run(string(tt.reason)+path, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, destSIEM)
					w.fault = func(asked string, rw http.ResponseWriter) bool {
						if asked == path {
							refuse(rw, tt.reason)
						}
						return asked == path
					}
					a := w.start()
					sleep(time.Second)
					w.add("default", 1)
					sleep(time.Minute)
					synctest.Wait()
					select {
					case <-a.done:
					default:
						t.Error("the agent goes on")
						a.end(t)
						return
					}
					if !IsRefused(a.err, tt.reason) || fault.NextOf(a.err) == "" {
						t.Errorf("it ends with %v, next %q", a.err, fault.NextOf(a.err))
					}
					if got := FailureOf(a.err, false).Exit; got != tt.exit {
						t.Errorf("exit code %d, want %d", got, tt.exit)
					}
				})
			})
		}
	}
}

func TestServerAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, destSIEM)
		w.add("default", 10)
		away := true
		w.fault = func(_ string, rw http.ResponseWriter) bool {
			if away {
				http.Error(rw, "<html>502</html>", http.StatusBadGateway)
			}
			return away
		}
		a := w.start()
		sleep(time.Hour)
		if got := w.called(wire.PathHello); got < 50 || got > 90 {
			t.Errorf("an hour has %d attempts, want about one a minute", got)
		}
		if got := strings.Count(w.log.String(), "cannot be asked"); got < 1 || got > 7 {
			t.Errorf("an hour without the server makes %d lines in the log", got)
		}
		w.mu.Lock()
		away = false
		w.mu.Unlock()
		sleep(72 * time.Second)
		expectLines(t, w.siem("siem"), numbered("default", 1, 10))
		a.end(t)
		for _, words := range []string{"Initializing agent...", "Initialization complete", "the server answers again"} {
			if !strings.Contains(w.log.String(), words) {
				t.Errorf("the log does not say %q", words)
			}
		}
	})
}

func TestTooManyErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, destSIEM)
		w.fault = func(_ string, rw http.ResponseWriter) bool { refuse(rw, wire.ReasonBusy); return true }
		w.o.MaxErrors = 4
		a := w.start()
		<-a.done
		var many *TooManyErrors
		if !errors.As(a.err, &many) || many.Count != 4 || FailureOf(a.err, true).Exit != ExitErrors {
			t.Errorf("it ends with %v", a.err)
		}
		if log := w.log.String(); strings.Contains(log, "for ever") || !strings.Contains(log, "--max-critical-errors allows") {
			t.Errorf("the log does not say when it ends:\n%s", log)
		}
		if got := w.called(wire.PathHello); got != 4 {
			t.Errorf("%d attempts, want 4", got)
		}
	})
}

// A dead letter is stored before it counts.
func TestDeadLetters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, destSIEM)
		w.ready = func(s *siem) { s.reject = func(r *wire.Record) bool { return r.Seq == 5 } }
		full := true
		w.fault = func(path string, rw http.ResponseWriter) bool {
			if full && path == wire.PathDead {
				refuse(rw, wire.ReasonBusy)
				return true
			}
			return false
		}
		w.add("default", 10)
		a := w.start()
		sleep(5 * time.Minute)
		if got := w.position("siem", "default"); got >= 5 {
			t.Errorf("acknowledged up to %d, and record 5 is neither delivered nor stored", got)
		}
		w.mu.Lock()
		full = false
		w.mu.Unlock()
		sleep(2 * time.Minute)
		if got := w.position("siem", "default"); got != 10 || w.records["siem"] != 9 {
			t.Errorf("acknowledged up to %d with %d records, want 10 with 9", got, w.records["siem"])
		}
		if len(w.dead) != 1 || w.dead[0] != (wire.Dead{Destination: "siem", Store: "default", Seq: 5, UID: "default-5", Reason: "the receiver refuses it"}) {
			t.Errorf("dead letters: %+v", w.dead)
		}
		a.end(t)
	})
}

func TestRecovery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, destSIEM, destArchive)
		w.config.Agent.Kind, w.config.Agent.Missing = wire.Recovery, true
		w.ready = func(s *siem) { s.blocked = s.o.Destination.Name == "archive" }
		w.o.Receipts = func(context.Context, time.Time) (func(string) bool, error) {
			return func(uid string) bool { return uid == "default-1" || uid == "default-7" }, nil
		}
		w.add("default", 10)
		w.over = true
		a := w.start()
		sleep(time.Hour)
		if w.complete {
			t.Error("a recovery is complete although a destination has not confirmed")
		}
		w.siem("archive").block(false)
		<-a.done
		if a.err != nil || a.summary == nil || a.summary.Records != 8 || a.summary.Skipped != 4 || !w.complete {
			t.Errorf("it ends with %+v, %v", a.summary, a.err)
		}
		if got := w.position("siem", "default"); got != 10 {
			t.Errorf("acknowledged up to %d, want 10", got)
		}
		want := slices.Concat(numbered("default", 2, 6), numbered("default", 8, 10))
		expectLines(t, w.siem("siem"), want)
	})
}

// A recovery of what is missing knows nothing without receipts: it sends nothing rather than everything.
func TestMissingWithoutReceipts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, destSIEM)
		w.config.Agent.Kind, w.config.Agent.Missing = wire.Recovery, true
		a := w.start()
		<-a.done
		if FailureOf(a.err, true).Exit != ExitUse || w.opened("siem") != 0 {
			t.Errorf("it ends with %v", a.err)
		}
	})
}

func TestNotices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, destSIEM)
		a := w.start()
		sleep(time.Second)
		s := w.siem("siem")
		s.block(true)
		for range 1000 {
			s.o.Problem(wire.ConnectionError, "connection refused")
			sleep(10 * time.Millisecond)
		}
		sleep(time.Minute)
		total := int64(0)
		for _, n := range w.notified {
			total += n.Count
			if n.Destination != "siem" || n.Code != wire.ConnectionError || n.Text != "connection refused" {
				t.Errorf("told: %+v", n)
			}
		}
		if len(w.notified) > 8 || total != 1000 {
			t.Errorf("1000 problems in 10 seconds make %d notifications of %d", len(w.notified), total)
		}
		a.end(t)
	})
}

func TestConfigRejected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := destSIEM
		bad.To = "bad://192.0.2.1:514"
		w := newWorld(t, bad, destArchive)
		w.add("default", 3)
		a := w.start()
		sleep(10 * time.Minute)
		expectLines(t, w.siem("archive"), numbered("default", 1, 3))
		if len(w.notified) == 0 || w.notified[0].Code != wire.ConfigRejected {
			t.Fatalf("told: %+v", w.notified)
		}
		w.configure(func(c *wire.Config) { c.Destinations = []wire.Destination{destSIEM, destArchive} })
		sleep(time.Minute)
		expectLines(t, w.siem("siem"), numbered("default", 1, 3))
		if last := w.notified[len(w.notified)-1]; !last.Cleared {
			t.Errorf("the last word about the configuration is %+v", last)
		}
		a.end(t)
	})
}

// A sender that ends by itself is made anew, from the position of the server.
func TestSenderEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, destSIEM)
		first := true
		w.ready = func(s *siem) {
			if first {
				s.broken, first = errors.New("out of luck"), false
			}
		}
		w.add("default", 3)
		a := w.start()
		sleep(time.Minute)
		expectLines(t, w.siem("siem"), numbered("default", 1, 3))
		if w.opened("siem") != 2 {
			t.Errorf("opened %d times, want 2", w.opened("siem"))
		}
		a.end(t)
	})
}

// Sessions of our own that replace each other do not end the agent.
func TestSessionsOfOurOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, destSIEM)
		w.anew = true
		a := w.start()
		for i := range 20 {
			w.add("default", 10)
			w.configure(func(c *wire.Config) { c.Agent.Filter = fmt.Sprint(i) })
			sleep(700 * time.Millisecond)
		}
		sleep(time.Minute)
		expectLines(t, w.siem("siem"), numbered("default", 1, 200))
		a.end(t)
	})
}

// A token's file that was changed is read again, before the old token ends the agent.
func TestNewToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, destSIEM)
		file := filepath.Join(t.TempDir(), "token")
		write := func(token string) {
			if err := os.WriteFile(file, []byte(token+"\r\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write(testToken)
		c, err := NewClient("http://kiroku.example.com", TokenFile(file), inMemory{w.protocol})
		if err != nil {
			t.Fatal(err)
		}
		w.o.Client = c
		w.add("default", 3)
		a := w.start()
		sleep(time.Second)
		newer := strings.Repeat("n", 64)
		write(newer)
		w.mu.Lock()
		w.token = newer
		w.mu.Unlock()
		w.add("default", 3)
		sleep(2 * time.Minute)
		if got := w.position("siem", "default"); got != 6 {
			t.Errorf("acknowledged up to %d with the newer token, want 6; %v pulled %v siem %d; log:\n%s", got, w.calls, w.pulled, len(w.siem("siem").lines()), w.log)
		}
		if log := w.log.String(); strings.Count(log, "used from now on") != 1 || strings.Contains(log, "cannot be asked") {
			t.Errorf("a token that is replaced in time is logged as trouble:\n%s", log)
		}
		w.mu.Lock()
		w.token = "revoked"
		w.mu.Unlock()
		sleep(2 * time.Minute)
		<-a.done
		if FailureOf(a.err, false).Title != InvalidToken {
			t.Errorf("it ends with %v", a.err)
		}
	})
}
