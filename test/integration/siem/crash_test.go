//go:build integration

package siem

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// dupAgent is how many records one kill of the agent makes arrive twice: a batch that was confirmed and not acknowledged
// yet, and one on its way.
const dupAgent = 2 * 500

// crashWay is a way to the fault receiver, which stores before it confirms.
type crashWay struct {
	scheme string
	fault  int
}

func crashWays() []crashWay {
	return []crashWay{{"tcp", dupHalfClose}, {"relp", dupRELP}, {"http", dupHTTP}}
}

// crash is an agent, its server and its receiver.
type crash struct {
	t *testing.T
	s *server
	r *receiver
	m made
	a *process
	n int
}

func newCrash(t *testing.T, scheme string, n int) *crash {
	t.Helper()
	c := &crash{t: t, s: serve(t), r: faulty(t, scheme), n: n}
	c.s.store(t, 0, n)
	c.m = c.s.create(t, append([]string{"--to", c.r.to, "--rate-records", "2500"}, c.r.create...)...)
	c.a = c.s.agent(t, c.m)
	return c
}

func (c *crash) stored() int { return c.r.arrived.look(c.t).distinct }

// killAgent kills the agent at a point that can be seen from outside, or at any, and starts another.
func (c *crash) killAgent(k int) {
	c.t.Helper()
	switch k % 5 {
	case 0: // it has its configuration and pulls
		until(c.t, "the agent is configured", 20*time.Second, func() bool { return strings.Contains(c.a.words(), "Initialization complete") })
	case 1: // the receiver has stored something: it is confirmed, or about to be
		before := c.stored()
		until(c.t, "something arrives", 20*time.Second, func() bool { return c.stored() > before || c.stored() == c.n })
	case 2: // an acknowledgment is stored
		before := c.s.cursor(c.m.ID)
		until(c.t, "something is acknowledged", 20*time.Second, func() bool { at := c.s.cursor(c.m.ID); return at > before || at == c.n })
	default:
		time.Sleep(100*time.Millisecond + rand.N(600*time.Millisecond))
	}
	c.a.kill()
	c.a = c.s.agent(c.t, c.m)
}

func (c *crash) killServer() {
	c.t.Helper()
	time.Sleep(300*time.Millisecond + rand.N(time.Second))
	c.s.kill()
	c.s.start(c.t)
}

// finish waits for the end and checks what has arrived.
func (c *crash) finish(faults, bound int, stop func() int) {
	c.t.Helper()
	began := c.stored()
	if began == c.n {
		c.t.Errorf("everything had arrived before the last kill: it proves nothing")
	}
	took := c.s.acknowledged(c.t, c.m, c.a, c.n, 90*time.Second)
	looks := stop()
	c.a.stop()
	got := c.r.arrived.complete(c.t, c.n, bound, true)
	c.t.Logf("%d records, %d kills: lost %d, twice %d (bound %d), out of order %d, the cursor was looked at %d times; %d records and %v after the last kill",
		c.n, faults, c.n-got.distinct, got.duplicates, bound, got.disordered, looks, c.n-began, took.Round(10*time.Millisecond))
	if c.t.Failed() {
		c.t.Logf("the agent said:\n%s\nthe server said:\n%s", c.a.tail(), c.s.tail())
	}
}

// TestAgentKilled kills the agent 20 times.
func TestAgentKilled(t *testing.T) {
	t.Parallel()
	const kills = 20
	for _, w := range crashWays() {
		t.Run(w.scheme, func(t *testing.T) {
			t.Parallel()
			c := newCrash(t, w.scheme, 30_000)
			stop := c.s.follow(t, c.m, c.r)
			for k := range kills {
				c.killAgent(k)
			}
			c.finish(kills, kills*dupAgent, stop)
		})
	}
}

// TestServerKilled kills the server 10 times: between an acknowledgment and its storing, among other moments.
func TestServerKilled(t *testing.T) {
	t.Parallel()
	const kills = 10
	for _, w := range crashWays() {
		t.Run(w.scheme, func(t *testing.T) {
			t.Parallel()
			c := newCrash(t, w.scheme, 90_000)
			stop := c.s.follow(t, c.m, c.r)
			for range kills {
				c.killServer()
			}
			c.finish(kills, kills*dupAgent, stop)
		})
	}
}

// TestEverythingKilled kills the agent, the server and the receiver in any order.
func TestEverythingKilled(t *testing.T) {
	t.Parallel()
	for _, w := range crashWays() {
		t.Run(w.scheme, func(t *testing.T) {
			t.Parallel()
			c := newCrash(t, w.scheme, 60_000)
			stop := c.s.follow(t, c.m, c.r)
			order := slices.Repeat([]int{0, 1, 2}, 3)
			rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
			for k, what := range order {
				switch what {
				case 0:
					c.killAgent(k)
				case 1:
					c.killServer()
				default:
					time.Sleep(rand.N(700 * time.Millisecond))
					c.r.kill()
					c.r.start(t)
				}
			}
			c.finish(len(order), 6*dupAgent+3*w.fault, stop) // agent and server, and the receiver
		})
	}
}
