package meta

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"kiroku/internal/fault"
)

// EventDataStore is an event data store of the AWS endpoints.
type EventDataStore struct {
	ID          string
	Account     string
	Region      string
	Name        string
	Store       string // the lake's
	Status      string
	Category    string
	Selectors   string // JSON
	MultiRegion bool
	Org         bool
	Days        int
	Billing     string
	Protected   bool
	KMSKey      string
	EventSize   string // of AWS's own events: Standard or Large; empty: Large
	Created     time.Time
	Updated     time.Time
	Deleted     time.Time // since when it waits to be deleted; zero: it does not
}

const storeColumns = `id, account, region, name, store, status, category, selectors, multi_region, organization, days, billing, protected, kms_key, max_event_size, created, updated, deleted`

// InsertEventDataStore adds s; fault.Conflict when the name is taken in its account and region.
func InsertEventDataStore(ctx context.Context, tx *sql.Tx, s EventDataStore) error {
	res, err := tx.ExecContext(ctx, `INSERT INTO event_data_stores (`+storeColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) ON CONFLICT DO NOTHING`,
		s.ID, s.Account, s.Region, s.Name, s.Store, s.Status, s.Category, s.Selectors, s.MultiRegion, s.Org, s.Days, s.Billing, s.Protected, s.KMSKey, s.EventSize,
		micros(s.Created), micros(s.Updated), micros(s.Deleted))
	return taken(res, err, "insert event data store", s.Name)
}

// taken is a fault.Conflict when an INSERT … ON CONFLICT DO NOTHING did nothing.
func taken(res sql.Result, err error, what, name string) error {
	if err != nil {
		return fmt.Errorf("%s %q: %w", what, name, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return fault.New(fault.Conflict, fmt.Errorf("%s %q: the name is taken", what, name), "Choose another name.")
}

// GetEventDataStore finds a store by its id; fault.NotFound when there is none.
func GetEventDataStore(ctx context.Context, q Queryer, id string) (EventDataStore, error) {
	s, err := scanEventDataStore(q.QueryRowContext(ctx, `SELECT `+storeColumns+` FROM event_data_stores WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return EventDataStore{}, fault.New(fault.NotFound, fmt.Errorf("find event data store %q: there is none", id), `List them with "kiroku eds list".`)
	}
	if err != nil {
		return EventDataStore{}, fmt.Errorf("find event data store %q: %w", id, err)
	}
	return s, nil
}

// ListEventDataStores returns the stores by name; "" for account or region means all.
func ListEventDataStores(ctx context.Context, q Queryer, account, region string) ([]EventDataStore, error) {
	return collect(ctx, q, scanEventDataStore, `SELECT `+storeColumns+` FROM event_data_stores WHERE ($1 = '' OR account = $1) AND ($2 = '' OR region = $2) ORDER BY name, id`, account, region)
}

// UpdateEventDataStore changes what can be changed of a store: all but its id, account, region, lake store and creation.
// fault.Conflict when the new name is taken.
func UpdateEventDataStore(ctx context.Context, tx *sql.Tx, s EventDataStore) error {
	var others int
	err := tx.QueryRowContext(ctx, `SELECT count(*) FROM event_data_stores WHERE account = $1 AND region = $2 AND name = $3 AND id <> $4`, s.Account, s.Region, s.Name, s.ID).Scan(&others)
	if err != nil {
		return fmt.Errorf("update event data store %q: %w", s.ID, err)
	}
	if others > 0 {
		return fault.New(fault.Conflict, fmt.Errorf("update event data store %q: the name %q is taken", s.ID, s.Name), "Choose another name.")
	}
	res, err := tx.ExecContext(ctx, `UPDATE event_data_stores SET name = $1, status = $2, category = $3, selectors = $4, multi_region = $5, organization = $6, days = $7,
		billing = $8, protected = $9, kms_key = $10, max_event_size = $11, updated = $12, deleted = $13 WHERE id = $14`,
		s.Name, s.Status, s.Category, s.Selectors, s.MultiRegion, s.Org, s.Days, s.Billing, s.Protected, s.KMSKey, s.EventSize, micros(s.Updated), micros(s.Deleted), s.ID)
	return one(res, err, "update event data store", s.ID)
}

// DeleteEventDataStore deletes a store's row; no channel may point at it.
func DeleteEventDataStore(ctx context.Context, tx *sql.Tx, id string) error {
	res, err := tx.ExecContext(ctx, `DELETE FROM event_data_stores WHERE id = $1`, id)
	return one(res, err, "delete event data store", id)
}

func scanEventDataStore(row scanner) (EventDataStore, error) {
	var s EventDataStore
	var created, updated, deleted int64
	err := row.Scan(&s.ID, &s.Account, &s.Region, &s.Name, &s.Store, &s.Status, &s.Category, &s.Selectors, &s.MultiRegion, &s.Org, &s.Days, &s.Billing,
		&s.Protected, &s.KMSKey, &s.EventSize, &created, &updated, &deleted)
	s.Created, s.Updated, s.Deleted = fromMicros(created), fromMicros(updated), fromMicros(deleted)
	return s, err
}
