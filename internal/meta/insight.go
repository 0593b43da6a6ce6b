package meta

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"kiroku/internal/fault"
)

// InsightSelectors say which Insights events are made of an event data store's events, and how far that has come.
type InsightSelectors struct {
	EventDataStore string // id
	Destination    string // id
	Selectors      string // JSON; [] when they are switched off
	Position       time.Time
	Open           string // JSON
}

const insightColumns = `event_data_store, destination, selectors, position, open`

// PutInsightSelectors sets the selectors of a store, and how far its insights have come.
func PutInsightSelectors(ctx context.Context, tx *sql.Tx, s InsightSelectors) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO insight_selectors (`+insightColumns+`) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (event_data_store) DO UPDATE SET destination = excluded.destination, selectors = excluded.selectors, position = excluded.position, open = excluded.open`,
		s.EventDataStore, s.Destination, s.Selectors, micros(s.Position), s.Open)
	if err != nil {
		return fmt.Errorf("put insight selectors of event data store %q: %w", s.EventDataStore, err)
	}
	return nil
}

// MoveInsights sets how far the insights of a store have come, if nobody has changed or ended them since s was read.
func MoveInsights(ctx context.Context, tx *sql.Tx, s InsightSelectors, position time.Time, open string) error {
	_, err := tx.ExecContext(ctx, `UPDATE insight_selectors SET position = $1, open = $2 WHERE event_data_store = $3 AND destination = $4 AND selectors = $5 AND position = $6`,
		micros(position), open, s.EventDataStore, s.Destination, s.Selectors, micros(s.Position))
	if err != nil {
		return fmt.Errorf("move insights of event data store %q: %w", s.EventDataStore, err)
	}
	return nil
}

// GetInsightSelectors finds the selectors of a store; fault.NotFound when there are none.
func GetInsightSelectors(ctx context.Context, q Queryer, id string) (InsightSelectors, error) {
	s, err := scanInsightSelectors(q.QueryRowContext(ctx, `SELECT `+insightColumns+` FROM insight_selectors WHERE event_data_store = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return InsightSelectors{}, fault.New(fault.NotFound, fmt.Errorf("find insight selectors of event data store %q: there are none", id), "Switch them on.")
	}
	if err != nil {
		return InsightSelectors{}, fmt.Errorf("find insight selectors of event data store %q: %w", id, err)
	}
	return s, nil
}

// ListInsightSelectors returns the selectors of all stores.
func ListInsightSelectors(ctx context.Context, q Queryer) ([]InsightSelectors, error) {
	return collect(ctx, q, scanInsightSelectors, `SELECT `+insightColumns+` FROM insight_selectors ORDER BY event_data_store`)
}

// DeleteInsightSelectors ends the insights of a store's events, and those that are stored in it.
func DeleteInsightSelectors(ctx context.Context, tx *sql.Tx, id string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM insight_selectors WHERE event_data_store = $1 OR destination = $1`, id); err != nil {
		return fmt.Errorf("delete insight selectors of event data store %q: %w", id, err)
	}
	return nil
}

func scanInsightSelectors(row scanner) (InsightSelectors, error) {
	var s InsightSelectors
	var position int64
	err := row.Scan(&s.EventDataStore, &s.Destination, &s.Selectors, &position, &s.Open)
	s.Position = fromMicros(position)
	return s, err
}
