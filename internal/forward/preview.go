package forward

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/forward/wire"
)

// Check says whether a specification would do: its filter, stores and types; with destinations also those.
func (s *Service) Check(sp Spec) error {
	if len(sp.Destinations) == 0 {
		sp.Destinations = []wire.Destination{{To: "stdout:", Format: wire.JSON}}
	}
	if err := sp.normal(); err != nil {
		return err
	}
	return s.try(&sp)
}

// Warnings says what of a filter works and may not mean what was meant.
func (s *Service) Warnings(filter string) (texts []string) {
	for _, w := range s.opt.Events.Warnings(filter) {
		text := "no column has this name: " + w.Field + "; it is looked for in unmapped"
		if len(w.Nearest) > 0 {
			text = "no column has this name: " + w.Field + "; did you mean " + strings.Join(w.Nearest, " or ") + "?"
		}
		texts = append(texts, text)
	}
	return texts
}

// Preview returns the lines of the newest events, at most n, that a destination would get.
func (s *Service) Preview(ctx context.Context, sp Spec, n int) ([]string, error) {
	if err := sp.normal(); err != nil {
		return nil, err
	}
	enc, err := newEncoder(&sp.Destinations[0], "host", s.opt.Version)
	if err != nil {
		return nil, fault.New(fault.Invalid, err, "Correct the destination.")
	}
	type line struct {
		at   int64
		text string
	}
	var lines []line
	a := agent{spec: sp}
	for _, store := range s.storesOf(&a) {
		f, err := s.opt.Events.Follower(sp.request(store))
		if err != nil {
			return nil, err
		}
		_, head, err := s.opt.Events.Head(store)
		if err != nil {
			return nil, err
		}
		after, err := f.Back(ctx, head, n)
		if err != nil {
			return nil, err
		}
		left := n
		_, err = f.Next(ctx, after, func(e *event.Event) bool {
			if left == 0 {
				return false
			}
			left--
			text, _, err := enc.Append(nil, e)
			if err != nil {
				text = fmt.Appendf(nil, "dead letter: %v", err)
			}
			lines = append(lines, line{e.GetInt(event.ColTime), string(text)})
			return true
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(lines, func(x, y line) int { return cmp.Compare(y.at, x.at) })
	var out []string
	for _, l := range lines[:min(n, len(lines))] {
		out = append(out, l.text)
	}
	return out, nil
}
