package spool

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"kiroku/internal/forward/wire"
)

const (
	suffix   = ".spool"
	markFile = "checkpoint"
)

// openQueue reads what is there. destination "": whose it is shall be read. A FullError says that the disk has no room for the
// little that is needed.
func openQueue(o Options, dir, destination string, keep int64) (*Queue, error) {
	q, err := readQueue(o, dir, destination, keep)
	if diskFull(err) {
		return nil, &FullError{Folder: dir, Limit: o.Size, Disk: err}
	}
	return q, err
}

func readQueue(o Options, dir, destination string, keep int64) (*Queue, error) {
	if err := o.Disk.MkdirAll(dir); err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	q := &Queue{o: o, dir: dir, keep: keep, tails: map[string]int64{}, due: wire.Positions{}, changed: make(chan struct{})}
	slots, text, err := o.Disk.OpenSlots(filepath.Join(dir, markFile), slotSize)
	if err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	q.slots = slots
	err = q.load(text, destination)
	if err != nil {
		return nil, errors.Join(err, slots.Close())
	}
	return q, nil
}

func (q *Queue) load(text []byte, destination string) error {
	if text != nil {
		if err := json.Unmarshal(text, &q.mark); err != nil {
			return fmt.Errorf("open spool %s: read checkpoint: %w", q.dir, err)
		}
		if q.mark.Version != version {
			return fmt.Errorf("open spool %s: it is of version %d, and this agent knows version %d", q.dir, q.mark.Version, version)
		}
	}
	if destination != "" {
		q.dirty = q.mark.Destination != destination
		q.mark.Destination = destination
	}
	q.mark.Version = version
	q.read = q.mark.Confirmed
	l := loading{q: q, end: -1, given: q.given()}
	if err := l.files(); err != nil {
		return fmt.Errorf("open spool %s: %w", q.dir, err)
	}
	if len(q.gaps) > 0 && !q.o.SkipDamaged {
		return damaged(q.dir, q.gaps)
	}
	if l.behind { // what is behind a gap stays
		q.mark.Promised, q.dirty = max(q.mark.Promised, l.end), true
	}
	q.end = max(l.end, q.mark.Confirmed, q.mark.Promised)
	q.told = -1 // the server is told how much waits
	return nil
}

// loading goes over the segments of a queue.
type loading struct {
	q    *Queue
	end  int64 // behind the last record that can be read; -1: there was none yet
	last place // of the record before end
	gone bool  // something is missing of which the server was not told: it gives that again, and what is behind it

	given  int64 // of what is before this number, what is behind a gap is not given again
	behind bool  // such frames were found behind what the checkpoint promises
}

// given is up to where the server may have been told of the queue. When a place of the checkpoint cannot be read, it is perhaps
// the newer one that said so, and only the server knows.
func (q *Queue) given() int64 {
	switch w := q.o.word; {
	case w != nil && w.Records > 0:
		return max(q.mark.Promised, w.Next)
	case w == nil && q.slots.Torn():
		return math.MaxInt64
	}
	return q.mark.Promised
}

// place says where a record comes from.
type place struct {
	store string
	seq   int64
}

func (l *loading) files() error {
	entries, err := os.ReadDir(l.q.dir)
	if err != nil {
		return err
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), suffix) {
			names = append(names, filepath.Join(l.q.dir, e.Name()))
		}
	}
	slices.Sort(names)
	for i, name := range names {
		if err := l.file(name, i == len(names)-1); err != nil {
			return err
		}
	}
	if missing := l.q.mark.Promised - l.q.mark.Confirmed; len(names) == 0 && missing > 0 {
		l.gap(missing, "because there are no segments any more", place{})
	}
	return nil
}

// file reads a segment; last: behind it, only what the server was told of may be missing.
func (l *loading) file(path string, last bool) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if bytes.HasPrefix(b, []byte(segmentMark)) && !bytes.HasPrefix(b, []byte(segmentHead)) && len(b) >= len(segmentHead) {
		return fmt.Errorf("%s is of another version (%q) than this agent knows", path, b[:len(segmentHead)])
	}
	frames, bad := scan(b)
	s := &segment{path: path, first: max(0, l.end), next: max(0, l.end), size: int64(len(b)), bad: bad}
	for i := range frames {
		if last && l.begins() >= l.given && frames[i].first > l.begins() {
			frames = frames[:i] // a power cut may leave the end of what was being written without its beginning
			break
		}
		if err := l.frame(s, b, frames, i); err != nil {
			return err
		}
	}
	if last {
		return l.tail(s, frames)
	}
	l.q.segments = append(l.q.segments, s)
	return nil
}

func (l *loading) frame(s *segment, b []byte, frames []frame, i int) error {
	q, f := l.q, &frames[i]
	batch := func() (wire.BatchHeader, []wire.Record, error) {
		h, records, err := f.batch(b[f.at+frameHead : f.at+f.size])
		if err != nil {
			err = fmt.Errorf("%s at byte %d: %w", s.path, f.at, err)
		}
		return h, records, err
	}
	begins := l.begins()
	if l.end >= 0 && f.first < l.end {
		return fmt.Errorf("%s at byte %d has record %d, which is in a segment before it, too", s.path, f.at, f.first)
	}
	if f.first > begins {
		h, records, err := batch()
		if err != nil {
			return err
		}
		l.gone = l.gone || f.first > q.mark.Acked
		l.behind = l.behind || begins >= q.mark.Promised
		l.gap(f.first-begins, fmt.Sprintf("before byte %d of %s", f.at, s.path), place{h.Store, records[0].Seq})
	}
	if i == 0 {
		s.first = f.first
	}
	l.end, s.next, s.lines = f.next(), f.next(), s.lines+f.lines
	if f.next() > q.mark.Confirmed {
		if q.waiting.Records == 0 {
			q.waiting.Oldest = f.time
		}
		q.waiting.Records += f.next() - max(f.first, q.mark.Confirmed)
		q.waiting.Bytes += f.size
	}
	// The batch is read only where it is needed: behind the acknowledged, and before what cannot be read.
	if f.first < q.mark.Acked && i < len(frames)-1 && frames[i+1].first == f.next() {
		return nil
	}
	h, records, err := batch()
	if err != nil {
		return err
	}
	l.last = place{h.Store, records[len(records)-1].Seq}
	if f.first >= q.mark.Acked && h.Store != "" && !l.gone {
		q.tails[h.Store] = max(q.tails[h.Store], h.Next)
	}
	return nil
}

// begins is the number that comes next.
func (l *loading) begins() int64 { return max(l.end, l.q.mark.Confirmed) }

// gap notes records that are missing.
func (l *loading) gap(n int64, where string, behind place) {
	g := Gap{Records: n, Where: where, Store: l.last.store, After: l.last.seq, Before: behind.seq}
	switch {
	case l.last.store == "":
		g.Store = behind.store
	case behind.store == "":
	case behind.store != l.last.store:
		g.Store, g.After, g.Before = "", 0, 0
	}
	l.q.gaps = append(l.q.gaps, g)
}

// tail ends the last segment: what is behind its last frame is cut off, unless the server may have been told of it.
func (l *loading) tail(s *segment, frames []frame) error {
	q := l.q
	if missing := q.mark.Promised - l.begins(); missing > 0 {
		l.gap(missing, "at the end of "+s.path, place{})
		q.segments = append(q.segments, s)
		return nil
	}
	if len(frames) == 0 {
		return q.o.Disk.Remove(s.path)
	}
	if end := frames[len(frames)-1]; end.at+end.size < s.size {
		s.size = end.at + end.size
		s.bad = slices.DeleteFunc(s.bad, func(b span) bool { return b.from >= s.size })
		if err := q.o.Disk.CutFile(s.path, s.size); err != nil {
			return err
		}
	} else if err := q.o.Disk.SyncFile(s.path); err != nil { // who wrote it may have been killed before
		return err
	}
	q.segments = append(q.segments, s)
	return nil
}
