package agent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kiroku/internal/forward/spool"
	"kiroku/internal/forward/wire"
)

// What the server was told to be in the spool, and is not there any more, is told with its number, whatever the files say: the
// folder was removed, or an older copy was put in its place, as when the newest checkpoint and the newest frames are damaged.
func TestSpoolGone(t *testing.T) {
	const first, second = 300, 700
	for _, gone := range []struct {
		name   string
		do     func(t *testing.T, dir, old string)
		lost   string // what the notice says; "": nothing is lost
		blocks bool   // the destination takes nothing until the end
		left   int    // that are delivered of those that were acknowledged
		away   bool   // the server, at the beginning of the next start
	}{
		{"nothing", func(*testing.T, string, string) {}, "", true, first + second, false},
		{"the folder of the destination", func(t *testing.T, dir, _ string) { remove(t, filepath.Join(dir, "to-siem")) }, "1000 records", true, 0, false},
		{"everything", func(t *testing.T, dir, _ string) { remove(t, dir) }, "1000 records", true, 0, false},
		{"everything, and all was delivered", func(t *testing.T, dir, _ string) { remove(t, dir) }, "", false, first + second, false},
		{"the newest part", func(t *testing.T, dir, old string) { remove(t, dir); rename(t, old, dir) }, "700 records", true, first, false},
		{"the newest part, and the server is away", func(t *testing.T, dir, old string) { remove(t, dir); rename(t, old, dir) }, "700 records", true, first, true},
	} {
		t.Run(gone.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir, old := filepath.Join(t.TempDir(), "spool"), filepath.Join(t.TempDir(), "old")
				w := newWorld(t, destSIEM)
				w.ready = func(s *siem) { s.blocked = gone.blocks }
				w.add("default", first)
				a := w.spooled(spool.Options{Dir: dir})
				sleep(time.Minute)
				if err := os.CopyFS(old, os.DirFS(dir)); err != nil {
					t.Fatal(err)
				}
				w.add("default", second)
				sleep(time.Minute)
				a.end(t)
				gone.do(t, dir, old)
				before := len(w.seen("siem"))
				w.ready = nil
				w.add("default", 5)
				w.away(gone.away)
				a = w.spooled(spool.Options{Dir: dir})
				sleep(time.Minute)
				w.away(false)
				sleep(5 * time.Minute)
				texts, open := w.told(wire.SpoolDamaged)
				if told := strings.Join(texts, "; "); (gone.lost != "") != open || !strings.Contains(told, gone.lost) {
					t.Errorf("the server is told %q, open %v; want %q", told, open, gone.lost)
				}
				if at := w.position("siem", "default"); (at > first+second) != (gone.lost == "") {
					t.Errorf("acknowledged up to %d", at)
				}
				a.end(t)
				a = w.spooled(spool.Options{Dir: dir, SkipDamaged: true})
				sleep(time.Minute)
				if texts, _ := w.told(wire.SpoolDamaged); gone.lost != "" && !strings.HasSuffix(texts[len(texts)-1], "it was gone over") {
					t.Errorf("the server is told %q", texts)
				}
				a.end(t)
				a = w.spooled(spool.Options{Dir: dir})
				sleep(time.Minute)
				a.end(t)
				if n := len(texts); n > 0 {
					if again, open := w.told(wire.SpoolDamaged); open && strings.HasSuffix(again[len(again)-1], "it was gone over") && len(again) > n+2 {
						t.Errorf("it is told again: %q", again)
					}
				}
				delivered := map[string]bool{}
				for _, line := range w.seen("siem")[before:] {
					delivered[line] = true
				}
				want := gone.left + 5
				if !gone.blocks {
					want = 5
				}
				if len(delivered) != want {
					t.Errorf("%d records are delivered, want %d", len(delivered), want)
				}
			})
		})
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}
