package api

import (
	"fmt"
	"slices"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/query"
	"kiroku/internal/timespec"
)

// requestOf reads what all questions about events have in common. p's limits are applied: its stores, and raw_data.
func requestOf(p *caller, q EventQuery, columns []string) (query.Request, *time.Location, error) {
	zone, err := timespec.Zone(q.Tz)
	if err != nil {
		return query.Request{}, nil, err
	}
	req := query.Request{Search: q.Search, Denied: hidden(p)}
	if req.From, req.To, err = timespec.Range(q.From, q.To, time.Now(), zone); err != nil {
		return query.Request{}, nil, err
	}
	if req.Stores, err = p.Limit(q.Stores); err != nil {
		return query.Request{}, nil, err
	}
	req.Columns, err = columnsOf(p, columns)
	return req, zone, err
}

// columnsOf finds columns by name; none means all that p may see.
func columnsOf(p *caller, names []string) ([]event.Column, error) {
	hide := hidden(p)
	if len(names) == 0 && len(hide) == 0 {
		return nil, nil
	}
	var columns []event.Column
	for _, name := range names {
		c, ok := event.ByName(name)
		if !ok {
			return nil, invalid("List the columns with GET /api/v1/fields.", "read columns: there is no column %q", name)
		}
		if slices.Contains(hide, c) {
			return nil, denied(c)
		}
		columns = append(columns, c)
	}
	if len(columns) > 0 {
		return columns, nil
	}
	for _, c := range event.Columns() {
		if !slices.Contains(hide, c) {
			columns = append(columns, c)
		}
	}
	return columns, nil
}

// within checks a number; 0 means that it was left out.
func within(name string, v, low, high int) error {
	if v != 0 && (v < low || v > high) {
		return invalid(fmt.Sprintf("Choose a number from %d to %d.", low, high), "read %s: %d is not between %d and %d", name, v, low, high)
	}
	return nil
}

// oneOf checks a word; "" means that it was left out, and is then the first.
func oneOf[T ~string](name string, v T, words ...T) (T, error) {
	if v == "" {
		return words[0], nil
	}
	for _, w := range words {
		if v == w {
			return v, nil
		}
	}
	return v, invalid(fmt.Sprintf("Choose one of %v.", words), "read %s: %q is not known", name, v)
}

func scannedOf(s query.Scanned) Scanned {
	return Scanned{Events: s.Events, Bytes: s.Bytes, TookMs: milliseconds(s.Took)}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
