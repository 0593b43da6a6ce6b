package meta

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"kiroku/internal/fault"
)

// Rejected is an audit event that a channel refused.
type Rejected struct {
	ID        string
	Channel   string
	Received  time.Time
	Principal string
	RequestID string // the sender's id of the event within its request
	Code      string
	Message   string
	EventData string
	Tries     int
}

const rejectedColumns = `id, channel, received, principal, request_id, code, message, tries, event_data`

// InsertRejected adds a refused event.
func InsertRejected(ctx context.Context, tx *sql.Tx, r Rejected) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO rejected_events (`+rejectedColumns+`, bytes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		r.ID, r.Channel, micros(r.Received), r.Principal, r.RequestID, r.Code, r.Message, r.Tries, r.EventData, len(r.EventData))
	if err != nil {
		return fmt.Errorf("insert rejected event of channel %q: %w", r.Channel, err)
	}
	return nil
}

// ListRejected returns up to limit refused events of a channel that come after the id after, oldest first. Ids rise with the
// time of receipt.
func ListRejected(ctx context.Context, q Queryer, channel, after string, limit int) ([]Rejected, error) {
	return collect(ctx, q, scanRejected, `SELECT `+rejectedColumns+` FROM rejected_events WHERE channel = $1 AND id > $2 ORDER BY id LIMIT $3`, channel, after, limit)
}

// GetRejected finds a refused event; fault.NotFound when there is none.
func GetRejected(ctx context.Context, q Queryer, id string) (Rejected, error) {
	r, err := scanRejected(q.QueryRowContext(ctx, `SELECT `+rejectedColumns+` FROM rejected_events WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Rejected{}, fault.New(fault.NotFound, fmt.Errorf("find rejected event %q: there is none", id), `List them with "kiroku channel rejected list".`)
	}
	if err != nil {
		return Rejected{}, fmt.Errorf("find rejected event %q: %w", id, err)
	}
	return r, nil
}

// CountRejected returns how many refused events a channel has.
func CountRejected(ctx context.Context, q Queryer, channel string) (int, error) {
	var n int
	if err := q.QueryRowContext(ctx, `SELECT count(*) FROM rejected_events WHERE channel = $1`, channel).Scan(&n); err != nil {
		return 0, fmt.Errorf("count rejected events of channel %q: %w", channel, err)
	}
	return n, nil
}

// UpdateRejected notes that an event was refused again.
func UpdateRejected(ctx context.Context, tx *sql.Tx, r Rejected) error {
	res, err := tx.ExecContext(ctx, `UPDATE rejected_events SET code = $1, message = $2, event_data = $3, bytes = $4, tries = $5 WHERE id = $6`, r.Code, r.Message, r.EventData, len(r.EventData), r.Tries, r.ID)
	return one(res, err, "update rejected event", r.ID)
}

// DeleteRejected deletes a refused event.
func DeleteRejected(ctx context.Context, tx *sql.Tx, id string) error {
	res, err := tx.ExecContext(ctx, `DELETE FROM rejected_events WHERE id = $1`, id)
	return one(res, err, "delete rejected event", id)
}

// TrimRejected deletes the oldest refused events of a channel, down to keep events and keepBytes bytes of eventData, and
// returns how many.
func TrimRejected(ctx context.Context, tx *sql.Tx, channel string, keep int, keepBytes int64) (int64, error) {
	res, err := tx.ExecContext(ctx, `DELETE FROM rejected_events WHERE id IN (
		SELECT id FROM (SELECT id, row_number() OVER newest AS n, sum(bytes) OVER newest AS size FROM rejected_events WHERE channel = $1 WINDOW newest AS (ORDER BY id DESC)) AS ranked
		WHERE n > $2 OR size > $3)`, channel, keep, keepBytes)
	if err != nil {
		return 0, fmt.Errorf("trim rejected events of channel %q: %w", channel, err)
	}
	return res.RowsAffected()
}

func scanRejected(row scanner) (Rejected, error) {
	var r Rejected
	var received int64
	err := row.Scan(&r.ID, &r.Channel, &received, &r.Principal, &r.RequestID, &r.Code, &r.Message, &r.Tries, &r.EventData)
	r.Received = fromMicros(received)
	return r, err
}
