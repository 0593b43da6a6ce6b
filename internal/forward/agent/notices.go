package agent

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"kiroku/internal/forward/wire"
	"kiroku/internal/logkey"
)

// notices tells the server of problems: each code of a destination once a round, with the number of times and the last text.
type notices struct {
	agent *Agent
	wake  chan struct{}

	mu   sync.Mutex
	open map[problem]*notice
}

type problem struct {
	destination string
	code        wire.Code
}

type notice struct {
	text    string
	count   int64 // not told yet
	told    bool
	cleared bool // to be told
	over    bool // to be told as cleared, once what is not told yet is told
	logged  time.Time
}

func newNotices(a *Agent) *notices {
	return &notices{agent: a, wake: make(chan struct{}, 1), open: map[problem]*notice{}}
}

// add notes a problem of a destination. It never waits.
func (n *notices) add(destination string, code wire.Code, text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := problem{destination, code}
	o := n.open[p]
	if o == nil {
		o = &notice{}
		n.open[p] = o
	}
	if text != o.text || time.Since(o.logged) > sayAgain {
		o.logged = time.Now()
		n.agent.log.LogAttrs(context.Background(), slog.LevelWarn, logProblem, slog.String(logkey.Destination, destination),
			slog.String(logkey.Code, string(code)), slog.String(logkey.Err, text))
	}
	o.text, o.cleared, o.over = text, false, false
	o.count++
	n.due()
}

// clear notes that a problem is over which no delivery tells to be.
func (n *notices) clear(destination string, code wire.Code) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if o := n.open[problem{destination, code}]; o != nil {
		o.cleared, o.text, o.count = o.told, "", 0
		n.due()
	}
}

// delivered notes that a destination takes records. An acknowledgment says so, too; but what happened before it may be told
// after it, and what was replayed is acknowledged already.
func (n *notices) delivered(destination string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, code := range [...]wire.Code{wire.SendError, wire.ConnectionError, wire.TLSError} {
		o := n.open[problem{destination, code}]
		switch {
		case o == nil:
		case o.count > 0:
			o.over = true
			n.due()
		case o.told:
			o.cleared, o.text = true, ""
			n.due()
		}
	}
}

func (n *notices) due() { signal(n.wake) }

// run tells the server until ctx ends.
func (n *notices) run(ctx context.Context) {
	for tries := 0; ; {
		select {
		case <-n.wake:
		case <-ctx.Done():
			return
		}
		wait := noticeEvery
		if n.tell(ctx) {
			tries = 0
		} else {
			wait = Backoff(tries)
			tries++
			n.due()
		}
		if !pause(ctx, wait) {
			return
		}
	}
}

// tell tells of everything that is due. What could not be told stays.
func (n *notices) tell(ctx context.Context) bool {
	for _, p := range n.pending() {
		t := n.take(p)
		if err := n.agent.client.Notify(ctx, &t); err != nil {
			n.back(p, &t)
			return false
		}
		n.agent.met(ctx)
	}
	return true
}

func (n *notices) pending() []problem {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []problem
	for p, o := range n.open {
		if o.count > 0 || o.cleared {
			out = append(out, p)
		}
	}
	return out
}

func (n *notices) take(p problem) wire.Notify {
	n.mu.Lock()
	defer n.mu.Unlock()
	o := n.open[p]
	t := wire.Notify{Destination: p.destination, Code: p.code, Text: o.text, Count: o.count, Cleared: o.cleared}
	o.told, o.count, o.cleared = !o.cleared, 0, false
	if o.over {
		o.over, o.cleared, o.text = false, true, ""
		n.due()
	}
	return t
}

// back makes t due again.
func (n *notices) back(p problem, t *wire.Notify) {
	n.mu.Lock()
	defer n.mu.Unlock()
	o := n.open[p]
	o.count += t.Count
	if o.text == "" {
		o.text = t.Text
	}
	o.over, o.cleared = o.cleared && o.count > 0, t.Cleared && o.count == 0
}
