package agent

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kiroku/internal/diskfile"
	"kiroku/internal/forward/spool"
	"kiroku/internal/forward/wire"
)

// Damage is told of and holds its destination up, until what can be read shall be delivered.
func TestSpoolDamaged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		w := newWorld(t, destSIEM)
		w.ready = func(s *siem) { s.blocked = true }
		w.add("default", 300)
		a := w.spooled(spool.Options{Dir: dir})
		sleep(time.Minute)
		a.end(t)
		files, _ := filepath.Glob(filepath.Join(dir, "to-siem", "*.spool"))
		b, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		b[len(b)/2] ^= 1 // of three batches the second
		if err := os.WriteFile(files[0], b, 0o600); err != nil {
			t.Fatal(err)
		}
		w.ready = nil
		a = w.spooled(spool.Options{Dir: dir})
		sleep(10 * time.Minute)
		texts, open := w.told(wire.SpoolDamaged)
		if !open || !strings.Contains(texts[0], files[0]) || !strings.Contains(texts[0], "100 records cannot be read") || !strings.Contains(texts[0], "between 100 and 201") {
			t.Errorf("the server is told %q, open %v", texts, open)
		}
		if n := w.opened("siem"); n != 1 {
			t.Errorf("the destination was opened %d times, want once, before the damage", n)
		}
		a.end(t)
		a = w.spooled(spool.Options{Dir: dir, SkipDamaged: true})
		sleep(time.Minute)
		expectLines(t, w.siem("siem"), slices.Concat(numbered("default", 1, 100), numbered("default", 201, 300)))
		a.end(t)
	})
}

// Records that were acknowledged and not delivered when the agent was killed, even before it heard that they are, are damaged when
// they cannot be read at the next start: never gone in silence.
func TestSpoolKilledAndDamaged(t *testing.T) {
	const n = 300
	for _, damage := range []struct {
		name  string
		do    func(path string, b []byte) error
		after int // records that come out when damage is gone over
	}{
		{"a bit", func(path string, b []byte) error { b[len(b)-200] ^= 1; return os.WriteFile(path, b, 0o600) }, 200},
		{"cut", func(path string, b []byte) error { return os.WriteFile(path, b[:len(b)-100], 0o600) }, 200},
		{"removed", func(path string, _ []byte) error { return os.Remove(path) }, 0},
	} {
		for _, step := range []string{"ack sent", "ack stored"} {
			t.Run(damage.name+", "+step, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, destSIEM)
					w.ready = func(s *siem) { s.blocked = true }
					ctx, kill := context.WithCancel(t.Context())
					p := &power{at: "not yet", down: kill}
					client := func(transport http.RoundTripper) *Client {
						c, err := NewClient("http://kiroku.example.com", func() (string, error) { return testToken, nil }, transport)
						if err != nil {
							t.Fatal(err)
						}
						return c
					}
					dir := t.TempDir()
					done := w.spooledIn(spool.Options{Dir: dir, Disk: diskfile.Disk{Before: func(diskfile.Op, string) error {
						if !p.pass("disk") {
							return errKilled
						}
						return nil
					}}})
					w.o.Client = client(deadly{p, inMemory{w.protocol}})
					a := w.startWith(ctx)
					a.folder = done
					sleep(time.Second) // the first acknowledgment names no records
					p.mu.Lock()
					p.at = step
					p.mu.Unlock()
					w.add("default", n)
					a.wait()
					reached := w.position("siem", "default")
					if want := map[string]int64{"ack sent": 0, "ack stored": n}[step]; reached != want {
						t.Fatalf("acknowledged up to %d, want %d", reached, want)
					}
					files, err := filepath.Glob(filepath.Join(dir, "to-siem", "*.spool"))
					if err != nil || len(files) != 1 {
						t.Fatalf("there are %q, %v", files, err)
					}
					b, err := os.ReadFile(files[0])
					if err == nil {
						err = damage.do(files[0], b)
					}
					if err != nil {
						t.Fatal(err)
					}

					w.o.Client, w.ready = client(inMemory{w.protocol}), nil
					a = w.spooled(spool.Options{Dir: dir})
					sleep(time.Minute)
					texts, open := w.told(wire.SpoolDamaged)
					if want := fmt.Sprintf("%d records cannot be read", n-damage.after); !open || !strings.Contains(texts[0], want) {
						t.Errorf("the server is told %q, open %v, want %q", texts, open, want)
					}
					if got := w.opened("siem"); got != 1 {
						t.Errorf("the destination was opened %d times, want once, before the damage", got)
					}
					a.end(t)

					a = w.spooled(spool.Options{Dir: dir, SkipDamaged: true})
					sleep(time.Minute)
					want := damage.after
					if reached == 0 { // the server gives them again
						want = n
					}
					expectLines(t, w.siem("siem"), numbered("default", 1, want))
					a.end(t)
				})
			})
		}
	}
}
