package meta

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"kiroku/internal/fault"
)

// Channel is where an application puts audit events.
type Channel struct {
	ID           string
	Account      string
	Region       string
	Name         string
	Source       string
	Deduplicate  bool
	Created      time.Time
	Destinations []string // ids of event data stores
	Ingestion    Ingestion
}

// Ingestion says how the last events of a channel fared. Zero values: nothing came yet.
type Ingestion struct {
	Success   time.Time // when the last event was stored
	SuccessID string
	Attempt   time.Time // when the last event came
	AttemptID string
	ErrorCode string // of the last event that was refused
}

const channelColumns = `id, account, region, name, source, deduplicate, created, success, success_id, attempt, attempt_id, error_code`

// InsertChannel adds c; fault.Conflict when the name is taken in its account and region.
func InsertChannel(ctx context.Context, tx *sql.Tx, c Channel) error {
	i := c.Ingestion
	res, err := tx.ExecContext(ctx, `INSERT INTO channels (`+channelColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING`,
		c.ID, c.Account, c.Region, c.Name, c.Source, c.Deduplicate, micros(c.Created), micros(i.Success), i.SuccessID, micros(i.Attempt), i.AttemptID, i.ErrorCode)
	if err := taken(res, err, "insert channel", c.Name); err != nil {
		return err
	}
	return setDestinations(ctx, tx, c)
}

func setDestinations(ctx context.Context, tx *sql.Tx, c Channel) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM channel_destinations WHERE channel = $1`, c.ID); err != nil {
		return fmt.Errorf("change destinations of channel %q: %w", c.ID, err)
	}
	for n, id := range c.Destinations {
		if _, err := tx.ExecContext(ctx, `INSERT INTO channel_destinations (channel, position, event_data_store) VALUES ($1, $2, $3)`, c.ID, n, id); err != nil {
			return fmt.Errorf("change destinations of channel %q: %w", c.ID, err)
		}
	}
	return nil
}

// GetChannel finds a channel by its id; fault.NotFound when there is none.
func GetChannel(ctx context.Context, q Queryer, id string) (Channel, error) {
	c, err := scanChannel(q.QueryRowContext(ctx, `SELECT `+channelColumns+` FROM channels WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Channel{}, fault.New(fault.NotFound, fmt.Errorf("find channel %q: there is none", id), `List them with "kiroku channel list".`)
	}
	if err == nil {
		c.Destinations, err = destinations(ctx, q, id)
	}
	if err != nil {
		return Channel{}, fmt.Errorf("find channel %q: %w", id, err)
	}
	return c, nil
}

func destinations(ctx context.Context, q Queryer, id string) ([]string, error) {
	return collect(ctx, q, scanText, `SELECT event_data_store FROM channel_destinations WHERE channel = $1 ORDER BY position`, id)
}

func scanText(row scanner) (s string, err error) { return s, row.Scan(&s) }

// ListChannels returns the channels by name; "" for account or region means all.
func ListChannels(ctx context.Context, q Queryer, account, region string) ([]Channel, error) {
	all, err := collect(ctx, q, scanChannel, `SELECT `+channelColumns+` FROM channels WHERE ($1 = '' OR account = $1) AND ($2 = '' OR region = $2) ORDER BY name, id`, account, region)
	if err != nil {
		return nil, err
	}
	for n := range all {
		if all[n].Destinations, err = destinations(ctx, q, all[n].ID); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// ChannelsTo returns the ids of the channels that point at an event data store.
func ChannelsTo(ctx context.Context, q Queryer, store string) ([]string, error) {
	return collect(ctx, q, scanText, `SELECT DISTINCT channel FROM channel_destinations WHERE event_data_store = $1 ORDER BY channel`, store)
}

// UpdateChannel changes name, destinations and deduplication of a channel; fault.Conflict when the new name is taken.
func UpdateChannel(ctx context.Context, tx *sql.Tx, c Channel) error {
	var others int
	err := tx.QueryRowContext(ctx, `SELECT count(*) FROM channels WHERE account = $1 AND region = $2 AND name = $3 AND id <> $4`, c.Account, c.Region, c.Name, c.ID).Scan(&others)
	if err != nil {
		return fmt.Errorf("update channel %q: %w", c.ID, err)
	}
	if others > 0 {
		return fault.New(fault.Conflict, fmt.Errorf("update channel %q: the name %q is taken", c.ID, c.Name), "Choose another name.")
	}
	res, err := tx.ExecContext(ctx, `UPDATE channels SET name = $1, deduplicate = $2 WHERE id = $3`, c.Name, c.Deduplicate, c.ID)
	if err := one(res, err, "update channel", c.ID); err != nil {
		return err
	}
	return setDestinations(ctx, tx, c)
}

// SetIngestion notes how the last events of a channel fared. A channel that is gone is left alone.
func SetIngestion(ctx context.Context, tx *sql.Tx, id string, i Ingestion) error {
	_, err := tx.ExecContext(ctx, `UPDATE channels SET success = $1, success_id = $2, attempt = $3, attempt_id = $4, error_code = $5 WHERE id = $6`,
		micros(i.Success), i.SuccessID, micros(i.Attempt), i.AttemptID, i.ErrorCode, id)
	if err != nil {
		return fmt.Errorf("note ingestion of channel %q: %w", id, err)
	}
	return nil
}

// DeleteChannel deletes a channel with its rejected events.
func DeleteChannel(ctx context.Context, tx *sql.Tx, id string) error {
	res, err := tx.ExecContext(ctx, `DELETE FROM channels WHERE id = $1`, id)
	return one(res, err, "delete channel", id)
}

func scanChannel(row scanner) (Channel, error) {
	var c Channel
	var created, success, attempt int64
	i := &c.Ingestion
	err := row.Scan(&c.ID, &c.Account, &c.Region, &c.Name, &c.Source, &c.Deduplicate, &created, &success, &i.SuccessID, &attempt, &i.AttemptID, &i.ErrorCode)
	c.Created, i.Success, i.Attempt = fromMicros(created), fromMicros(success), fromMicros(attempt)
	return c, err
}
