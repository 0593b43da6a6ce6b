package meta

import (
	"context"
	"database/sql"
	"fmt"
)

// Priority is the priority that somebody gave to the events of a service while the service ran.
type Priority struct {
	Source   string
	Service  string
	Priority string // normal or low
}

// SetPriority gives a service a priority in the place of one that it has.
func SetPriority(ctx context.Context, tx *sql.Tx, p Priority) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO priorities (source, service, priority) VALUES ($1, $2, $3)
		ON CONFLICT (source, service) DO UPDATE SET priority = excluded.priority`, p.Source, p.Service, p.Priority)
	if err != nil {
		return fmt.Errorf("set priority of %q: %w", p.Service, err)
	}
	return nil
}

// DeletePriority takes the priority of a service away. One that has none is left alone.
func DeletePriority(ctx context.Context, tx *sql.Tx, source, service string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM priorities WHERE source = $1 AND service = $2`, source, service); err != nil {
		return fmt.Errorf("unset priority of %q: %w", service, err)
	}
	return nil
}

// ListPriorities returns the priorities by source and service.
func ListPriorities(ctx context.Context, q Queryer) ([]Priority, error) {
	return collect(ctx, q, func(row scanner) (p Priority, err error) { return p, row.Scan(&p.Source, &p.Service, &p.Priority) },
		`SELECT source, service, priority FROM priorities ORDER BY source, service`)
}
