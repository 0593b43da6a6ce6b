package spool

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"kiroku/internal/diskfile"
	"kiroku/internal/forward/wire"
)

// Sizes of a queue's files.
const (
	slotSize    = 16 << 10
	mostSegment = 16 << 20 // a segment that is larger is followed by another
	segments    = 64       // that a queue has room for at least
	maxUID      = 1000     // of a receipt, as the server keeps it
	fullWait    = 10 * time.Second
	mostRecords = 100      // of a frame, which is what one wrong byte costs
	mostLines   = 64 << 10 // bytes in a frame, but for one record that is longer
	roomPart    = 10       // a tenth of a queue that was full must be free before it takes something again
)

// Waiting is what a queue holds that is not confirmed.
type Waiting struct {
	Records int64
	Bytes   int64     // on disk
	Oldest  time.Time // when the oldest came
}

// Queue keeps the records for one destination. Append, Next and Confirm may be called by one goroutine each, everything else
// by any.
type Queue struct {
	o    Options
	dir  string
	keep int64
	gaps []Gap
	free func() // called when it is closed; nil: nothing

	write  sync.Mutex // Append and Close
	active *diskfile.File
	broken error // why nothing can be appended any more

	check sync.Mutex // Checkpoint and Close
	slots *diskfile.Slots

	mu       sync.Mutex
	mark     mark
	dirty    bool // mark is not on disk
	segments []*segment
	end      int64 // number of the next record
	waiting  Waiting
	flights  []flight         // given out and not confirmed, the oldest first
	tails    map[string]int64 // positions on disk of which the server may not have been told before
	due      wire.Positions   // what the server has to be told
	skipped  int64
	telling  Counted // what it is being told
	told     int64   // Waiting.Records when it was last told
	changed  chan struct{}

	cur  *segment // being read
	file *os.File
	off  int64
	read int64 // number of the next record to be given out
}

// mark is the checkpoint of a queue.
type mark struct {
	Version     int     `json:"version"`
	Destination string  `json:"destination"`
	Confirmed   int64   `json:"confirmed"` // every record before it is confirmed
	Promised    int64   `json:"promised"`  // of every record before it the server may have been told: it must be there
	Acked       int64   `json:"acked"`     // of every record before it the server was told: it does not give it again
	Untold      Counted `json:"untold"`    // confirmed, and the server was not told
}

// Counted are records that were confirmed.
type Counted struct {
	Records int64        `json:"records"`
	First   wire.Receipt `json:"first,omitzero"`
	Last    wire.Receipt `json:"last,omitzero"`
}

// add counts on.
func (c *Counted) add(more Counted) {
	if more.Records == 0 {
		return
	}
	if c.Records == 0 {
		c.First = more.First
	}
	c.Last = more.Last
	c.Records += more.Records
}

// segment is a file of a queue.
type segment struct {
	path        string
	first, next int64 // numbers of its records
	size        int64 // of the frames that are whole
	lines       int64 // bytes
	bad         []span
}

// flight is a frame that was given out.
type flight struct {
	at, next int64 // of its records, those that are not confirmed
	size     int64
	time     time.Time
}

// segmentSize is when a segment is followed by another.
func (q *Queue) segmentSize() int64 { return min(mostSegment, q.o.Size/segments) }

// tell wakes all that wait. The caller holds mu.
func (q *Queue) tell() {
	close(q.changed)
	q.changed = make(chan struct{})
}

func (q *Queue) used() (n int64) {
	for _, s := range q.segments {
		n += s.size
	}
	return n
}

// Confirm says that the next n records which Next gave are confirmed, and which of them are to be counted.
func (q *Queue) Confirm(n int, c Counted) {
	for _, r := range []*wire.Receipt{&c.First, &c.Last} {
		r.UID = r.UID[:min(len(r.UID), maxUID)]
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for left := int64(n); left > 0; {
		if len(q.flights) == 0 {
			panic("BUG: a destination confirmed more records than the spool gave")
		}
		f := &q.flights[0]
		m := min(left, f.next-f.at)
		f.at += m
		left -= m
		q.waiting.Records -= m
		q.mark.Confirmed = f.at
		if f.at < f.next {
			break
		}
		q.waiting.Bytes -= f.size
		if q.flights = q.flights[1:]; len(q.flights) > 0 {
			q.waiting.Oldest = q.flights[0].time
		}
	}
	if q.waiting.Records == 0 {
		q.waiting.Oldest = time.Time{}
	}
	q.mark.Untold.add(c)
	q.dirty = true
	q.tell()
}

// Due is what the server has to be told, and upTo for Told when it was; nil: nothing. Before it returns, the checkpoint says that
// the server may have been told: from then on what is missing is damage, whether or not the agent lives to tell.
func (q *Queue) Due() (a *wire.Ack, upTo int64, err error) {
	a, upTo, more := q.take()
	if more {
		err = q.Checkpoint()
	}
	return a, upTo, err
}

// take is Due without the checkpoint; more: it has to be written.
func (q *Queue) take() (a *wire.Ack, upTo int64, more bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.due) == 0 && q.skipped == 0 && q.mark.Untold.Records == 0 && q.waiting.Records == q.told {
		return nil, 0, false
	}
	if more = q.end > q.mark.Promised; more {
		q.mark.Promised, q.dirty = q.end, true
	}
	q.telling, q.mark.Untold = q.mark.Untold, Counted{}
	a = &wire.Ack{Destination: q.mark.Destination, Positions: q.due, Skipped: q.skipped, Records: q.telling.Records, First: q.telling.First, Last: q.telling.Last,
		Spool: q.spool()}
	q.due, q.skipped, q.told = wire.Positions{}, 0, q.waiting.Records
	return a, q.end, more
}

// Told says that the server has what Due gave.
func (q *Queue) Told(upTo int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.telling = Counted{}
	q.mark.Acked = max(q.mark.Acked, upTo)
	q.dirty = true
	q.tell() // so that a checkpoint is written
}

// Changed is closed when something came, was confirmed or was removed.
func (q *Queue) Changed() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.changed
}

// Waiting says what is not confirmed.
func (q *Queue) Waiting() Waiting {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.waiting
}

// Spool is the same in the words of the protocol.
func (q *Queue) Spool() *wire.Spool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.spool()
}

func (q *Queue) spool() *wire.Spool {
	s := &wire.Spool{Records: q.waiting.Records, Bytes: q.waiting.Bytes, Next: q.mark.Promised}
	if !q.waiting.Oldest.IsZero() {
		s.OldestMS = max(0, time.Since(q.waiting.Oldest).Milliseconds())
	}
	return s
}

// Fresh says that the queue never held anything.
func (q *Queue) Fresh() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.end == 0
}

// Expect is given what the server was told of the queue: what is missing of that is damage, whatever the files say. They may be
// old, or gone.
func (q *Queue) Expect(s wire.Spool) error {
	q.mu.Lock()
	lost := min(s.Next-q.end, s.Records)
	q.mu.Unlock()
	if lost <= 0 {
		return nil
	}
	gap := Gap{Records: lost, Where: "of which the server was told: the newest files are damaged, or the folder was emptied or replaced by an older one"}
	if !q.o.SkipDamaged {
		return damaged(q.dir, []Gap{gap})
	}
	q.gaps = append(q.gaps, gap)
	return nil
}

// Damage is a DamageError about what was gone over, nil when nothing was.
func (q *Queue) Damage() error {
	if len(q.gaps) == 0 {
		return nil
	}
	return &DamageError{Folder: q.dir, Gaps: q.gaps}
}

// Checkpoint brings on disk what is confirmed and what the server was told, and then removes the segments that are not needed
// any more.
func (q *Queue) Checkpoint() error {
	q.check.Lock()
	defer q.check.Unlock()
	return q.checkpoint()
}

func (q *Queue) checkpoint() error {
	q.mu.Lock()
	m, dirty := q.mark, q.dirty
	told := q.telling
	q.dirty = false
	q.mu.Unlock()
	if !dirty {
		return nil
	}
	told.add(m.Untold)
	m.Untold = told
	text, err := json.Marshal(&m)
	if err == nil {
		err = q.slots.Put(text)
	}
	if err != nil {
		q.mu.Lock()
		q.dirty = true
		q.mu.Unlock()
		return fmt.Errorf("write spool: %w", err)
	}
	return q.remove(m.Confirmed)
}

// remove removes segments whose records are confirmed, but for those that Seeds needs.
func (q *Queue) remove(confirmed int64) error {
	for {
		q.mu.Lock()
		var behind int64
		for _, s := range q.segments[min(1, len(q.segments)):] {
			if s.next <= confirmed {
				behind += s.lines
			}
		}
		if len(q.segments) < 2 || q.segments[0].next > confirmed || q.segments[0] == q.cur || behind < q.keep {
			q.mu.Unlock()
			return nil
		}
		path := q.segments[0].path
		q.mu.Unlock()
		if err := q.o.Disk.Remove(path); err != nil {
			return fmt.Errorf("shorten spool: %w", err)
		}
		q.mu.Lock()
		q.segments = q.segments[1:]
		q.tell()
		q.mu.Unlock()
	}
}

// drop removes all segments when everything in them is confirmed, also the last one, which otherwise stays: it may be what keeps
// the disk full. Nothing is appended meanwhile. It says whether there were some.
func (q *Queue) drop() (some bool, err error) {
	q.check.Lock()
	defer q.check.Unlock()
	if err := q.checkpoint(); err != nil {
		return false, err
	}
	q.mu.Lock()
	if q.waiting.Records > 0 || len(q.segments) == 0 || q.dirty {
		q.mu.Unlock()
		return false, nil
	}
	all := q.segments
	q.segments, q.cur = nil, nil // nobody reads: all was given out
	if q.file != nil {
		q.file.Close() // it was only read
		q.file = nil
	}
	q.tell()
	q.mu.Unlock()
	for _, s := range all {
		err = errors.Join(err, q.o.Disk.Remove(s.path))
	}
	if err != nil {
		err = fmt.Errorf("shorten spool: %w", err)
	}
	return true, err
}

// Close brings everything on disk and closes the files. Nothing else may be called afterwards.
func (q *Queue) Close() error {
	if q.free != nil {
		defer q.free()
	}
	err := q.Checkpoint()
	q.write.Lock()
	defer q.write.Unlock()
	if q.active != nil {
		err = errors.Join(err, q.active.Close())
	}
	if q.file != nil {
		err = errors.Join(err, q.file.Close())
	}
	return errors.Join(err, q.slots.Close())
}
