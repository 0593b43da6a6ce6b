package meta

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"kiroku/internal/fault"
)

// Tag is a name with a value that people give to a resource.
type Tag struct{ Name, Value string }

// SetTag adds a tag to the resource with an ARN, or replaces its value.
func SetTag(ctx context.Context, tx *sql.Tx, resource string, t Tag) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO resource_tags (resource, name, value, position)
		VALUES ($1, $2, $3, (SELECT COALESCE(MAX(position), 0) + 1 FROM resource_tags WHERE resource = $1)) ON CONFLICT (resource, name) DO UPDATE SET value = excluded.value`,
		resource, t.Name, t.Value)
	if err != nil {
		return fmt.Errorf("tag %q: %w", resource, err)
	}
	return nil
}

// DeleteTag removes a tag. One that is not there is left alone.
func DeleteTag(ctx context.Context, tx *sql.Tx, resource, name string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM resource_tags WHERE resource = $1 AND name = $2`, resource, name); err != nil {
		return fmt.Errorf("remove tag of %q: %w", resource, err)
	}
	return nil
}

// ListTags returns the tags of a resource in the order of adding.
func ListTags(ctx context.Context, q Queryer, resource string) ([]Tag, error) {
	return collect(ctx, q, func(row scanner) (t Tag, err error) { return t, row.Scan(&t.Name, &t.Value) },
		`SELECT name, value FROM resource_tags WHERE resource = $1 ORDER BY position, name`, resource)
}

// SetPolicy gives a resource a policy in the place of one that it has.
func SetPolicy(ctx context.Context, tx *sql.Tx, resource, policy string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO resource_policies (resource, policy, updated) VALUES ($1, $2, $3)
		ON CONFLICT (resource) DO UPDATE SET policy = excluded.policy, updated = excluded.updated`, resource, policy, micros(at))
	if err != nil {
		return fmt.Errorf("set policy of %q: %w", resource, err)
	}
	return nil
}

// GetPolicy returns the policy of a resource; fault.NotFound when it has none.
func GetPolicy(ctx context.Context, q Queryer, resource string) (string, error) {
	var policy string
	err := q.QueryRowContext(ctx, `SELECT policy FROM resource_policies WHERE resource = $1`, resource).Scan(&policy)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fault.New(fault.NotFound, fmt.Errorf("find policy of %q: there is none", resource), "Only the owner's account may use the resource.")
	}
	if err != nil {
		return "", fmt.Errorf("find policy of %q: %w", resource, err)
	}
	return policy, nil
}

// DeletePolicy removes the policy of a resource; fault.NotFound when it has none.
func DeletePolicy(ctx context.Context, tx *sql.Tx, resource string) error {
	res, err := tx.ExecContext(ctx, `DELETE FROM resource_policies WHERE resource = $1`, resource)
	return one(res, err, "delete policy of", resource)
}

// DeleteResource removes the policy and the tags of a resource that is deleted.
func DeleteResource(ctx context.Context, tx *sql.Tx, resource string) error {
	for _, q := range []string{`DELETE FROM resource_policies WHERE resource = $1`, `DELETE FROM resource_tags WHERE resource = $1`} {
		if _, err := tx.ExecContext(ctx, q, resource); err != nil {
			return fmt.Errorf("delete policy and tags of %q: %w", resource, err)
		}
	}
	return nil
}
