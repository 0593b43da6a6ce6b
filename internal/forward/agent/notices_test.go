package agent

import (
	"maps"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"kiroku/internal/forward/wire"
)

// What happened before a delivery may be told after its acknowledgment: then the server opens a notification that nothing
// would close. The agent closes it.
func TestNoticesAfterTheEnd(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(w *world, s *siem)
	}{
		{"acknowledged before it was told", func(w *world, s *siem) { s.block(false) }},
		{"replayed, which acknowledges nothing", func(w *world, s *siem) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.blocked = false // without a word about it
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, destSIEM)
				a := w.start()
				sleep(time.Second)
				s := w.siem("siem")
				s.block(true)
				w.add("default", 3)
				s.o.Problem(wire.SendError, "told at once")
				sleep(100 * time.Millisecond)
				s.o.Problem(wire.SendError, "told in the next round")
				tt.end(w, s)
				sleep(time.Minute)
				if n := len(w.notified); n == 0 || !w.notified[n-1].Cleared || w.notified[n-1].Code != wire.SendError {
					t.Fatalf("the last word is no end: %+v", w.notified)
				}
				var count int64
				for _, n := range w.notified {
					count += n.Count
				}
				if count != 2 {
					t.Errorf("%d problems were told, want 2: %+v", count, w.notified)
				}
				before := len(w.notified)
				sleep(time.Hour)
				if len(w.notified) != before {
					t.Errorf("an hour in which nothing happens is told: %+v", w.notified[before:])
				}
				a.end(t)
			})
		})
	}
}

// A problem that could not be told, and is over when the server answers again, is told and closed.
func TestNoticesWhileServerIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, destSIEM)
		away := false
		w.fault = func(_ string, rw http.ResponseWriter) bool {
			if away {
				http.Error(rw, "", http.StatusBadGateway)
			}
			return away
		}
		a := w.start()
		sleep(time.Second)
		w.mu.Lock()
		away = true
		w.mu.Unlock()
		w.siem("siem").o.Problem(wire.ConnectionError, "connection refused")
		sleep(10 * time.Minute)
		w.mu.Lock()
		away = false
		w.mu.Unlock()
		sleep(3 * time.Minute)
		if n := w.notified; len(n) != 2 || n[0].Text != "connection refused" || n[0].Count != 1 || !n[1].Cleared {
			t.Errorf("told: %+v", n)
		}
		a.end(t)
	})
}

// Errors of a destination are counted by their code; what is told besides is none of it.
func TestErrorsByCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, destSIEM)
		a := w.start()
		sleep(time.Second)
		s := w.siem("siem")
		for _, code := range []wire.Code{wire.SendError, wire.TLSError, wire.SendError, wire.RecordDeadLetter} {
			s.o.Problem(code, "text")
		}
		sleep(wire.HeartbeatTime)
		want := map[wire.Code]int64{wire.SendError: 2, wire.TLSError: 1}
		if got := w.last.Destinations["siem"].ErrorsBy; !maps.Equal(want, got) {
			t.Errorf("the heartbeat says %v, want %v", got, want)
		}
		a.end(t)
	})
}
