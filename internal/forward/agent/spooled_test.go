package agent

import (
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"kiroku/internal/diskfile"
	"kiroku/internal/fault"
	"kiroku/internal/forward/spool"
	"kiroku/internal/forward/wire"
)

// spooledIn gives the next agent of a world a spool, and returns what closes it.
func (w *world) spooledIn(o spool.Options) (closeIt func()) {
	w.t.Helper()
	f, err := spool.Open(o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.o.Spool = f
	return func() {
		if err := f.Close(); err != nil {
			w.t.Error(err)
		}
	}
}

// spooled starts an agent with a spool.
func (w *world) spooled(o spool.Options) *running {
	w.t.Helper()
	done := w.spooledIn(o)
	a := w.start()
	a.folder = done
	return a
}

// away makes the server answer as a proxy does behind which it is not there.
func (w *world) away(yes bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fault = nil
	if yes {
		w.fault = func(_ string, rw http.ResponseWriter) bool {
			http.Error(rw, "", http.StatusBadGateway)
			return true
		}
	}
}

// seen are all lines that the siems of a destination were given, over all times that it was opened.
func (w *world) seen(destination string) (all []string) {
	w.lock.Lock()
	defer w.lock.Unlock()
	for _, s := range w.siems[destination] {
		all = append(all, s.lines()...)
	}
	return all
}

func (w *world) told(code wire.Code) (texts []string, open bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, n := range w.notified {
		if n.Code == code {
			texts, open = append(texts, n.Text), !n.Cleared
		}
	}
	return texts, open
}

func (w *world) beat(destination string) wire.Metrics {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last.Destinations[destination]
}

// With a spool, records are acknowledged when they are on disk, and delivered and counted when the destination takes them,
// also after the agent was started again, while the server is not there.
func TestSpool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 1000
		dir := filepath.Join(t.TempDir(), "spool")
		w := newWorld(t, destSIEM)
		w.ready = func(s *siem) { s.blocked = true }
		w.add("default", n)
		a := w.spooled(spool.Options{Dir: dir})
		sleep(time.Minute)
		if got := w.position("siem", "default"); got != n {
			t.Errorf("acknowledged up to %d, want %d", got, n)
		}
		if got := w.records["siem"]; got != 0 {
			t.Errorf("%d records are counted as confirmed, and the destination takes nothing", got)
		}
		if m := w.beat("siem"); m.Spool == nil || m.Spool.Records != n || m.Spool.Bytes < n*10 || m.Spool.OldestMS < 20_000 || !m.Blocked {
			t.Errorf("the heartbeat says %+v, spool %+v", m, m.Spool)
		}
		a.end(t)
		if got := w.records["siem"]; got != 0 {
			t.Errorf("stopping has confirmed %d", got)
		}

		w.away(true)
		w.ready = nil
		a = w.spooled(spool.Options{Dir: dir})
		sleep(time.Minute)
		expectLines(t, w.siem("siem"), numbered("default", 1, n))
		if got := w.siem("siem").acked; got != n {
			t.Errorf("the sender was told that %d records are on disk as confirmed, want %d", got, n)
		}
		a.end(t)

		// What was confirmed while the server was not there is counted when it is, after yet another start.
		w.away(false)
		w.add("default", 5)
		a = w.spooled(spool.Options{Dir: dir})
		sleep(time.Minute)
		expectLines(t, w.siem("siem"), numbered("default", n+1, n+5))
		if got := w.records["siem"]; got != n+5 {
			t.Errorf("%d records are counted as confirmed, want %d", got, n+5)
		}
		if m := w.beat("siem"); m.Spool == nil || m.Spool.Records != 0 {
			t.Errorf("the heartbeat says %+v", m.Spool)
		}
		a.end(t)
	})
}

// A spool that is full ends the pulling and nothing else, is told of, and goes on when there is room.
func TestSpoolFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, destSIEM)
		w.ready = func(s *siem) { s.blocked = true }
		long := strings.Repeat("x", 60_000)
		w.add("default", 1300)
		for i := range w.events["default"] {
			w.events["default"][i].Line = fmt.Appendf(nil, "default %06d %s", i+1, long)
		}
		dir := t.TempDir()
		a := w.spooled(spool.Options{Dir: dir, Size: spool.MinSize})
		sleep(10 * time.Minute)
		at := w.position("siem", "default")
		if at == 0 || at*60_000 > spool.MinSize {
			t.Errorf("acknowledged up to %d", at)
		}
		texts, open := w.told(wire.SpoolFull)
		if len(texts) != 1 || !open || !strings.Contains(texts[0], dir) || !strings.Contains(texts[0], fmt.Sprintf("waiting in it: %d records", at)) {
			t.Errorf("the server is told %q, open %v", texts, open)
		}
		if n := len(w.beats); n < 9 {
			t.Errorf("%d heartbeats in 10 minutes", n)
		}
		w.siem("siem").block(false)
		sleep(time.Minute)
		if got := len(w.seen("siem")); got != 1300 {
			t.Errorf("%d lines arrived, want 1300", got)
		}
		if _, open := w.told(wire.SpoolFull); open {
			t.Error("there is room, and the server was not told")
		}
		a.end(t)
	})
}

// A disk that is full is like a spool that is full.
func TestSpoolDiskFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, destSIEM)
		full := true
		w.add("default", 300)
		a := w.spooled(spool.Options{Dir: t.TempDir(), Disk: diskfile.Disk{Before: func(op diskfile.Op, path string) error {
			w.lock.Lock()
			defer w.lock.Unlock()
			if full && op == diskfile.OpWrite && strings.HasSuffix(path, ".spool") {
				return syscall.ENOSPC
			}
			return nil
		}}})
		sleep(time.Minute)
		if texts, open := w.told(wire.SpoolFull); len(texts) != 1 || !open || !strings.Contains(texts[0], "its disk is full") {
			t.Errorf("the server is told %q, open %v", texts, open)
		}
		if got := w.position("siem", "default"); got != 0 {
			t.Errorf("acknowledged up to %d, and nothing is on disk", got)
		}
		w.lock.Lock()
		full = false
		w.lock.Unlock()
		sleep(time.Minute)
		expectLines(t, w.siem("siem"), numbered("default", 1, 300))
		if _, open := w.told(wire.SpoolFull); open {
			t.Error("there is room, and the server was not told")
		}
		a.end(t)
	})
}

// A recovery is complete when the spool is empty and confirmed, and leaves nothing on the disk.
func TestSpoolRecovery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		w := newWorld(t, destSIEM)
		w.config.Agent.Kind = wire.Recovery
		w.ready = func(s *siem) { s.blocked = true }
		w.add("default", 700)
		w.over = true
		a := w.spooled(spool.Options{Dir: dir})
		sleep(time.Minute)
		if w.complete || w.position("siem", "default") != 700 {
			t.Fatalf("complete: %v, acknowledged up to %d", w.complete, w.position("siem", "default"))
		}
		w.siem("siem").block(false)
		a.wait()
		if a.err != nil || !w.complete || a.summary.Records != 700 {
			t.Errorf("it ends with %+v, %v", a.summary, a.err)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "*", "*")); len(left) > 0 {
			t.Errorf("left is %q", left)
		}
	})
}

// A dead letter out of the spool is named with its store and number, and counts when the server has it.
func TestSpoolDeadLetters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		w := newWorld(t, destSIEM)
		w.ready = func(s *siem) { s.blocked = true }
		w.add("default", 10)
		a := w.spooled(spool.Options{Dir: dir})
		sleep(time.Second)
		a.end(t)
		w.ready = func(s *siem) { s.reject = func(r *wire.Record) bool { return r.Seq == 4 } }
		w.away(true)
		a = w.spooled(spool.Options{Dir: dir})
		sleep(10 * time.Minute)
		if len(w.dead) != 0 {
			t.Fatalf("the server has %+v, and is away", w.dead)
		}
		w.away(false)
		sleep(2 * time.Minute)
		if len(w.dead) != 1 || w.dead[0].Store != "default" || w.dead[0].Seq != 4 || w.dead[0].UID != "default-4" {
			t.Errorf("dead letters are %+v", w.dead)
		}
		if got := w.records["siem"]; got != 9 {
			t.Errorf("%d records are counted as confirmed, want 9", got)
		}
		a.end(t)
	})
}

// Records that wait go to the destination of that name, however it is changed; those of a destination that is no more stay, and
// are told of.
func TestSpoolConfigurationChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		w := newWorld(t, destSIEM, destArchive)
		w.ready = func(s *siem) {
			s.blocked = s.o.Destination.To == destSIEM.To || s.o.Destination.Name == "archive"
		}
		w.add("default", 200)
		a := w.spooled(spool.Options{Dir: dir})
		sleep(time.Minute)
		w.configure(func(c *wire.Config) {
			other := destSIEM
			other.To = "udp://192.0.2.9:514"
			c.Destinations = []wire.Destination{other}
		})
		sleep(2 * time.Minute)
		expectLines(t, w.siem("siem"), numbered("default", 1, 200))
		texts, open := w.told(wire.SpoolLeft)
		if !open || !strings.Contains(texts[len(texts)-1], `200 records, `) || !strings.Contains(texts[len(texts)-1], filepath.Join(dir, "to-archive")) {
			t.Errorf("the server is told %q, open %v", texts, open)
		}
		w.ready = nil
		w.configure(func(c *wire.Config) { c.Destinations = append(c.Destinations, destArchive) })
		sleep(2 * time.Minute)
		expectLines(t, w.siem("archive"), numbered("default", 1, 200))
		if _, open := w.told(wire.SpoolLeft); open {
			t.Error("nothing is left, and the server was not told")
		}
		a.end(t)
	})
}

// A destination that comes back while its last records are still being confirmed goes on with its spool.
func TestSpoolComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, destSIEM, destArchive)
		w.ready = func(s *siem) { s.blocked = true }
		w.add("default", 20)
		a := w.spooled(spool.Options{Dir: t.TempDir()})
		sleep(10 * time.Second)
		w.configure(func(c *wire.Config) { c.Destinations = []wire.Destination{destSIEM} })
		sleep(time.Second)
		w.ready = nil
		w.configure(func(c *wire.Config) { c.Destinations = []wire.Destination{destSIEM, destArchive} })
		sleep(time.Minute)
		expectLines(t, w.siem("archive"), numbered("default", 1, 20))
		if texts, _ := w.told(wire.InternalError); len(texts) > 0 || !strings.Contains(w.log.String(), spool.ErrBusy.Error()) {
			t.Errorf("the server is told %q; the log:\n%s", texts, w.log)
		}
		a.end(t)
	})
}

// An agent that is deleted says what it leaves behind, and leaves it.
func TestSpoolOfDeletedAgent(t *testing.T) {
	for _, running := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, destSIEM)
			w.ready = func(s *siem) { s.blocked = true }
			w.add("default", 20)
			dir := t.TempDir()
			a := w.spooled(spool.Options{Dir: dir})
			sleep(10 * time.Second)
			if !running {
				a.end(t)
			}
			w.mu.Lock()
			w.fault = func(_ string, rw http.ResponseWriter) bool {
				refuse(rw, wire.ReasonDeleted)
				return true
			}
			w.mu.Unlock()
			if !running {
				a = w.spooled(spool.Options{Dir: dir})
			}
			a.wait()
			if log := w.log.String(); !strings.Contains(log, "of an agent that is deleted") || !strings.Contains(log, `"events":20`) {
				t.Errorf("running: %v: the log does not say what is left:\n%s", running, log)
			}
		})
	}
}

// Another agent's folder is refused.
func TestSpoolOfAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		w := newWorld(t, destSIEM)
		a := w.spooled(spool.Options{Dir: dir})
		sleep(time.Second)
		a.end(t)
		w.configure(func(c *wire.Config) { c.Agent.ID, c.Agent.Name = "a2", "other" })
		a = w.spooled(spool.Options{Dir: dir})
		a.wait()
		if fault.KindOf(a.err) != fault.Invalid || !strings.Contains(a.err.Error(), `belongs to the agent "soc"`) || FailureOf(a.err, true).Exit != ExitUse {
			t.Errorf("it ends with %v", a.err)
		}
	})
}

// What a restart of the receiver may have lost comes out of the spool; when that is new, from the server.
func TestSpoolSeeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := wire.Destination{Name: "siem", To: "tcp://192.0.2.1:514", Format: wire.CEFMCAS}
		w := newWorld(t, d)
		w.add("default", 50)
		a := w.start()
		sleep(time.Second)
		a.end(t)
		dir := t.TempDir()
		for i := range 3 {
			a = w.spooled(spool.Options{Dir: dir})
			w.add("default", 7)
			sleep(time.Second)
			a.end(t)
			want := numbered("default", 1, 50)
			if i > 0 {
				want = numbered("default", 51, 50+7*i)
			}
			var got []string
			for _, r := range w.siem("siem").seeds {
				got = append(got, string(r.Line))
			}
			if !slices.Equal(got, want) {
				t.Errorf("start %d: %d records may be sent again, want %d", i, len(got), len(want))
			}
		}
	})
}

// The steps of a record's way through an agent with a spool: those of crash_test.go and those on the disk.
var spoolSteps = []string{"pull answered", "create .spool", "write .spool", "sync .spool", "sync folder", "ack sent", "ack stored", "encoded", "written", "confirmed",
	"write checkpoint", "sync checkpoint", "remove .spool"}
