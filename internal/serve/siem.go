package serve

import (
	"context"
	"math"
	"slices"
	"time"

	"kiroku/internal/config"
	"kiroku/internal/event"
	"kiroku/internal/forward"
	"kiroku/internal/forward/wire"
	"kiroku/internal/lake"
	"kiroku/internal/query"
	"kiroku/internal/search"
)

// openAgents builds the server's side of SIEM agents and reads what is known of them.
func (s *Server) openAgents(ctx context.Context, feed *query.Feed) error {
	s.agents = forward.New(forward.Options{DB: s.db, Events: siemEvents{feed, s.storage.lake}, Sink: s.pipe, Checkpoints: s.storage.lake, Log: s.opt.Log,
		Version: s.opt.Version, After: thresholds(&s.opt.Config.SIEM)})
	return s.agents.Load(ctx)
}

func thresholds(c *config.SIEM) wire.Thresholds {
	return wire.Thresholds{ConnectionError: c.ConnectionErrorAfter.Std(), Disconnected: c.DisconnectedAfter.Std(),
		NotificationError: c.NotificationErrorAfter.Std(), Backlog: c.BacklogAfter.Std()}
}

// siemEvents gives SIEM agents the events of the lake.
type siemEvents struct {
	feed *query.Feed
	lake *lake.Lake
}

var _ forward.Events = siemEvents{}

// Stores implements forward.Events.
func (e siemEvents) Stores() []string {
	var names []string
	for _, in := range e.lake.Stores() {
		names = append(names, in.Name)
	}
	return names
}

// Changed implements forward.Events.
func (e siemEvents) Changed() <-chan struct{} { return e.feed.Changed() }

// Head implements forward.Events.
func (e siemEvents) Head(store string) (first, last int64, err error) { return e.feed.Head(store) }

// Ingested implements forward.Events.
func (e siemEvents) Ingested(ctx context.Context, store string, after int64) (time.Time, error) {
	return e.feed.Ingested(ctx, store, after)
}

// Since implements forward.Events.
func (e siemEvents) Since(ctx context.Context, store string, by event.Column, t time.Time) (int64, error) {
	return e.feed.Since(ctx, store, by, t)
}

// Gap implements forward.Events.
func (e siemEvents) Gap(ctx context.Context, store string, after, last int64, since time.Time) (forward.Gap, error) {
	g, err := e.feed.Gap(ctx, store, after, last, since)
	return forward.Gap(g), err
}

// Oldest implements forward.Events.
func (e siemEvents) Oldest(store string) time.Time {
	in, err := e.lake.Store(store)
	if err != nil {
		return time.Time{} // deleted meanwhile
	}
	return in.Oldest
}

// Removed implements forward.Events.
func (e siemEvents) Removed(store string) int64 {
	in, err := e.lake.Store(store)
	if err != nil {
		return 0 // deleted meanwhile
	}
	return in.DroppedByAge
}

// Lost implements forward.Events.
func (e siemEvents) Lost(ctx context.Context, store string, from, to time.Time) (n int64, err error) {
	dropped, err := e.lake.Dropped(ctx, store, 0, math.MaxInt64)
	for _, d := range dropped {
		if d.MaxTime >= from.UnixMicro() && d.MinTime < to.UnixMicro() {
			n += d.Rows
		}
	}
	return n, err
}

// Warnings implements forward.Events.
func (e siemEvents) Warnings(text string) []search.Warning { return e.feed.Warnings(text) }

// Follower implements forward.Events.
func (e siemEvents) Follower(r forward.Request) (forward.Follower, error) {
	req := query.FollowRequest{Store: r.Store, Search: r.Search, From: r.From, To: r.To, By: r.By, Denied: r.Denied}
	if r.Activities {
		req.Types |= query.Activities
	}
	if r.Alerts {
		req.Types |= query.Alerts
	}
	if r.Columns == nil {
		r.Columns = event.Columns()
	}
	for _, c := range r.Columns {
		if !slices.Contains(r.Denied, c) {
			req.Columns = append(req.Columns, c)
		}
	}
	f, err := e.feed.Follower(req)
	if err != nil {
		return nil, err
	}
	return siemFollower{f}, nil
}

// siemFollower is a follower as agents know it.
type siemFollower struct{ *query.Follower }

// Next implements forward.Follower.
func (f siemFollower) Next(ctx context.Context, after int64, take func(e *event.Event) bool) (forward.Progress, error) {
	p, err := f.Follower.Next(ctx, after, take)
	return forward.Progress(p), err
}
