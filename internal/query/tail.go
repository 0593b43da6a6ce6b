package query

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"kiroku/internal/event"
)

const (
	// tailBuffer is how many events a slow listener may be behind before it misses some.
	tailBuffer = 4096
	// tailCatchUp is how many events a listener that comes back is told of those it has missed.
	tailCatchUp = 10_000
	// tailSettle is how long an event may take from its arrival until it can be read back.
	tailSettle = 1500 * time.Millisecond
)

// tailRow is one event on its way to a listener.
type tailRow struct {
	uid  string
	json json.RawMessage
}

// Tail calls f for every matching event as it comes in, until ctx ends or f fails; events are told before they are
// durable. With a Cursor, the event_uid of the last event that the caller has seen, what came in after it is told first,
// the newest 10,000 of it. A listener that is too slow misses events; f is then called with {"missed": n}.
func (q *Queries) Tail(ctx context.Context, req Request, f func(row json.RawMessage) error) error {
	c, err := q.compile(&req)
	if err != nil {
		return err
	}
	_, release, err := q.units(ctx, &req, c) // are there such stores?
	if err != nil {
		return err
	}
	release()
	rows := make(chan tailRow, tailBuffer)
	var missed atomic.Int64
	stop := q.tap.Tap(func(store string, e *event.Event) {
		if len(req.Stores) > 0 && !slices.Contains(req.Stores, store) || !c.prog.Bind(store).MatchEvent(e) {
			return
		}
		select {
		case rows <- tailRow{strings.Clone(e.GetStr(event.ColEventUID)), e.AppendJSON(nil)}:
		default:
			missed.Add(1)
		}
	})
	defer stop()
	told := map[string]bool{}
	if req.Cursor != "" {
		if told, err = q.catchUp(ctx, req, f); err != nil {
			return err
		}
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case row := <-rows:
			if told[row.uid] {
				continue
			}
			if err := f(row.json); err != nil {
				return err
			}
			if err := tellMissed(&missed, f); err != nil {
				return err
			}
		}
	}
}

func tellMissed(missed *atomic.Int64, f func(json.RawMessage) error) error {
	n := missed.Swap(0)
	if n == 0 {
		return nil
	}
	note, err := json.Marshal(map[string]int64{"missed": n})
	if err != nil {
		return err
	}
	return f(note)
}

// catchUp tells the stored events that came in after req.Cursor, in the order of arrival, and returns their ids.
func (q *Queries) catchUp(ctx context.Context, req Request, f func(json.RawMessage) error) (map[string]bool, error) {
	select { // what was told before the interruption may not be readable yet
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(tailSettle):
	}
	c, err := q.compile(&req)
	if err != nil {
		return nil, err
	}
	us, release, err := q.units(ctx, &req, c)
	if err != nil {
		return nil, err
	}
	defer release()
	var found []tailRow
	m := newMatcher(q.matchers.pages)
	for i := range us {
		if err := m.after(&us[i], c, req.Cursor, &found); err != nil {
			return nil, err
		}
		if len(found) > 2*tailCatchUp {
			found = newest(found)
		}
	}
	told := map[string]bool{}
	for _, r := range newest(found) {
		if err := f(r.json); err != nil {
			return nil, err
		}
		told[r.uid] = true
	}
	return told, nil
}

// newest sorts by arrival and keeps the last tailCatchUp.
func newest(rows []tailRow) []tailRow {
	slices.SortFunc(rows, func(a, b tailRow) int { return cmp.Compare(a.uid, b.uid) })
	return rows[max(0, len(rows)-tailCatchUp):]
}

// after collects the matching rows of a unit that arrived after the event with this id; ids rise with arrival.
func (m *matcher) after(u *unit, c *compiled, uid string, found *[]tailRow) error {
	if _, hi, ok := u.g.TextRange(event.ColEventUID); ok && hi <= uid {
		return nil
	}
	set, err := c.match(m, u)
	if err != nil || set.empty() {
		return err
	}
	rows := m.r.Rows(u.g)
	var e event.Event
	for row := range u.g.Rows {
		if !set.has(row) {
			continue
		}
		e.Reset()
		if err := rows.Fill(row, []event.Column{event.ColEventUID}, &e); err != nil {
			return err
		}
		if e.GetStr(event.ColEventUID) <= uid {
			continue
		}
		e.Reset()
		if err := rows.Fill(row, allColumns, &e); err != nil {
			return err
		}
		*found = append(*found, tailRow{strings.Clone(e.GetStr(event.ColEventUID)), e.AppendJSON(nil)})
	}
	return nil
}
