package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kiroku/internal/diskfile"
	"kiroku/internal/forward/deliver"
	"kiroku/internal/forward/spool"
)

// An agent with a spool that is killed at any step and started again, without the server at first, sends every record, in order,
// and again at most what was not on disk as confirmed.
func TestSpoolKilledAtEachStep(t *testing.T) {
	const events = 600
	for _, step := range spoolSteps {
		for _, after := range []int{0, 1, 3, 5} {
			t.Run(fmt.Sprintf("%s %d", step, after), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, destSIEM)
					to := &receiver{}
					w.add("default", events)
					for i := range w.events["default"] { // so that there are segments to be removed
						w.events["default"][i].Line = fmt.Appendf(nil, "default %06d%s", i+1, strings.Repeat(" ", 11_000))
					}
					ctx, kill := context.WithCancel(t.Context())
					p := &power{at: step, after: after, down: kill}
					disk := diskfile.Disk{Before: func(op diskfile.Op, path string) error {
						name := string(op)
						for _, end := range []string{".spool", "checkpoint"} {
							if strings.HasSuffix(path, end) {
								name += " " + end
							}
						}
						if !p.pass(name) {
							return errKilled
						}
						return nil
					}}
					w.o.Open = func(o deliver.Options) (Sender, error) {
						confirmed := o.Confirmed
						o.Confirmed = func(n int) {
							if p.pass("confirmed") {
								confirmed(n)
							}
						}
						s, err := w.open(o)
						if err != nil {
							return nil, err
						}
						return &mortal{siem: s.(*siem), power: p, to: to, pace: 30 * time.Millisecond}, nil
					}
					client := func(transport http.RoundTripper) *Client {
						c, err := NewClient("http://kiroku.example.com", func() (string, error) { return testToken, nil }, transport)
						if err != nil {
							t.Fatal(err)
						}
						return c
					}
					dir := t.TempDir()
					options := spool.Options{Dir: dir, Size: spool.MinSize, Disk: disk}
					f, err := spool.Open(options)
					if err != nil {
						t.Fatal(err)
					}
					w.o.Spool, w.o.Client = f, client(deadly{p, inMemory{w.protocol}})
					a := w.startWith(ctx)
					for range 20 { // the same world goes on while the agent runs
						time.Sleep(100 * time.Millisecond)
						w.add("default", 1)
					}
					select {
					case <-a.done:
					case <-time.After(time.Hour):
						t.Fatalf("the step %q was never reached", step)
					}
					if err := f.Close(); err != nil {
						t.Fatal(err)
					}
					reached, before := w.position("siem", "default"), len(to.lines)
					kept := confirmedOnDisk(t, dir)
					p = &power{} // the next ones are not killed
					options.Disk = diskfile.Disk{}

					// Whatever was acknowledged is there without the server.
					w.away(true)
					w.o.Client = client(inMemory{w.protocol})
					a = w.spooled(options)
					sleep(time.Minute)
					a.end(t)
					if got := distinct(to.lines); int64(got) < reached {
						t.Fatalf("acknowledged up to %d, and %d arrived without the server", reached, got)
					}
					w.away(false)
					a = w.spooled(options)
					sleep(time.Minute)
					a.end(t)
					lines := make([]string, len(to.lines))
					for i, l := range to.lines {
						lines[i] = strings.TrimSpace(l)
					}
					expectAll(t, lines, events+20)
					if again := len(lines) - events - 20; again > before-kept {
						t.Errorf("%d records arrived twice; %d had been sent, and of %d of them the disk said that they are confirmed", again, before, kept)
					}
				})
			})
		}
	}
}

func distinct(lines []string) int {
	seen := map[string]bool{}
	for _, l := range lines {
		seen[l] = true
	}
	return len(seen)
}

// confirmedOnDisk is how many records the checkpoint says to be confirmed.
func confirmedOnDisk(t *testing.T, dir string) int {
	t.Helper()
	path := filepath.Join(dir, "to-siem", "checkpoint")
	if _, err := os.Stat(path); err != nil {
		return 0
	}
	s, text, err := diskfile.Disk{}.OpenSlots(path, 16<<10)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var mark struct{ Confirmed int }
	if text != nil {
		err = json.Unmarshal(text, &mark)
	}
	if err != nil {
		t.Fatal(err)
	}
	return mark.Confirmed
}
