package table

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"

	"kiroku/internal/fault"
)

// Append adds data files to a store's table in one commit. They lie in their DataDir already; they and their names are
// forced to disk before the commit. summary becomes part of the snapshot's summary: keep it short, since every
// metadata.json repeats it for every snapshot. nil means durable and visible; after an error the table is as before,
// unless the database could not say whether it had committed: HasSummary tells then.
// A file that the table has already is a fault.Conflict.
func (c *Catalog) Append(ctx context.Context, store string, add []DataFile, summary map[string]string) (SnapshotID, error) {
	if len(add) == 0 {
		return 0, fault.New(fault.Invalid, fmt.Errorf("append to table %q: no files", store), "")
	}
	return c.change(ctx, "append to", store, nil, add, summary)
}

// Replace takes data files out of a store's table and puts others with the same rows in, in one commit. The files that
// are taken out stay on disk until Expire finds that no snapshot has them. A file to remove that the table does not have
// is a fault.Conflict.
func (c *Catalog) Replace(
	ctx context.Context, store string, remove []string, add []DataFile, summary map[string]string,
) (SnapshotID, error) {
	if len(remove) == 0 || len(add) == 0 {
		return 0, fault.New(fault.Invalid, fmt.Errorf("replace files of table %q: nothing to remove or to add", store), "")
	}
	return c.change(ctx, "replace files of", store, remove, add, summary)
}

// DeleteFiles takes data files out of a store's table in one commit, which reads and writes none of them. It returns 0
// when remove is empty. A file that the table does not have is a fault.Conflict.
func (c *Catalog) DeleteFiles(
	ctx context.Context, store string, remove []string, summary map[string]string,
) (SnapshotID, error) {
	if len(remove) == 0 {
		return 0, nil
	}
	return c.change(ctx, "delete files of", store, remove, nil, summary)
}

// DeleteDay takes all data files of a day out of a store's table in one commit. It returns 0 when there are none.
func (c *Catalog) DeleteDay(ctx context.Context, store string, day Day, summary map[string]string) (SnapshotID, error) {
	files, err := c.Files(ctx, store)
	if err != nil {
		return 0, err
	}
	var remove []string
	for _, f := range files {
		if f.Day == day {
			remove = append(remove, f.Path)
		}
	}
	return c.DeleteFiles(ctx, store, remove, summary)
}

// change makes one commit that removes and adds files.
func (c *Catalog) change(
	ctx context.Context, verb, store string, remove []string, add []DataFile, summary map[string]string,
) (id SnapshotID, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s table %q: %w", verb, store, err)
		}
	}()
	for i := range add {
		if err := add[i].check(c.dir(store)); err != nil {
			return 0, err
		}
	}
	removed := make(map[string]bool, len(remove))
	for _, path := range remove {
		removed[path] = true
	}
	if err := c.syncData(store, add); err != nil {
		return 0, err
	}
	e := c.entry(store)
	e.commit.Lock()
	defer e.commit.Unlock()
	before, after, err := c.commit(ctx, store, func(ctx context.Context, base *state, txn *icetable.Transaction) error {
		if err := c.checkPaths(base, removed, add); err != nil {
			return err
		}
		return stage(ctx, base, txn, removed, add, summary)
	})
	if err != nil {
		return 0, err
	}
	derive(before, after, removed, add)
	c.remember(store, after)
	return SnapshotID(after.meta.CurrentSnapshot().SnapshotID), nil
}

// checkPaths refuses to add a file twice and to remove one that is not there.
func (c *Catalog) checkPaths(base *state, remove map[string]bool, add []DataFile) error {
	files, err := base.list(&warehouseFS{disk: c.disk})
	if err != nil {
		return err
	}
	have := make(map[string]bool, len(files))
	for i := range files {
		have[files[i].Path] = true
	}
	for path := range remove {
		if !have[path] {
			return fault.New(fault.Conflict, fmt.Errorf("file %q is not in the table", path), "")
		}
	}
	for i := range add {
		if have[add[i].Path] {
			return fault.New(fault.Conflict, fmt.Errorf("file %q is in the table already", add[i].Path), "")
		}
		have[add[i].Path] = true
	}
	return nil
}

// stage writes the manifests of a change.
func stage(
	ctx context.Context, base *state, txn *icetable.Transaction, remove map[string]bool, add []DataFile, summary map[string]string,
) error {
	spec := base.meta.PartitionSpec()
	props := iceberg.Properties(maps.Clone(summary))
	adding := make([]iceberg.DataFile, len(add))
	for i := range add {
		df, err := add[i].toIceberg(spec)
		if err != nil {
			return err
		}
		adding[i] = df
	}
	if len(remove) == 0 {
		// checkPaths looked for duplicates already; the library would read every manifest for it.
		return txn.AddDataFiles(ctx, adding, props, icetable.WithoutDuplicateCheck())
	}
	removing := make([]iceberg.DataFile, 0, len(remove))
	for _, f := range base.files {
		if remove[f.Path] {
			df, err := f.toIceberg(spec)
			if err != nil {
				return err
			}
			removing = append(removing, df)
		}
	}
	if len(adding) == 0 {
		return txn.ReplaceDataFilesWithDataFiles(ctx, removing, nil, props)
	}
	// A rewrite says that the rows are the same, so that readers of changes see none.
	rewrite := txn.NewRewrite(props)
	for _, df := range removing {
		rewrite.DeleteFile(df)
	}
	for _, df := range adding {
		rewrite.AddDataFile(df)
	}
	return rewrite.Commit(ctx)
}

// sidecarOf is the file beside a data file, or "" when there is none.
func (c *Catalog) sidecarOf(path string) string {
	if c.sidecar == "" || filepath.Ext(path) != ".parquet" {
		return ""
	}
	return path + c.sidecar
}
