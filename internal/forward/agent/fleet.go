package agent

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"time"

	"kiroku/internal/forward/wire"
)

// Why a line stops.
var (
	errStopping  = errors.New("the agent stops")
	errChanged   = errors.New("the destination changes")
	errAbandoned = errors.New("the server has nothing to do with the agent any more")
)

// grace is how long a line may take to have confirmed what it has sent.
func grace(cause error) time.Duration {
	switch {
	case errors.Is(cause, errStopping):
		return stopTime
	case errors.Is(cause, errChanged):
		return changeTime
	}
	return 0
}

// fleet is the lines to the destinations. Only metrics may be called by another goroutine.
type fleet struct {
	agent    *Agent
	finished map[*line]bool // those that have got the whole window of a recovery
	running  sync.WaitGroup

	mu    sync.Mutex
	lines map[string]*line
}

// apply starts, stops and starts again what is not as it should be, and waits for none of them.
func (f *fleet) apply(work context.Context, want []wire.Destination) {
	f.mu.Lock()
	defer f.mu.Unlock()
	named := map[string]bool{}
	for _, d := range want {
		named[d.Name] = true
		before := f.lines[d.Name]
		if before != nil && reflect.DeepEqual(before.dest, d) {
			before.wake()
			continue
		}
		stop, cancel := context.WithCancelCause(work)
		l := &line{agent: f.agent, dest: d, cancel: cancel, done: make(chan struct{})}
		if before != nil {
			before.cancel(errChanged)
		}
		f.lines[d.Name] = l
		f.running.Go(func() { l.run(stop, work, before) })
	}
	for name, l := range f.lines {
		if !named[name] {
			l.cancel(errChanged)
			delete(f.lines, name)
			f.running.Go(func() { <-l.done; f.agent.rests(work) })
		}
	}
}

// finish notes that a line has got everything, and says whether all have.
func (f *fleet) finish(l *line) bool {
	f.finished[l] = true
	for _, l := range f.lines {
		if !f.finished[l] {
			return false
		}
	}
	return true
}

// stop ends all lines and waits for them.
func (f *fleet) stop(cause error) {
	for _, l := range f.lines {
		l.cancel(cause)
	}
	f.running.Wait()
}

// metrics says how the destinations do.
func (f *fleet) metrics() map[string]wire.Metrics {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := map[string]wire.Metrics{}
	for name, l := range f.lines {
		all[name] = l.metrics()
	}
	return all
}

// well closes the notifications about destinations that take records again.
func (f *fleet) well() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range f.lines {
		l.well()
	}
}
