package meta

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"kiroku/internal/event"
)

// StoreAuditUIDs remembers the UIDs of events that become durable with tx. One that is known keeps its event, and one of a
// channel that is gone is left out.
func StoreAuditUIDs(ctx context.Context, tx *sql.Tx, uids []event.AuditUID, at time.Time) error {
	for _, u := range uids {
		_, err := tx.ExecContext(ctx, `INSERT INTO audit_event_uids (channel, uid, event_id, created) SELECT $1, $2, $3, $4 WHERE EXISTS (SELECT 1 FROM channels WHERE id = $1) ON CONFLICT DO NOTHING`,
			u.Channel, u.Hash, u.EventID, micros(at))
		if err != nil {
			return fmt.Errorf("remember UID of channel %q: %w", u.Channel, err)
		}
	}
	return nil
}

// FindAuditUID returns the id of the event that a UID belongs to, and whether the UID came before.
func FindAuditUID(ctx context.Context, q Queryer, channel, hash string) (eventID string, known bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT event_id FROM audit_event_uids WHERE channel = $1 AND uid = $2`, channel, hash).Scan(&eventID)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("find UID of channel %q: %w", channel, err)
	}
	return eventID, true, nil
}

// DeleteAuditUIDs forgets the UIDs that came before at.
func DeleteAuditUIDs(ctx context.Context, tx *sql.Tx, at time.Time) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM audit_event_uids WHERE created < $1`, micros(at)); err != nil {
		return fmt.Errorf("forget old UIDs: %w", err)
	}
	return nil
}
