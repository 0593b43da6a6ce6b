package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Dropped is what is remembered of events of one day that retention, or the deletion of their store, has removed: Rows
// events with sequence numbers from FirstSeq to LastSeq, among others, and times from MinTime to MaxTime (microseconds).
type Dropped struct {
	FirstSeq, LastSeq int64
	Rows              int64
	MinTime, MaxTime  int64
}

const rememberDropped = `INSERT INTO dropped (store, day, first_seq, last_seq, rows, min_time, max_time)
	SELECT store, min_time / 86400000000, min(first_seq), max(last_seq), sum(rows), min(min_time), max(max_time) FROM segments
	WHERE %s GROUP BY 1, 2
	ON CONFLICT (store, day) DO UPDATE SET first_seq = min(dropped.first_seq, excluded.first_seq),
		last_seq = max(dropped.last_seq, excluded.last_seq), rows = dropped.rows + excluded.rows,
		min_time = min(dropped.min_time, excluded.min_time), max_time = max(dropped.max_time, excluded.max_time)`

// dropSegments remembers segments that are about to leave the registry with nothing in their place, and counts their events.
func dropSegments(ctx context.Context, tx *sql.Tx, store string, ids []int64) error {
	for _, id := range ids {
		if _, err := tx.ExecContext(ctx, fmt.Sprintf(rememberDropped, "id = ?"), id); err != nil {
			return fmt.Errorf("remember segment %d: %w", id, err)
		}
		_, err := tx.ExecContext(ctx, `UPDATE stores SET deleted_events = deleted_events + (SELECT rows FROM segments WHERE id = ?) WHERE name = ?`, id, store)
		if err != nil {
			return fmt.Errorf("count events of segment %d: %w", id, err)
		}
	}
	return nil
}

// dropStore remembers a store that is about to be deleted.
func dropStore(ctx context.Context, tx *sql.Tx, store string) error {
	if _, err := tx.ExecContext(ctx, fmt.Sprintf(rememberDropped, "store = ?"), store); err != nil {
		return fmt.Errorf("remember segments: %w", err)
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO past_stores (name, next_seq) SELECT name, next_seq FROM stores WHERE name = ?
		ON CONFLICT (name) DO UPDATE SET next_seq = max(past_stores.next_seq, excluded.next_seq)`, store)
	if err != nil {
		return fmt.Errorf("remember its numbers: %w", err)
	}
	return nil
}

// firstSeq is the number of the first event of a new store: 1, or where one of the same name had come to.
func firstSeq(ctx context.Context, tx *sql.Tx, store string) (int64, error) {
	next := int64(1)
	err := tx.QueryRowContext(ctx, `SELECT next_seq FROM past_stores WHERE name = ?`, store).Scan(&next)
	if errors.Is(err, sql.ErrNoRows) {
		return 1, nil
	}
	return next, err
}

// Dropped tells what is remembered of events with numbers in (after, last] that are no longer in a store.
func (l *Lake) Dropped(ctx context.Context, store string, after, last int64) ([]Dropped, error) {
	rows, err := l.db.Read().QueryContext(ctx, `SELECT first_seq, last_seq, rows, min_time, max_time FROM dropped
		WHERE store = ? AND last_seq > ? AND first_seq <= ? ORDER BY first_seq`, store, after, last)
	if err != nil {
		return nil, fmt.Errorf("read what was dropped: %w", err)
	}
	defer rows.Close()
	var out []Dropped
	for rows.Next() {
		var d Dropped
		if err := rows.Scan(&d.FirstSeq, &d.LastSeq, &d.Rows, &d.MinTime, &d.MaxTime); err != nil {
			return nil, fmt.Errorf("read what was dropped: %w", err)
		}
		out = append(out, d)
	}
	return out, rows.Err()
}
