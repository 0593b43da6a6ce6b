package forward

import (
	"context"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/search"
)

// Events is where the events of event data stores come from, in the order of their sequence numbers. It is asked from many
// goroutines at once. A store that does not exist is fault.NotFound.
type Events interface {
	// Stores names the event data stores.
	Stores() []string
	// Changed returns a channel that is closed as soon as any store has new events, or is deleted.
	Changed() <-chan struct{}
	// Head is the least sequence number that a store still has and the last one it has given.
	Head(store string) (first, last int64, err error)
	// Ingested is when the first event behind a position was taken in; zero when there is none.
	Ingested(ctx context.Context, store string, after int64) (time.Time, error)
	// Since is the position behind which all events with a time (ColTime or ColIngestTime) at or after t stand.
	Since(ctx context.Context, store string, by event.Column, t time.Time) (after int64, err error)
	// Gap says which events with numbers in (after, last] the store has no more. With since, those of days that ended before it
	// are left out: then the count is the greatest that it can be.
	Gap(ctx context.Context, store string, after, last int64, since time.Time) (Gap, error)
	// Oldest is the time of the oldest event that a store has; zero when it has none.
	Oldest(store string) time.Time
	// Removed is how many events of a store retention has removed so far.
	Removed(store string) int64
	// Lost says how many events with a time of their own in [from, to) the store had and retention has removed, at most: what is
	// removed is remembered by the day.
	Lost(ctx context.Context, store string, from, to time.Time) (count int64, err error)
	// Warnings are about a search that works but may not mean what was meant.
	Warnings(text string) []search.Warning
	// Follower prepares a request. What is wrong with its search is *search.SyntaxError, a column that may not be read
	// fault.Denied.
	Follower(req Request) (Follower, error)
}

// Follower gives the events of a request. It holds nothing of them between two calls and is safe for concurrent use.
type Follower interface {
	// Next calls take for the matching events behind a position, in rising order, until take returns false, which leaves that
	// event for the next call, or there is nothing more, or it has looked for some time. take must keep nothing of the event.
	Next(ctx context.Context, after int64, take func(e *event.Event) bool) (Progress, error)
	// Back is the position behind which the last n matching events up to the number upTo stand.
	Back(ctx context.Context, upTo int64, n int) (after int64, err error)
}

// Request says which events of a store a Follower gives.
type Request struct {
	Store              string
	Search             string // the search language; empty: everything
	Activities, Alerts bool
	From, To           time.Time    // half-open; zero: open
	By                 event.Column // the time that From and To mean
	Denied             []event.Column
	Columns            []event.Column // that are looked at; none: all
}

// Progress is what one call of Next did.
type Progress struct {
	Next   int64 // every event up to here was given, or does not match
	Events int   // that were given
	More   bool  // there is more to look at already
	Gone   int64 // sequence numbers in (after, Next] that the store has no more; 0 with From or To
}

// Gap describes events behind a position that the store has no more.
type Gap struct {
	Count    int64
	FirstSeq int64
	LastSeq  int64
	From, To time.Time // half-open; zero when nothing is remembered of them
	Resume   int64     // of the first event behind the position that is there
}
