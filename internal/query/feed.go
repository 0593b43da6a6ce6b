package query

import (
	"context"
	"errors"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/search"
)

type groupCache struct{}

// NewFeed makes a Feed. fields knows the names that searches may use.
func NewFeed(lake SeqLake, fields *search.Fields) *Feed {
	return &Feed{lake: lake, fields: fields, groups: &groupCache{}}
}

// Changed returns a channel that is closed as soon as any store has new events, or is deleted. Ask for it before Next, so
// that nothing that comes in between is missed.
func (f *Feed) Changed() <-chan struct{} { return f.lake.Changed() }

// Head is the least sequence number that a store still has and the last one it has given; first is last+1 when it has no
// event. It costs next to nothing.
func (f *Feed) Head(store string) (first, last int64, err error) { return f.lake.Head(store) }

// Ingested is when the first event behind a position was taken in; zero when there is none. now - Ingested is the lag.
func (f *Feed) Ingested(ctx context.Context, store string, after int64) (time.Time, error) {
	return time.Time{}, errors.ErrUnsupported
}

// Since is the position behind which all events with a time (ColTime or ColIngestTime) at or after t stand.
func (f *Feed) Since(ctx context.Context, store string, by event.Column, t time.Time) (after int64, err error) {
	return 0, errors.ErrUnsupported
}

// Gap says which events with numbers in (after, last] the store has no more; last 0: all that it has given.
func (f *Feed) Gap(ctx context.Context, store string, after, last int64) (Gap, error) {
	return Gap{}, errors.ErrUnsupported
}

// Follower gives the events of a request. It holds nothing of them between two calls and is safe for concurrent use.
type Follower struct{}

// Follower prepares a request. What is wrong with it is a fault.Invalid, as with Search.
func (f *Feed) Follower(req FollowRequest) (*Follower, error) { return nil, errors.ErrUnsupported }

// Next calls take for the matching events behind a position, in rising order of their sequence numbers, until take returns
// false, which leaves that event for the next call, or there is nothing more, or it has looked for about half a second.
// take must keep nothing of the event.
func (f *Follower) Next(ctx context.Context, after int64, take func(e *event.Event) bool) (Progress, error) {
	return Progress{}, errors.ErrUnsupported
}

// Back is the position behind which the last n matching events up to the number upTo stand: the position before the first
// event of the store when there are fewer.
func (f *Follower) Back(ctx context.Context, upTo int64, n int) (after int64, err error) {
	return 0, errors.ErrUnsupported
}
