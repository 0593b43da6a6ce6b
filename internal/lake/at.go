package lake

import (
	"context"
	"fmt"
	"slices"

	"kiroku/internal/event"
	"kiroku/internal/lake/segment"
)

// At calls f for every event of a store whose time is one of times, which are sorted microseconds, with the given columns
// and time, in no order. Only what is durable is there: see Flush. f must keep nothing of the event.
func (l *Lake) At(ctx context.Context, store string, times []int64, cols []event.Column, f func(e *event.Event)) error {
	v, err := l.View([]string{store})
	if err != nil {
		return err
	}
	defer v.Close()
	r := segment.NewReader(nil)
	for _, s := range v.Segments {
		if !anyBetween(times, s.MinTime, s.MaxTime) {
			continue
		}
		file, err := s.File()
		if err != nil {
			return fmt.Errorf("read events of given times: %w", err)
		}
		for _, g := range file.Groups {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if lo, hi, ok := g.Range(event.ColTime); ok && !anyBetween(times, lo, hi) {
				continue
			}
			if err := rowsAt(r, g, times, cols, f); err != nil {
				return fmt.Errorf("read events of given times in %q: %w", s.Info.Path, err)
			}
		}
	}
	return nil
}

func rowsAt(r *segment.Reader, g *segment.Group, times []int64, cols []event.Column, f func(e *event.Event)) error {
	var clock segment.Numbers
	if err := r.Numbers(g, event.ColTime, &clock); err != nil {
		return err
	}
	rows := r.Rows(g)
	var e event.Event
	for i, t := range clock.Vals {
		if _, wanted := slices.BinarySearch(times, t); !wanted {
			continue
		}
		e.Reset()
		e.Int(event.ColTime, "", t)
		if err := rows.Fill(i, cols, &e); err != nil {
			return err
		}
		f(&e)
	}
	return nil
}

// anyBetween says whether one of the sorted times lies within lo and hi.
func anyBetween(times []int64, lo, hi int64) bool {
	i, _ := slices.BinarySearch(times, lo)
	return i < len(times) && times[i] <= hi
}
