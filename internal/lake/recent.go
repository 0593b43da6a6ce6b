package lake

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/lake/segment"
)

// Recent calls f for the events that were taken in since a time, roughly the latest first, with the given columns and
// ingest_time, until f says false. f must keep nothing of the event.
func (l *Lake) Recent(ctx context.Context, since time.Time, cols []event.Column, f func(store string, e *event.Event) bool) error {
	v, err := l.View(nil)
	if err != nil {
		return err
	}
	defer v.Close()
	slices.SortFunc(v.Segments, func(a, b *Segment) int { return cmp.Compare(b.Created, a.Created) })
	cols = append([]event.Column{event.ColIngestTime}, cols...)
	r := segment.NewReader(nil)
	for _, s := range v.Segments {
		if s.Created < since.UnixMicro() { // files that were written later may hold earlier events, never the other way round
			break
		}
		file, err := s.File()
		if err != nil {
			return fmt.Errorf("read recent events: %w", err)
		}
		for _, g := range slices.Backward(file.Groups) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			more, err := recentRows(r, g, since.UnixMicro(), cols, func(e *event.Event) bool { return f(s.Store, e) })
			if err != nil {
				return fmt.Errorf("read recent events of %q: %w", s.Info.Path, err)
			}
			if !more {
				return nil
			}
		}
	}
	return nil
}

// recentRows returns false when f does.
func recentRows(r *segment.Reader, g *segment.Group, since int64, cols []event.Column, f func(*event.Event) bool) (bool, error) {
	rows := r.Rows(g)
	var e event.Event
	for i := g.Rows - 1; i >= 0; i-- {
		e.Reset()
		if err := rows.Fill(i, cols[:1], &e); err != nil {
			return false, err
		}
		if e.GetInt(event.ColIngestTime) < since {
			continue
		}
		if err := rows.Fill(i, cols[1:], &e); err != nil {
			return false, err
		}
		if !f(&e) {
			return false, nil
		}
	}
	return true, nil
}
