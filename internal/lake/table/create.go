package table

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/apache/iceberg-go"
	icecatalog "github.com/apache/iceberg-go/catalog"
	icetable "github.com/apache/iceberg-go/table"
	"github.com/google/uuid"

	"kiroku/internal/event"
)

// properties of every table. They keep metadata.json small and the number of manifests low, so that a commit and the
// planning of a query cost the same after a year.
func properties() iceberg.Properties {
	return iceberg.Properties{
		icetable.MetadataDeleteAfterCommitEnabledKey: "true",
		icetable.MetadataPreviousVersionsMaxKey:      "10",
		icetable.ManifestMergeEnabledKey:             "true",
		icetable.ManifestMinMergeCountKey:            "20",
		icetable.ManifestTargetSizeBytesKey:          "524288", // about a thousand files: what a merge rewrites at most
		icetable.CommitNumRetriesKey:                 "0",      // Catalog.commit tries again, on a fresh state
		// Our files carry field ids. Without an entry here the library writes a mapping of all names into metadata.json.
		icetable.DefaultNameMappingKey: "[]",
	}
}

// Create makes the table of a store. When there is one already it does nothing.
func (c *Catalog) Create(ctx context.Context, store string) error {
	if err := checkStore(store); err != nil {
		return err
	}
	e := c.entry(store)
	e.commit.Lock()
	defer e.commit.Unlock()
	_, err := c.rows.location(ctx, store)
	if err == nil {
		return nil
	}
	if errors.Is(err, errNoRow) {
		err = c.create(ctx, store)
	}
	if err != nil {
		return fmt.Errorf("create table %q: %w", store, err)
	}
	return nil
}

func (c *Catalog) create(ctx context.Context, store string) error {
	dir := c.dir(store)
	for _, sub := range []string{"data", "metadata"} {
		if err := c.disk.MkdirAll(filepath.Join(dir, sub)); err != nil {
			return err
		}
	}
	meta, err := newMetadata(c.infos, dir)
	if err != nil {
		return err
	}
	location, err := nextLocation(meta, "")
	if err != nil {
		return err
	}
	if err := writeMetadata(c.disk, meta, location); err != nil {
		return err
	}
	return c.rows.insert(ctx, store, location)
}

// newMetadata describes a new table. The library's own function for it gives new field ids, which would not be those in
// our files.
func newMetadata(infos []event.Info, dir string) (icetable.Metadata, error) {
	b, err := icetable.NewMetadataBuilder(2)
	if err != nil {
		return nil, err
	}
	spec := newPartitionSpec()
	order, err := newSortOrder()
	if err != nil {
		return nil, err
	}
	for _, step := range []func() error{
		func() error { return b.SetUUID(uuid.New()) },
		func() error { return b.AddSchema(newSchema(infos)) },
		func() error { return b.SetCurrentSchemaID(-1) },
		func() error { return b.AddSortOrder(&order) },
		func() error { return b.SetDefaultSortOrderID(-1) },
		func() error { return b.AddPartitionSpec(&spec, true) },
		func() error { return b.SetDefaultSpecID(-1) },
		func() error { return b.SetLoc(dir) },
		func() error { return b.SetProperties(properties()) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return b.Build()
}

// evolveTable adds the columns that this version has more.
func (c *Catalog) evolveTable(ctx context.Context, store string) error {
	e := c.entry(store)
	e.commit.Lock()
	defer e.commit.Unlock()
	st, err := c.load(ctx, store)
	if err != nil {
		return err
	}
	schema, err := evolve(st.meta.CurrentSchema(), c.infos)
	if err != nil || schema == nil {
		return err
	}
	fs := &warehouseFS{disk: c.disk}
	commit := &committer{cat: c, store: store, base: st, fs: fs}
	_, _, err = commit.CommitTable(ctx, nil,
		[]icetable.Requirement{icetable.AssertCurrentSchemaID(st.meta.CurrentSchema().ID)},
		[]icetable.Update{icetable.NewAddSchemaUpdate(schema), icetable.NewSetCurrentSchemaUpdate(-1)})
	if err != nil && !errors.Is(err, errUnknownOutcome) {
		err = errors.Join(err, fs.undo())
	}
	return err
}

// Drop takes a store's table away with all its files. A store without a table is no error: what a Drop that was killed
// left of its folder goes too.
func (c *Catalog) Drop(ctx context.Context, store string) error {
	if err := checkStore(store); err != nil {
		return err
	}
	e := c.entry(store)
	e.commit.Lock()
	defer e.commit.Unlock()
	err := c.sql.DropTable(ctx, icetable.Identifier{namespaceName, store})
	if err != nil && !errors.Is(err, icecatalog.ErrNoSuchTable) {
		return fmt.Errorf("drop table %q: %w", store, err)
	}
	c.remember(store, nil)
	if err := c.disk.RemoveAll(c.dir(store)); err != nil {
		return fmt.Errorf("drop table %q: %w", store, err)
	}
	return nil
}

func fromSnapshot(s *icetable.Snapshot) Snapshot {
	out := Snapshot{ID: SnapshotID(s.SnapshotID), Time: time.UnixMilli(s.TimestampMs).UTC()}
	if s.ParentSnapshotID != nil {
		out.Parent = SnapshotID(*s.ParentSnapshotID)
	}
	if s.Summary != nil {
		out.Operation = string(s.Summary.Operation)
		out.Summary = s.Summary.Properties
	}
	return out
}
