package syslog

import (
	"context"

	"kiroku/internal/event"
)

// Sink takes the batches of all inputs. It is called by one goroutine per connection and one per UDP input, all at once.
// A batch that it takes is its own until it calls Release, exactly once; of a batch that it refuses it keeps nothing
// and does not call Release.
type Sink interface {
	// Offer waits until there is room for the batch. It refuses the batch only when ctx ends or the sink is closed.
	Offer(ctx context.Context, b event.Batch) error

	// TryOffer takes the batch if there is room for it right now, and says whether it did.
	TryOffer(b event.Batch) bool
}
