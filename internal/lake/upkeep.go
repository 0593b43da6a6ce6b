package lake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/lake/segment"
	"kiroku/internal/lake/table"
	"kiroku/internal/logkey"
)

// upkeep drops what is too old, compacts, and expires snapshots.
func (l *Lake) upkeep(ctx context.Context) error {
	stores, _ := l.pick(nil)
	var errs []error
	for _, st := range stores {
		errs = append(errs, l.retain(ctx, st, time.Now()), l.compact(ctx, st), l.expire(ctx, st))
	}
	return errors.Join(errs...)
}

// retain drops the days of a store that are past its retention. Fresh segments go once they are published.
func (l *Lake) retain(ctx context.Context, st *store, now time.Time) error {
	st.mu.Lock()
	keep := st.retention
	st.mu.Unlock()
	if keep <= 0 {
		return nil
	}
	st.rewrite.Lock()
	defer st.rewrite.Unlock()
	limit := table.DayOf(now.Add(-keep))
	var old []*Segment
	var events int64
	for _, s := range st.list(true) {
		if table.DayOfMicros(s.MaxTime) < limit {
			old = append(old, s)
			events += s.Rows
		}
	}
	if len(old) == 0 {
		return nil
	}
	if err := l.replace(ctx, st, old, nil); err != nil {
		return fmt.Errorf("apply retention of store %q: %w", st.name, err)
	}
	st.mu.Lock()
	st.deleted += events
	st.mu.Unlock()
	l.log.LogAttrs(ctx, slog.LevelInfo, "retention dropped events", slog.String(logkey.Store, st.name), slog.Int64(logkey.Events, events))
	return nil
}

// Compaction leaves the newest files alone while more may come to their day.
const (
	compactMinFiles = 4               // small files of a day before they are worth it
	compactQuiet    = 5 * time.Minute // age of the youngest of them
)

// compact joins the small data files of the days of a store, sorted by time and compressed harder, one day a call.
func (l *Lake) compact(ctx context.Context, st *store) error {
	st.rewrite.Lock()
	defer st.rewrite.Unlock()
	small := map[table.Day][]*Segment{}
	for _, s := range st.list(true) {
		if s.Bytes < l.opt.CompactBytes/2 {
			day := table.DayOfMicros(s.MinTime)
			small[day] = append(small[day], s)
		}
	}
	for day, segs := range small {
		var run []*Segment
		var size int64
		quiet := true
		for _, s := range segs {
			if size+s.Bytes > l.opt.CompactBytes && len(run) > 1 {
				break
			}
			quiet = quiet && time.Since(time.UnixMicro(s.Created)) > compactQuiet
			run = append(run, s)
			size += s.Bytes
		}
		if len(run) >= compactMinFiles && (quiet || size >= l.opt.CompactBytes/2) {
			return l.compactRun(ctx, st, day, run)
		}
	}
	return nil
}

// Compact compacts all days of all stores now, whatever their age.
func (l *Lake) Compact(ctx context.Context) error {
	stores, _ := l.pick(nil)
	for _, st := range stores {
		days := map[table.Day][]*Segment{}
		st.rewrite.Lock()
		for _, s := range st.list(true) {
			day := table.DayOfMicros(s.MinTime)
			days[day] = append(days[day], s)
		}
		for day, segs := range days {
			if len(segs) < 2 {
				continue
			}
			if err := l.compactRun(ctx, st, day, segs); err != nil {
				st.rewrite.Unlock()
				return err
			}
		}
		st.rewrite.Unlock()
	}
	return nil
}

func (l *Lake) compactRun(ctx context.Context, st *store, day table.Day, run []*Segment) error {
	if err := l.checkRoom(); err != nil {
		return err
	}
	began := time.Now()
	var in, out []*segment.Group
	for _, s := range run {
		f, err := s.File()
		if err != nil {
			return err
		}
		in = append(in, f.Groups...)
	}
	b := l.rewriter(segment.Small)
	err := sorted(in, func(e *event.Event) {
		b.Append(e)
		if b.Full() {
			out = append(out, b.Finish())
		}
	})
	if err != nil {
		return fmt.Errorf("compact day %v of store %q: %w", day, st.name, err)
	}
	if g := b.Finish(); g != nil {
		out = append(out, g)
	}
	s, err := l.writeData(st, day, out)
	if err != nil {
		if s != nil {
			removeFiles([]*Segment{s})
		}
		return err
	}
	if err := l.replace(ctx, st, run, []*Segment{s}); err != nil {
		return fmt.Errorf("compact day %v of store %q: %w", day, st.name, err)
	}
	l.compactions.Add(1)
	l.log.LogAttrs(ctx, slog.LevelInfo, "compacted", slog.String(logkey.Store, st.name), slog.Int(logkey.Files, len(run)),
		slog.Int64(logkey.Events, s.Rows), slog.Int64(logkey.Bytes, s.Bytes), slog.Duration(logkey.Took, time.Since(began)))
	return nil
}

func (l *Lake) expire(ctx context.Context, st *store) error {
	st.rewrite.Lock()
	defer st.rewrite.Unlock()
	if _, err := l.cat.Expire(ctx, st.name, time.Now().Add(-l.opt.SnapshotAge), 1, st.inUse); err != nil {
		return fmt.Errorf("expire snapshots of store %q: %w", st.name, err)
	}
	return nil
}

// Retain drops what is past its retention at a time, of all stores, now.
func (l *Lake) Retain(ctx context.Context, now time.Time) error {
	stores, _ := l.pick(nil)
	var errs []error
	for _, st := range stores {
		errs = append(errs, l.retain(ctx, st, now))
	}
	return errors.Join(errs...)
}
