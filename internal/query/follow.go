package query

import (
	"context"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/search"
)

// SeqLake is where a Feed reads. It is asked from many goroutines at once.
type SeqLake interface {
	// PartsAfter lists the segments of a store that may hold events with a sequence number above after, in the order of
	// FirstSeq, and the last number that the store had given at that moment. They stay readable until release is called.
	PartsAfter(store string, after int64) (parts []Part, last int64, release func(), err error)
	// Head is the least sequence number that the store still has and the last one it has given. first is last+1 when there
	// is no event.
	Head(store string) (first, last int64, err error)
	// Changed returns a channel that is closed as soon as any store has new events, or is deleted.
	Changed() <-chan struct{}
	// Dropped tells what is remembered of events with numbers in (after, last] that are no longer there.
	Dropped(ctx context.Context, store string, after, last int64) ([]Dropped, error)
}

// Dropped is what is remembered of events that retention, or the deletion of a store, has removed together: Rows events
// with sequence numbers from FirstSeq to LastSeq, perhaps among others, and times from MinTime to MaxTime (microseconds).
type Dropped struct {
	FirstSeq, LastSeq int64
	Rows              int64
	MinTime, MaxTime  int64
}

// Feed gives the events of stores in the order of their sequence numbers, to many that are at different places. It is
// safe for concurrent use.
type Feed struct {
	lake   SeqLake
	fields *search.Fields
	groups *groupCache
}

// EventTypes tells alerts from activities.
type EventTypes uint8

// The types of events.
const (
	Activities EventTypes = 1 << iota // everything that is not an alert
	Alerts                            // events of OCSF's category Findings
)

// FollowRequest says which events of a store a Follower gives.
type FollowRequest struct {
	Store    string
	Search   string         // the search language; empty: everything
	Types    EventTypes     // 0: both
	From, To time.Time      // half-open: From <= time < To; zero: open
	By       event.Column   // the time that From and To mean: ColTime, ColIngestTime; 0: ColTime
	Columns  []event.Column // empty: all. ColSeq is always there
	Denied   []event.Column // columns that the caller may not read: a search that looks into one is refused
}

// Progress is what one call of Next did.
type Progress struct {
	Next   int64 // every event up to here was given, or does not match: after of the next call
	Events int   // that were given
	More   bool  // there is more to look at already; otherwise wait for Changed
	// Gone are sequence numbers in (after, Next] that the store has no more: see Feed.Gap. Always 0 with From or To.
	Gone int64
}

// Gap describes events behind a position that the store has no more.
type Gap struct {
	Count    int64     // exact
	FirstSeq int64     // they lie in FirstSeq to LastSeq, perhaps among others
	LastSeq  int64     //
	From, To time.Time // half-open; zero when nothing is remembered of them
	Resume   int64     // sequence number of the first event behind the position that is there; the last one given + 1 when none is
}
