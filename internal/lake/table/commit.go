package table

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	icetable "github.com/apache/iceberg-go/table"

	"kiroku/internal/diskfile"
)

// committer is the catalog that the Iceberg library talks to while one commit is made.
type committer struct {
	cat   *Catalog
	store string
	base  *state
	fs    *warehouseFS
}

var _ icetable.CatalogIO = (*committer)(nil)

// LoadTable is asked for only when the library would try a commit again, which is switched off.
func (c *committer) LoadTable(ctx context.Context, _ icetable.Identifier) (*icetable.Table, error) {
	st, err := c.cat.load(ctx, c.store)
	if err != nil {
		return nil, err
	}
	return st.table(c.store, c.fs, c), nil
}

// CommitTable writes the next metadata.json, makes sure that everything is on disk, and moves the catalog's row to it.
func (c *committer) CommitTable(
	ctx context.Context, _ icetable.Identifier, reqs []icetable.Requirement, updates []icetable.Update,
) (icetable.Metadata, string, error) {
	for _, r := range reqs {
		if err := r.Validate(c.base.meta); err != nil {
			return nil, "", err
		}
	}
	meta, err := icetable.UpdateTableMetadata(c.base.meta, updates, c.base.location)
	if err != nil {
		return nil, "", err
	}
	location, err := nextLocation(meta, c.base.location)
	if err != nil {
		return nil, "", err
	}
	c.fs.remember(location)
	if err := writeMetadata(c.cat.disk, meta, location); err != nil {
		return nil, "", err
	}
	swapped, err := c.cat.rows.swap(ctx, c.store, c.base.location, location)
	if err != nil {
		// The database may have done it before it failed: only the row knows.
		now, readErr := c.cat.rows.location(context.WithoutCancel(ctx), c.store)
		if readErr != nil {
			return nil, "", errors.Join(errUnknownOutcome, err, readErr)
		}
		if now != location {
			return nil, "", err
		}
		return meta, location, nil
	}
	if !swapped {
		return nil, "", fmt.Errorf("%w: somebody else wrote the table", icetable.ErrCommitFailed)
	}
	return meta, location, nil
}

// errUnknownOutcome says that nobody knows whether a commit was made, so that its files must stay.
var errUnknownOutcome = errors.New("outcome of the commit is unknown")

// nextLocation names the metadata.json that follows the one at old.
func nextLocation(meta icetable.Metadata, old string) (string, error) {
	version := 0
	if old != "" {
		number, _, _ := strings.Cut(path.Base(old), "-")
		n, err := strconv.Atoi(number)
		if err != nil {
			return "", fmt.Errorf("metadata file %q has no version number", old)
		}
		version = n + 1
	}
	locations, err := icetable.LoadLocationProvider(meta.Location(), meta.Properties())
	if err != nil {
		return "", err
	}
	return locations.NewTableMetadataFileLocation(version)
}

// writeMetadata writes metadata.json. Syncing its folder makes the names of the manifests beside it safe too.
func writeMetadata(disk diskfile.Disk, meta icetable.Metadata, location string) error {
	return disk.WriteFile(localPath(location), func(w io.Writer) error { return encodeMetadata(w, meta) })
}

// syncData forces data files, their names and the names of their folders to disk. They usually are already; then it costs
// next to nothing.
func (c *Catalog) syncData(store string, files []DataFile) error {
	dirs := map[string]bool{filepath.Join(c.dir(store), "data"): true}
	for i := range files {
		if err := c.disk.SyncFile(files[i].Path); err != nil {
			return err
		}
		dirs[filepath.Dir(files[i].Path)] = true
	}
	for dir := range dirs {
		if err := c.disk.SyncDir(dir); err != nil {
			return err
		}
	}
	return nil
}

// commitTries is how often a commit is made again after a writer in another process was faster.
const commitTries = 4

// commit makes one change to a table. change gets a transaction on the newest state and may be called again. The returned
// states are the one it was made on and the one it led to.
func (c *Catalog) commit(
	ctx context.Context, store string, change func(ctx context.Context, base *state, txn *icetable.Transaction) error,
) (before, after *state, err error) {
	for try := 1; ; try++ {
		before, err = c.load(ctx, store)
		if err != nil {
			return nil, nil, err
		}
		after, err = c.commitOn(ctx, store, before, change)
		if err == nil || try == commitTries || !errors.Is(err, icetable.ErrCommitFailed) {
			return before, after, err
		}
	}
}

func (c *Catalog) commitOn(
	ctx context.Context, store string, base *state, change func(context.Context, *state, *icetable.Transaction) error,
) (*state, error) {
	fs := &warehouseFS{disk: c.disk}
	txn := base.table(store, fs, &committer{cat: c, store: store, base: base, fs: fs}).NewTransaction()
	err := change(ctx, base, txn)
	var done *icetable.Table
	if err == nil {
		done, err = txn.Commit(ctx)
	}
	if err != nil {
		if !errors.Is(err, errUnknownOutcome) {
			err = errors.Join(err, fs.undo())
		}
		return nil, err
	}
	after := &state{location: done.MetadataLocation(), meta: done.Metadata()}
	fs.tidy(after)
	return after, nil
}
