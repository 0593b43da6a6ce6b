package query

import (
	"context"
	"encoding/json"
	"slices"
	"sync/atomic"

	"kiroku/internal/event"
	"kiroku/internal/search"
)

// tailBuffer is how many events a slow listener may be behind before it misses some.
const tailBuffer = 1024

// Tail calls f for every matching event as it comes in, until ctx ends or f fails. A listener that is too slow misses
// events; f is then called with {"missed": n}. Events are told before they are durable.
func (q *Queries) Tail(ctx context.Context, req Request, f func(row json.RawMessage) error) error {
	c, err := q.compile(&req)
	if err != nil {
		return err
	}
	rows := make(chan json.RawMessage, tailBuffer)
	var missed atomic.Int64
	stop := q.tap.Tap(func(store string, e *event.Event) {
		if len(req.Stores) > 0 && !slices.Contains(req.Stores, store) || !matchEvent(c.prog, store, e) {
			return
		}
		select {
		case rows <- e.AppendJSON(nil):
		default:
			missed.Add(1)
		}
	})
	defer stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case row := <-rows:
			if err := f(row); err != nil {
				return err
			}
			if n := missed.Swap(0); n > 0 {
				note, err := json.Marshal(map[string]int64{"missed": n})
				if err != nil {
					return err
				}
				if err := f(note); err != nil {
					return err
				}
			}
		}
	}
}

func matchEvent(p *search.Program, store string, e *event.Event) bool {
	return p.Bind(store).MatchEvent(e)
}
