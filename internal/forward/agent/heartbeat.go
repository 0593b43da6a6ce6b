package agent

import (
	"context"
	"time"

	"kiroku/internal/forward/wire"
)

// heartbeats says that the agent lives: every minute, and every half minute when the server has not been asked for anything
// else, so that a changed configuration is heard of in time.
func (a *Agent) heartbeats(ctx context.Context, f *fleet) {
	last := time.Now()
	for pause(ctx, lookEvery) {
		f.well()
		quiet := time.Since(time.Unix(0, a.contact.Load()))
		if quiet < lookEvery && time.Since(last) < wire.HeartbeatTime {
			continue
		}
		last = time.Now()
		if err := a.beat(ctx, f); err != nil {
			if err = a.survive(ctx, err, 0); err != nil && ctx.Err() == nil && !IsRefused(err, wire.ReasonInvalid) {
				a.fail(err)
			}
		}
	}
}

func (a *Agent) beat(ctx context.Context, f *fleet) error {
	answer, err := a.client.Heartbeat(ctx, &wire.Heartbeat{Now: time.Now().UTC(), Destinations: f.metrics()})
	if err == nil {
		a.heard(ctx, answer.ETag, answer.Paused)
	}
	return err
}

// beatOnce says it a last time, if the server listens.
func (a *Agent) beatOnce(ctx context.Context, f *fleet) {
	ctx, cancel := context.WithTimeout(ctx, farewell)
	defer cancel()
	if err := a.beat(ctx, f); err != nil {
		a.say(ctx, err)
	}
}
