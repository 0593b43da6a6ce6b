package table

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	iceio "github.com/apache/iceberg-go/io"
	icetable "github.com/apache/iceberg-go/table"

	"kiroku/internal/fault"
)

// Restore puts the table of a store back into a catalog that lost its row: as the newest of its metadata files describes it of whose
// data files agrees says yes. It returns that metadata file. A table that has a row is a fault.Conflict; when no file will do, a
// fault.NotFound.
func (c *Catalog) Restore(ctx context.Context, store string, agrees func([]DataFile) bool) (string, error) {
	if err := checkStore(store); err != nil {
		return "", err
	}
	e := c.entry(store)
	e.commit.Lock()
	defer e.commit.Unlock()
	if _, err := c.rows.location(ctx, store); !errors.Is(err, errNoRow) {
		if err == nil {
			err = fault.New(fault.Conflict, fmt.Errorf("table %q is in the catalog", store), "")
		}
		return "", err
	}
	paths, err := c.metadataFiles(store)
	if err != nil {
		return "", err
	}
	var newest error // why the newest will not do
	for i, path := range paths {
		st, files, err := c.stateAt(ctx, store, path)
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		if i == 0 {
			newest = err
		}
		if err != nil || !agrees(files) {
			continue // of an interrupted commit, or older than what was expired since
		}
		if err := c.rows.insert(ctx, store, st.location); err != nil {
			return "", err
		}
		c.remember(store, st)
		return path, nil
	}
	err = fmt.Errorf("none of the %d metadata files of table %q names exactly the files that are registered", len(paths), store)
	if newest != nil {
		err = fmt.Errorf("%w; the newest: %w", err, newest)
	}
	return "", fault.New(fault.NotFound, err, fault.NextOf(newest))
}

// metadataFiles lists the metadata files of a store's table, newest first.
func (c *Catalog) metadataFiles(store string) ([]string, error) {
	dir := filepath.Join(c.dir(store), "metadata")
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	type file struct {
		path    string
		version int
		written int64
	}
	var list []file
	for _, entry := range entries {
		number, _, _ := strings.Cut(entry.Name(), "-")
		version, err := strconv.Atoi(number)
		if err != nil || !strings.HasSuffix(entry.Name(), ".metadata.json") {
			continue
		}
		if info, err := entry.Info(); err == nil {
			list = append(list, file{filepath.Join(dir, entry.Name()), version, info.ModTime().UnixNano()})
		}
	}
	slices.SortFunc(list, func(a, b file) int {
		return cmp.Or(cmp.Compare(b.version, a.version), cmp.Compare(b.written, a.written))
	})
	paths := make([]string, len(list))
	for i := range list {
		paths[i] = list[i].path
	}
	return paths, nil
}

// stateAt reads a table as one metadata file describes it, and the data files that it names.
func (c *Catalog) stateAt(ctx context.Context, store, path string) (*state, []DataFile, error) {
	fs := &warehouseFS{disk: c.disk}
	open := func(context.Context) (iceio.IO, error) { return fs, nil }
	tbl, err := icetable.NewFromLocation(ctx, icetable.Identifier{namespaceName, store}, path, open, nil)
	if err != nil {
		return nil, nil, err
	}
	if err := c.checkLocation(store, tbl.Location()); err != nil {
		return nil, nil, err
	}
	st := &state{location: path, meta: tbl.Metadata()}
	files, err := st.list(fs)
	return st, files, err
}
