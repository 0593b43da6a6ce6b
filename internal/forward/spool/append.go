package spool

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"kiroku/internal/forward/wire"
)

// Append puts a batch behind the others, and its position and how many records were left out before to what Due tells. When it
// returns nil, the batch survives a power cut. Records that are there already, because the server was not told of them, are
// not put there twice. A FullError says that there is no room now.
func (q *Queue) Append(h *wire.BatchHeader, records []wire.Record, skipped int64) error {
	q.write.Lock()
	defer q.write.Unlock()
	q.mu.Lock()
	for tail := q.tails[h.Store]; len(records) > 0 && records[0].Seq <= tail; {
		records = records[1:]
	}
	end := q.end
	q.mu.Unlock()
	var frames []frame
	var s *segment
	if len(records) > 0 {
		b, made, err := appendFrames(end, time.Now(), h, records)
		if err != nil {
			return err
		}
		frames = made
		if s, err = q.put(b, end); err != nil {
			return err
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if s != nil && s.size == int64(len(segmentHead)) {
		q.segments = append(q.segments, s)
	}
	for _, f := range frames {
		s.size, s.next, s.lines, q.end = s.size+f.size, f.next(), s.lines+f.lines, f.next()
		if q.waiting.Records == 0 {
			q.waiting.Oldest = f.time
		}
		q.waiting.Records += f.records
		q.waiting.Bytes += f.size
	}
	if h.Next >= q.tails[h.Store] {
		delete(q.tails, h.Store)
	}
	if h.Store != "" {
		q.due[h.Store] = max(q.due[h.Store], h.Next)
	}
	q.skipped += skipped
	q.tell()
	return nil
}

// put writes a frame and forces it to disk. It returns the segment that has it.
func (q *Queue) put(b []byte, first int64) (*segment, error) {
	if q.broken != nil {
		return nil, q.broken
	}
	q.mu.Lock()
	w, used := q.waiting, q.used()
	var s *segment
	if q.active != nil {
		s = q.segments[len(q.segments)-1]
	}
	q.mu.Unlock()
	if used+int64(len(b)) > q.o.Size && w.Records > 0 {
		return nil, &FullError{Folder: q.dir, Limit: q.o.Size, Waiting: w, need: int64(len(b))}
	}
	var err error
	if s == nil || s.size >= q.segmentSize() {
		s, err = q.roll(first)
	}
	if err == nil {
		err = q.append(b)
	}
	if err == nil && s.first == s.next {
		err = q.o.Disk.SyncDir(q.dir)
	}
	if err == nil {
		return s, nil
	}
	if s != nil {
		q.takeBack(s)
	}
	if diskFull(err) && q.broken == nil {
		return nil, &FullError{Folder: q.dir, Limit: q.o.Size, Waiting: w, Disk: err}
	}
	return nil, fmt.Errorf("write spool: %w", err)
}

func (q *Queue) append(b []byte) error {
	if _, err := q.active.Write(b); err != nil {
		return err
	}
	return q.active.Sync()
}

// roll begins a segment. It counts when it has a frame.
func (q *Queue) roll(first int64) (*segment, error) {
	if old := q.active; old != nil {
		q.active = nil
		if err := old.Close(); err != nil {
			return nil, err
		}
	}
	s := &segment{path: filepath.Join(q.dir, fmt.Sprintf("%020d%s", first, suffix)), first: first, next: first, size: int64(len(segmentHead))}
	f, err := q.o.Disk.Create(s.path)
	if err != nil {
		return nil, err
	}
	q.active = f
	_, err = f.Write([]byte(segmentHead))
	return s, err
}

// takeBack takes away what a write that failed may have left. The segment is not used any more: what the system's memory
// holds of it is not known after an error.
func (q *Queue) takeBack(s *segment) {
	var err error
	if s.first == s.next {
		err = errors.Join(q.active.Abort(), q.o.Disk.Remove(s.path))
	} else {
		err = errors.Join(q.active.Cut(s.size), q.active.Abort())
	}
	if q.active = nil; err != nil {
		q.broken = fmt.Errorf("write spool: take back what is not whole: %w", err)
	}
}

// Room waits until there may be room for what Append did not take. The goroutine that appends calls it.
func (q *Queue) Room(ctx context.Context, full *FullError) error {
	var again <-chan time.Time
	if full.Disk != nil { // others use the disk, too
		t := time.NewTimer(fullWait)
		defer t.Stop()
		again = t.C
	}
	for {
		if full.Disk != nil {
			if some, err := q.drop(); some || err != nil {
				return err
			}
		}
		q.mu.Lock()
		used, changed := q.used(), q.changed
		room := q.waiting.Records == 0 || used+full.need <= q.o.Size && used <= q.o.Size-q.o.Size/roomPart
		q.mu.Unlock()
		if room && full.Disk == nil {
			return nil
		}
		select {
		case <-changed:
		case <-again:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
