package spool

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"

	"kiroku/internal/forward/wire"
)

// ErrEnd says that a queue is read to its end.
var ErrEnd = errors.New("the spool has no more")

// Next gives out the next batch that is not confirmed; it waits for one. When done is closed and nothing is left, the error is
// ErrEnd.
func (q *Queue) Next(ctx context.Context, done <-chan struct{}) (h wire.BatchHeader, records []wire.Record, err error) {
	for {
		if err := ctx.Err(); err != nil {
			return h, nil, err
		}
		over := false
		select {
		case <-done:
			over = true // before looking: nothing is appended afterwards
		default:
		}
		changed := q.Changed()
		there, err := q.turn()
		if err != nil {
			return h, nil, err
		}
		if there {
			f, h, records, err := readFrame(q.file, q.off)
			if err != nil {
				if errors.Is(err, errBadFrame) {
					err = damaged(q.dir, []Gap{{Where: err.Error()}})
				}
				return h, nil, err
			}
			if records = q.give(&f, records); len(records) > 0 {
				return h, records, nil
			}
			continue
		}
		if over {
			return h, nil, ErrEnd
		}
		select {
		case <-changed:
		case <-done:
		case <-ctx.Done():
		}
	}
}

// turn goes to the frame that is next; false: there is none yet.
func (q *Queue) turn() (there bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.cur != nil {
		if q.jump(); q.off < q.cur.size {
			return true, nil
		}
	}
	i := slices.IndexFunc(q.segments, func(s *segment) bool { return s.next > q.read && s != q.cur })
	if i < 0 {
		return false, nil
	}
	if q.file != nil {
		q.file.Close() // it was only read
	}
	q.cur, q.off = q.segments[i], int64(len(segmentHead))
	if q.file, err = os.Open(q.cur.path); err != nil {
		q.cur = nil
		return false, err
	}
	q.jump()
	return true, nil
}

// jump goes over what cannot be read.
func (q *Queue) jump() {
	for _, b := range q.cur.bad {
		if q.off >= b.from && q.off < b.to {
			q.off = b.to
		}
	}
}

// give notes that the records of a frame are given out, but for those that were confirmed before.
func (q *Queue) give(f *frame, records []wire.Record) []wire.Record {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.off += f.size
	if f.next() <= q.read {
		return nil
	}
	at := max(f.first, q.read)
	if len(q.flights) == 0 {
		q.waiting.Oldest = f.time
	}
	q.flights = append(q.flights, flight{at: at, next: f.next(), size: f.size, time: f.time})
	q.read = f.next()
	return records[at-f.first:]
}

// Seeds are the last records that are confirmed, with together as many bytes of lines as the queue keeps.
func (q *Queue) Seeds() (seeds []wire.Record, err error) {
	if q.keep == 0 {
		return nil, nil
	}
	q.mu.Lock()
	confirmed, from := q.mark.Confirmed, len(q.segments)
	for lines := int64(0); from > 0 && lines < q.keep; {
		from--
		if s := q.segments[from]; s.next <= confirmed {
			lines += s.lines
		}
	}
	list := slices.Clone(q.segments[from:])
	q.mu.Unlock()
	for _, s := range list {
		more, err := s.before(confirmed)
		if err != nil {
			return nil, err
		}
		seeds = append(seeds, more...)
	}
	var lines int64
	first := len(seeds)
	for first > 0 && lines < q.keep {
		first--
		lines += int64(len(seeds[first].Line))
	}
	return seeds[first:], nil
}

// before reads the records before a number.
func (s *segment) before(upTo int64) (all []wire.Record, err error) {
	if s.first >= upTo {
		return nil, nil
	}
	file, err := os.Open(s.path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, s.size))
	if err != nil {
		return nil, err
	}
	frames, _ := scan(b)
	for _, f := range frames {
		if f.first >= upTo {
			break
		}
		_, _, records, err := readFrame(file, f.at)
		if err != nil {
			return nil, err
		}
		all = append(all, records[:min(f.next(), upTo)-f.first]...)
	}
	return all, nil
}
