package meta

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
)

// Queryer is what queries need: the pool of DB.Read, or the transaction of DB.Write.
type Queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

type scanner interface{ Scan(dest ...any) error }

// collect reads all rows of a query.
func collect[T any](ctx context.Context, q Queryer, scan func(scanner) (T, error), query string, args ...any) (all []T, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("query metadata: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("read metadata row: %w", err)
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// list is how a list of words stands in a column.
func list(words []string) string {
	if len(words) == 0 {
		return "[]"
	}
	b, err := json.Marshal(words)
	if err != nil {
		panic("BUG: a list of strings has no JSON: " + err.Error())
	}
	return string(b)
}
