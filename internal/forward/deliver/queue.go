package deliver

import (
	"context"
	"sync"
	"time"

	"kiroku/internal/forward/wire"
)

// queue holds the records of a destination: first those that are confirmed and may have to be sent again, then those that
// are not confirmed. Indexes count the records since the beginning; they only grow.
//
//	base ……… commit ……… frontier ……… end
//	          └─ pos moves here ─┘
//
// commit is behind frontier only during a replay.
type queue struct {
	mu       sync.Mutex
	entries  []entry
	room     []entry // what entries is a part of, from its beginning
	base     int64   // of entries[0]
	frontier int64   // everything before it is confirmed
	commit   int64   // everything before it needs not be sent again
	pos      int64   // the next to be sent
	life     int64   // frontier when the receiver was last seen to begin anew: before it, everything was replayed once
	highest  int64   // everything before it was sent at least once
	known    int64   // everything before it was acknowledged by Acknowledged
	ahead    int64   // records behind known that may be sent; 0: all
	cautious int64   // before it, no more than piece records are sent and not confirmed
	piece    int64
	stuck    int64 // commit + 1 at the last session that failed with something sent
	held     int   // bytes from frontier on
	past     int   // bytes before frontier
	limit    int   // of held
	keep     int   // of past
	flushers int   // callers that wait for everything to be confirmed
	resent   int64
	changed  chan struct{} // closed when something above changed
}

type entry struct {
	rec wire.Record
	at  time.Time // when it was given to Send
}

// overhead is what a record costs beside its line.
const overhead = 128

func newQueue(limit, keep int) *queue {
	return &queue{limit: limit, keep: keep, changed: make(chan struct{})}
}

func (q *queue) end() int64 { return q.base + int64(len(q.entries)) }

// reach is the index behind the last record that may be sent. The caller holds mu.
func (q *queue) reach() int64 {
	upTo := q.end()
	if q.ahead > 0 {
		upTo = min(upTo, q.known+q.ahead)
	}
	if q.frontier < q.cautious {
		upTo = min(upTo, q.frontier+q.piece)
	}
	return upTo
}

// tell wakes all that wait. The caller holds mu.
func (q *queue) tell() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// raise lets more be held.
func (q *queue) raise(limit int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if limit > q.limit {
		q.limit = limit
		q.tell()
	}
}

// add appends records, waiting for room.
func (q *queue) add(ctx context.Context, recs []wire.Record) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(recs) > 0 {
		now, before := time.Now(), len(recs)
		for len(recs) > 0 && (q.held == 0 || q.held+len(recs[0].Line)+overhead <= q.limit) {
			q.push(entry{recs[0], now})
			q.held += len(recs[0].Line) + overhead
			recs = recs[1:]
		}
		if len(recs) < before {
			q.tell()
		}
		if len(recs) > 0 {
			if err := q.sleep(ctx, 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// push appends an entry. It moves the others to the front when that makes enough room. The caller holds mu.
func (q *queue) push(e entry) {
	if n := len(q.entries); n == cap(q.entries) {
		if n > 0 && n <= len(q.room)/2 {
			copy(q.room, q.entries)
			clear(q.room[n:])
		} else {
			q.room = make([]entry, max(1024, 2*n))
			copy(q.room, q.entries)
		}
		q.entries = q.room[:n]
	}
	q.entries = append(q.entries, e)
}

// sleep waits until something changes, or for d when it is not 0. The caller holds mu.
func (q *queue) sleep(ctx context.Context, d time.Duration) error {
	changed := q.changed
	q.mu.Unlock()
	defer q.mu.Lock()
	var timeout <-chan time.Time
	if d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		timeout = t.C
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-changed:
	case <-timeout:
	}
	return nil
}

// seed puts records of before into the past.
func (q *queue) seed(recs []wire.Record) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, r := range recs {
		q.push(entry{rec: r})
		q.past += len(r.Line) + overhead
	}
	q.frontier, q.commit, q.pos, q.highest, q.known = q.end(), q.end(), q.end(), q.end(), q.end()
	q.trim()
}

// take appends the next records to be sent to dst, at most n with together about size bytes, at least one if there is one.
// It returns the index behind the last.
func (q *queue) take(dst []wire.Record, n, size int) ([]wire.Record, int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for size > 0 && n > 0 && q.pos < q.reach() {
		r := q.entries[q.pos-q.base].rec
		if len(dst) > 0 && len(r.Line) > size {
			break
		}
		dst = append(dst, r)
		size -= len(r.Line)
		n--
		q.pos++
		if q.pos <= q.highest {
			q.resent++
		}
	}
	q.highest = max(q.highest, q.pos)
	return dst, q.pos
}

// state says whether there is something to be sent, whether somebody waits for everything to be confirmed, and gives the
// channel that is closed when that changes.
func (q *queue) state() (more, flush bool, changed <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.pos < q.reach(), q.flushers > 0, q.changed
}

// acknowledge says that n more records need not be sent again when this process ends.
func (q *queue) acknowledge(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.known += int64(n)
	q.tell()
}

// confirm says that everything before upTo has arrived, and returns how many of them had not been confirmed before.
func (q *queue) confirm(upTo int64) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.commit = max(q.commit, upTo)
	defer q.tell()
	if upTo <= q.frontier {
		return 0
	}
	n := int(upTo - q.frontier)
	for i := q.frontier; i < upTo; i++ {
		size := len(q.entries[i-q.base].rec.Line) + overhead
		q.held -= size
		q.past += size
	}
	q.frontier = upTo
	q.piece = min(2*q.piece, q.cautious) // which is all
	q.trim()
	return n
}

// trim forgets what lies too far behind the frontier. The caller holds mu.
func (q *queue) trim() {
	n := 0
	for i := range q.entries {
		size := len(q.entries[i].rec.Line) + overhead
		if q.base+int64(i) >= min(q.commit, q.frontier) || q.past-size < q.keep {
			break
		}
		q.past -= size
		q.entries[i] = entry{}
		n++
	}
	q.base += int64(n)
	q.entries = q.entries[n:]
}

// rewind makes everything that is not confirmed be sent again.
func (q *queue) rewind() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pos = q.commit
}

// replay goes back behind the last commit, over up to window bytes of what was confirmed since the receiver last began
// anew: it may have taken them and not stored them. What was replayed once is not replayed again, so that a receiver that
// is restarted again and again makes progress. It returns how many records it went back.
func (q *queue) replay(window int) int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	back := q.commit
	if q.commit == q.frontier { // else the last replay is not over yet
		for size := 0; back > max(q.life, q.base); back-- {
			size += len(q.entries[back-1-q.base].rec.Line)
			if size > window {
				break
			}
		}
		q.life = q.frontier
	}
	n := q.commit - back
	q.commit, q.pos = back, back
	return n
}

// unconfirmed returns the bytes that are not confirmed, and since when the oldest of them waits.
func (q *queue) unconfirmed() (bytes int, oldest time.Time, resent int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.frontier < q.end() {
		oldest = q.entries[q.frontier-q.base].at
	}
	return q.held, oldest, q.resent
}

// flush waits until everything that was added is confirmed.
func (q *queue) flush(ctx context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.flushers++
	q.tell()
	defer func() { q.flushers-- }()
	for upTo := q.end(); q.frontier < upTo || q.commit < q.frontier; {
		if err := q.sleep(ctx, 0); err != nil {
			return err
		}
	}
	return nil
}
