package pipeline

import (
	"slices"

	"kiroku/internal/event"
)

type tap struct {
	f func(store string, e *event.Event)
}

// Tap calls f for every event, before it is durable, from all workers at once. f must be quick and keep nothing of e.
// stop ends it; f may still be called by batches that are under way.
func (p *Pipeline) Tap(f func(store string, e *event.Event)) (stop func()) {
	t := &tap{f}
	p.tapsMu.Lock()
	defer p.tapsMu.Unlock()
	next := append(slices.Clone(*p.taps.Load()), t)
	p.taps.Store(&next)
	return func() {
		p.tapsMu.Lock()
		defer p.tapsMu.Unlock()
		next := slices.DeleteFunc(slices.Clone(*p.taps.Load()), func(o *tap) bool { return o == t })
		p.taps.Store(&next)
	}
}
