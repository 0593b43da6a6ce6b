package agent

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kiroku/internal/forward/deliver"
	"kiroku/internal/forward/wire"
)

// receiver keeps what arrives over the death of agents.
type receiver struct {
	mu    sync.Mutex
	lines []string
}

func (r *receiver) take(records []wire.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rec := range records {
		r.lines = append(r.lines, string(rec.Line))
	}
}

var errKilled = errors.New("the process is gone")

// power is cut at a step: from then on nothing that the agent does has any effect. That is what SIGKILL does to an agent,
// which keeps nothing on disk.
type power struct {
	mu    sync.Mutex
	at    string
	after int // so many times the step is passed
	cut   bool
	down  func()
}

// pass says whether the agent still lives behind a step.
func (p *power) pass(step string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if step == p.at && !p.cut {
		if p.after--; p.after < 0 {
			p.cut = true
			p.down()
		}
	}
	return !p.cut
}

// The steps of a record's way through an agent.
var steps = []string{"pull asked", "pull answered", "encoded", "written", "confirmed", "ack sent", "ack stored"}

// deadly is a transport whose agent may die before a request or before its answer.
type deadly struct {
	*power
	http.RoundTripper
}

func (d deadly) RoundTrip(r *http.Request) (*http.Response, error) {
	before := map[string]string{wire.PathPull: "pull asked", wire.PathAck: "ack sent"}[r.URL.Path]
	after := map[string]string{wire.PathPull: "pull answered", wire.PathAck: "ack stored"}[r.URL.Path]
	if !d.pass(before) {
		return nil, errKilled
	}
	resp, err := d.RoundTripper.RoundTrip(r)
	if !d.pass(after) {
		return nil, errKilled
	}
	return resp, err
}

// mortal is a siem whose agent may die at each step. The receiver itself lives.
type mortal struct {
	*siem
	*power
	to   *receiver
	pace time.Duration // of ten records
}

func (m *mortal) Send(ctx context.Context, records []wire.Record) error {
	for len(records) > 0 {
		n := min(10, len(records))
		if !m.pass("encoded") {
			return errKilled
		}
		m.to.take(records[:n])
		if !m.pass("written") {
			return errKilled
		}
		if err := m.siem.Send(ctx, records[:n]); err != nil {
			return err
		}
		records = records[n:]
		time.Sleep(m.pace)
	}
	return nil
}

// An agent that is killed at any step and started again sends every record, in order, and again at most what it had not
// acknowledged.
func TestKilledAtEachStep(t *testing.T) {
	const events = 1000
	for _, step := range steps {
		for _, after := range []int{0, 1, 3, 7} {
			t.Run(fmt.Sprintf("%s %d", step, after), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, destSIEM)
					to := &receiver{}
					w.add("default", events)
					ctx, kill := context.WithCancel(t.Context())
					p := &power{at: step, after: after, down: kill}
					open := func(o deliver.Options) (Sender, error) {
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
						return &mortal{siem: s.(*siem), power: p, to: to}, nil
					}
					client, err := NewClient("http://kiroku.example.com", func() (string, error) { return testToken, nil }, deadly{p, inMemory{w.protocol}})
					if err != nil {
						t.Fatal(err)
					}
					w.o.Client, w.o.Open = client, open
					a := w.startWith(ctx)
					for range 20 { // the same world goes on while the agent runs
						time.Sleep(100 * time.Millisecond)
						w.add("default", 1)
					}
					<-a.done
					if !p.cut {
						t.Fatalf("the step %q was never reached", step)
					}
					reached := w.position("siem", "default")
					if n := int64(len(to.lines)); reached > n {
						t.Fatalf("acknowledged up to %d, and %d arrived", reached, n)
					}
					before := len(to.lines)
					p = &power{} // the next one is not killed
					client2, err := NewClient("http://kiroku.example.com", func() (string, error) { return testToken, nil }, inMemory{w.protocol})
					if err != nil {
						t.Fatal(err)
					}
					w.o.Client = client2
					a = w.start()
					sleep(time.Minute)
					a.end(t)
					expectAll(t, to.lines, events+20)
					if again := len(to.lines) - events - 20; again > before-int(reached) {
						t.Errorf("%d records arrived twice, and only %d were not acknowledged", again, before-int(reached))
					}
				})
			})
		}
	}
}

// expectAll checks that all records arrived, each for the first time in its order.
func expectAll(t *testing.T, lines []string, n int) {
	t.Helper()
	seen := map[string]bool{}
	var first []string
	for _, l := range lines {
		if !seen[l] {
			seen[l] = true
			first = append(first, l)
		}
	}
	if !slices.Equal(first, numbered("default", 1, n)) {
		t.Errorf("%d different records arrived, want %d in their order", len(first), n)
	}
}
