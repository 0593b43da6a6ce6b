package table

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"github.com/uptrace/bun/schema"
)

// Dialect says which SQL the catalog's database speaks.
type Dialect string

// The dialects.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

func (d Dialect) schema() (schema.Dialect, error) {
	switch d {
	case SQLite:
		return sqlitedialect.New(), nil
	case Postgres:
		return pgdialect.New(), nil
	}
	return nil, fmt.Errorf("unknown SQL dialect %q", d)
}

// errNoRow says that the catalog has no such table.
var errNoRow = errors.New("no such table")

// rows are the rows of iceberg_tables. The library's own catalog writes them too, but gives no chance to force
// metadata.json to disk before.
type rows struct{ db *bun.DB }

const (
	catalogName   = "kiroku"
	namespaceName = "kiroku"

	whereTable = ` WHERE catalog_name = '` + catalogName + `' AND table_namespace = '` + namespaceName + `' AND table_name = ?`
)

// location is the path of the table's metadata.json.
func (r rows) location(ctx context.Context, store string) (string, error) {
	var loc sql.NullString
	err := r.db.NewRaw(`SELECT metadata_location FROM iceberg_tables`+whereTable, store).Scan(ctx, &loc)
	switch {
	case errors.Is(err, sql.ErrNoRows) || (err == nil && !loc.Valid):
		return "", errNoRow
	case err != nil:
		return "", fmt.Errorf("read catalog row: %w", err)
	}
	return loc.String, nil
}

// insert adds the row of a new table.
func (r rows) insert(ctx context.Context, store, location string) error {
	_, err := r.db.NewRaw(`INSERT INTO iceberg_tables (catalog_name, table_namespace, table_name, iceberg_type, metadata_location)
		VALUES (?, ?, ?, 'TABLE', ?)`, catalogName, namespaceName, store, location).Exec(ctx)
	if err != nil {
		return fmt.Errorf("insert catalog row: %w", err)
	}
	return nil
}

// swap moves the row from one metadata.json to the next. It returns false when the row was not at old.
func (r rows) swap(ctx context.Context, store, old, location string) (bool, error) {
	res, err := r.db.NewRaw(`UPDATE iceberg_tables SET metadata_location = ?, previous_metadata_location = ?`+
		whereTable+` AND metadata_location = ?`, location, old, store, old).Exec(ctx)
	if err != nil {
		return false, fmt.Errorf("update catalog row: %w", err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return false, fmt.Errorf("update catalog row: %w", err)
	}
	return n == 1, nil
}
