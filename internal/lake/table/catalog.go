package table

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"sync"

	"github.com/apache/iceberg-go"
	icecatalog "github.com/apache/iceberg-go/catalog"
	icesql "github.com/apache/iceberg-go/catalog/sql"
	"github.com/uptrace/bun"

	"kiroku/internal/diskfile"
	"kiroku/internal/event"
	"kiroku/internal/fault"
)

// Options say where tables and their catalog are.
type Options struct {
	// Warehouse is the folder of all tables; it is made when it is not there. Iceberg stores absolute paths, so it cannot
	// be moved afterwards.
	Warehouse string
	// DB holds the catalog's rows. It stays the caller's to close. SQLite needs journal_mode=WAL, synchronous=FULL and a
	// busy_timeout, set in the data source name so that every connection has them.
	DB      *sql.DB
	Dialect Dialect // empty: SQLite
	// Sidecar is what is appended to a data file's name to name the file beside it that lives and dies with it, for
	// example ".tokens". Empty: data files have none.
	Sidecar string
	// Disk is where files are written; the zero value is the real disk.
	Disk diskfile.Disk
}

// Catalog is the tables of all event data stores.
type Catalog struct {
	warehouse string
	sidecar   string
	disk      diskfile.Disk
	rows      rows
	sql       *icesql.Catalog
	infos     []event.Info

	mu      sync.Mutex
	entries map[string]*entry
}

// entry is what we know of one store's table.
type entry struct {
	commit sync.Mutex // held for the whole of a commit

	mu   sync.Mutex
	last *state // newest state that was read or written; nil: none yet
}

// Open opens the catalog, makes what is missing in its database, and adds the columns that this version has more to every
// table.
func Open(ctx context.Context, o Options) (*Catalog, error) {
	return open(ctx, o, columnInfos())
}

func open(ctx context.Context, o Options, infos []event.Info) (*Catalog, error) {
	warehouse, err := filepath.Abs(o.Warehouse)
	if err != nil {
		return nil, fmt.Errorf("open warehouse %q: %w", o.Warehouse, err)
	}
	if err := checkWarehouse(warehouse); err != nil {
		return nil, err
	}
	if o.Dialect == "" {
		o.Dialect = SQLite
	}
	dialect, err := o.Dialect.schema()
	if err != nil {
		return nil, err
	}
	if err := o.Disk.MkdirAll(filepath.Join(warehouse, namespaceName)); err != nil {
		return nil, fmt.Errorf("open warehouse %q: %w", warehouse, err)
	}
	lib, err := icesql.NewCatalog(catalogName, o.DB, icesql.SupportedDialect(o.Dialect), iceberg.Properties{
		"warehouse": warehouse, icesql.SchemaVersionKey: icesql.SchemaVersionV1,
	})
	if err != nil {
		return nil, fmt.Errorf("open catalog: %w", err)
	}
	c := &Catalog{
		warehouse: warehouse, sidecar: o.Sidecar, disk: o.Disk, rows: rows{bun.NewDB(o.DB, dialect)}, sql: lib,
		infos: infos, entries: map[string]*entry{},
	}
	if err := c.prepare(ctx); err != nil {
		return nil, fmt.Errorf("open catalog: %w", err)
	}
	return c, nil
}

// checkWarehouse refuses a path that the library would write differently into metadata than it stands on disk: it passes
// every location through a URL, and PyIceberg does not undo that.
func checkWarehouse(path string) error {
	if (&url.URL{Path: path}).String() == path {
		return nil
	}
	return fault.New(fault.Invalid,
		fmt.Errorf("the path %q has characters that Iceberg tables cannot name", path),
		"Choose a folder whose path has only ASCII letters, digits, '/', '.', '_' and '-', "+
			"or give a symbolic link with such a path to the folder.")
}

// prepare makes the namespace and brings every table to this version's columns.
func (c *Catalog) prepare(ctx context.Context) error {
	ns := icecatalog.ToIdentifier(namespaceName)
	exists, err := c.sql.CheckNamespaceExists(ctx, ns)
	if err != nil {
		return err
	}
	if !exists {
		err := c.sql.CreateNamespace(ctx, ns, nil)
		if err != nil && !errors.Is(err, icecatalog.ErrNamespaceAlreadyExists) {
			return err
		}
	}
	stores, err := c.Stores(ctx)
	if err != nil {
		return err
	}
	for _, store := range stores {
		if err := c.evolveTable(ctx, store); err != nil {
			return fmt.Errorf("table %q: %w", store, err)
		}
	}
	return nil
}

// Stores lists the stores that have a table, sorted.
func (c *Catalog) Stores(ctx context.Context) ([]string, error) {
	var stores []string
	for ident, err := range c.sql.ListTables(ctx, icecatalog.ToIdentifier(namespaceName)) {
		if err != nil {
			return nil, fmt.Errorf("list tables: %w", err)
		}
		stores = append(stores, icecatalog.TableNameFromIdent(ident))
	}
	slices.Sort(stores)
	return stores, nil
}

// storeName is what a store may be called: the name becomes a folder and part of a table's name.
var storeName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)

func checkStore(store string) error {
	if storeName.MatchString(store) {
		return nil
	}
	return fault.New(fault.Invalid, fmt.Errorf("%q cannot name an event data store", store),
		"Use 1 to 128 letters, digits, '.', '_' and '-', beginning with a letter, a digit or '_'.")
}

// dir is the folder of a store's table.
func (c *Catalog) dir(store string) string { return filepath.Join(c.warehouse, namespaceName, store) }

// DataDir is the folder for data files of one day of a store. Whoever writes the first file of a day makes it.
func (c *Catalog) DataDir(store string, day Day) string {
	return filepath.Join(c.dir(store), "data", partitionName+"="+day.String())
}

func (c *Catalog) entry(store string) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[store]
	if e == nil {
		e = &entry{}
		c.entries[store] = e
	}
	return e
}
