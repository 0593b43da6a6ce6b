package agent

import (
	"context"
	"time"

	"kiroku/internal/forward/wire"
)

// waiting is what a paused agent waits with at the server.
type waiting struct {
	destination string
	stop        <-chan struct{} // another configuration holds
	end         func()
}

// wait has the agent wait for the end of a pause; destination "": it is not paused.
func (a *Agent) wait(destination string) {
	var w *waiting
	if destination != "" {
		stop := make(chan struct{})
		w = &waiting{destination: destination, stop: stop, end: func() { close(stop) }}
	}
	if old := a.waiting.Swap(w); old != nil {
		old.end()
	}
}

// waits asks the server, while the agent is paused, for records that it does not give: it answers as soon as the pause ends.
func (a *Agent) waits(ctx context.Context) {
	for pause(ctx, idleWait) {
		if w := a.waiting.Load(); w != nil {
			a.waitResume(ctx, w)
		}
	}
}

func (a *Agent) waitResume(ctx context.Context, w *waiting) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-w.stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	h, _, err := a.client.Pull(ctx, wire.Pull{Destination: w.destination, WaitMS: int(wire.MaxWait / time.Millisecond), Max: 1})
	switch known := a.etag.Load(); {
	case err != nil: // the next heartbeat says what is wrong
		pause(ctx, lookEvery)
	case h.ETag != *known:
		a.heard(ctx, h.ETag, a.paused.Load())
		pause(ctx, lookEvery) // or until the configuration is here
	default:
		a.met(ctx)
	}
}
