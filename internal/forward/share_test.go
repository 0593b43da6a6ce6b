package forward

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kiroku/internal/forward/wire"
)

// Recoveries have, all of them together, at most half of the time that the agent leaves free, and never nothing; what the agent
// gets is the same without them.
func TestShare(t *testing.T) {
	const look = 100 * time.Millisecond
	for _, c := range []struct {
		name        string
		recoveries  int
		rest        time.Duration // of the agent behind each look; negative: it does not run
		least, most float64       // share of the time that recoveries have
	}{
		{"idle", 1, -1, 0.49, 0.501},
		{"idle, several recoveries", 3, -1, 0.49, 0.501},
		{"half", 1, look, 0.23, 0.251},
		{"three quarters", 2, look / 3, 0.11, 0.126},
		{"always busy", 1, 0, 0.045, 0.051},
		{"always busy, several recoveries", 3, 0, 0.045, 0.051},
		{"no recovery", 0, look, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, "a")
				defer w.close()
				from := time.Now()
				w.lake.add("a", 1000, from)
				w.lake.cost = look
				main := w.create("soc", Spec{}, Start{})
				main.hello()
				var beside []*siem
				for range c.recoveries {
					time.Sleep(time.Microsecond) // names are made of the time
					m, err := w.Recover(t.Context(), "admin", main.id, Recovery{From: from, To: from.Add(time.Hour)})
					if err != nil {
						t.Fatal(err)
					}
					r := &siem{w: w, id: m.ID, token: m.Token, after: map[string]wire.Positions{}}
					r.hello()
					beside = append(beside, r)
				}

				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Second)
				defer cancel()
				var running sync.WaitGroup
				for _, r := range beside {
					running.Go(func() { r.pulls(ctx, 0) })
				}
				var got []int64
				if c.rest >= 0 {
					running.Go(func() { got = main.pulls(ctx, c.rest) })
				}
				time.Sleep(10 * time.Second) // by now the load is known
				before := w.lake.workedFor(true)
				time.Sleep(40 * time.Second)
				share := float64(w.lake.workedFor(true)-before) / float64(40*time.Second)
				running.Wait()

				if share < c.least || share > c.most {
					t.Errorf("recoveries had %.4f of the time, want %.3f to %.3f", share, c.least, c.most)
				}
				if c.rest >= 0 {
					if alone := int(50 * time.Second / (look + c.rest)); len(got) < alone {
						t.Errorf("%d looks of the agent, %d without a recovery", len(got), alone)
					}
				}
				for i, next := range got {
					if next != int64(i+1) {
						t.Fatalf("the agent got up to %d, want %d", next, i+1)
					}
				}
			})
		})
	}
}

// pulls pulls one record after the other until ctx ends, and returns up to where each time.
func (a *siem) pulls(ctx context.Context, rest time.Duration) (upTo []int64) {
	for ctx.Err() == nil {
		b := a.pull(wire.Pull{Max: 1})
		upTo = append(upTo, b.Next)
		time.Sleep(rest)
	}
	return upTo
}

// Who waits too long for its turn is told that there is nothing yet, which is no error, and who gives up takes nobody's place.
func TestShareTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "a")
		defer w.close()
		from := time.Now()
		w.lake.add("a", 2, from)
		main := w.create("soc", Spec{}, Start{})
		m, err := w.Recover(t.Context(), "admin", main.id, Recovery{From: from, To: from.Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		r := &siem{w: w, id: m.ID, token: m.Token, after: map[string]wire.Positions{}}
		r.hello()
		h := w.agents[main.id].share
		done, err := h.recover(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if b := r.pull(wire.Pull{WaitMS: 30_000}); len(b.records) > 0 || b.Store != "" || time.Since(began) != turnTime {
			t.Errorf("%v after %s, want nothing after %s", b.uids(), time.Since(began), turnTime)
		}
		if _, err := r.tryPull(wire.Pull{Replay: 1000}); reason(err) != wire.ReasonBusy {
			t.Errorf("a pull with a replay: %v", err)
		}
		began = time.Now()
		done(time.Hour)
		gone, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := h.recover(gone); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("who gives up in a pause: %v", err)
		}
		if b := r.pull(wire.Pull{}); len(b.records) != 2 || time.Since(began) != longestPause {
			t.Errorf("then %v after %s, want both after %s", b.uids(), time.Since(began), longestPause)
		}
	})
}
