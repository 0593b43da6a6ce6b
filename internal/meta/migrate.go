package meta

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"kiroku/internal/fault"
)

// migrations holds NNNN_<area>.sql in the order of running. A migration that was released never changes.
//
//go:embed migrations/*.sql
var migrations embed.FS

func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	sources := p.ListSources()
	knows := sources[len(sources)-1].Version
	is, err := p.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("read version: %w", err)
	}
	if is > knows {
		return fault.New(fault.Conflict, fmt.Errorf("a newer Kiroku has written it: it is of version %d, and this program knows %d", is, knows),
			"Start the newer program, or go back to the backup that was made before the upgrade.")
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("run migrations: %w", err)
	}
	return nil
}
