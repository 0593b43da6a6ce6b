package table

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/apache/iceberg-go"
	iceio "github.com/apache/iceberg-go/io"
	icetable "github.com/apache/iceberg-go/table"

	"kiroku/internal/fault"
)

// state is a table as one metadata.json describes it. It does not change, but for the list of files, which is read when
// it is first asked for.
type state struct {
	location string
	meta     icetable.Metadata

	mu    sync.Mutex
	known bool       // files was filled
	files []DataFile // of the current snapshot, by day, time and path
}

// table makes the library's table on st; cat gets its commits.
func (st *state) table(store string, fs *warehouseFS, cat icetable.CatalogIO) *icetable.Table {
	open := func(context.Context) (iceio.IO, error) { return fs, nil }
	return icetable.New(icetable.Identifier{namespaceName, store}, st.meta, st.location, open, cat)
}

// RestoreNext is what to do about a table that the catalog does not have.
const RestoreNext = `Run "kiroku fsck --repair": it puts the table back as its newest metadata file describes it.`

// load returns the newest state of a table. It reads the catalog's row each time, and metadata.json only when the row
// moved.
func (c *Catalog) load(ctx context.Context, store string) (*state, error) {
	location, err := c.rows.location(ctx, store)
	if errors.Is(err, errNoRow) {
		return nil, fault.New(fault.NotFound, fmt.Errorf("store %q has no table in catalog.db", store), RestoreNext)
	}
	if err != nil {
		return nil, err
	}
	e := c.entry(store)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.last != nil && e.last.location == location {
		return e.last, nil
	}
	fs := &warehouseFS{disk: c.disk}
	tbl, err := icetable.NewFromLocation(ctx, icetable.Identifier{namespaceName, store}, location,
		func(context.Context) (iceio.IO, error) { return fs, nil }, nil)
	if err != nil {
		return nil, fmt.Errorf("read metadata of table %q: %w", store, err)
	}
	if err := c.checkLocation(store, tbl.Location()); err != nil {
		return nil, err
	}
	e.last = &state{location: location, meta: tbl.Metadata()}
	return e.last, nil
}

// checkLocation notices a warehouse that was moved.
func (c *Catalog) checkLocation(store, location string) error {
	if filepath.Clean(localPath(location)) == c.dir(store) {
		return nil
	}
	return fault.New(fault.Conflict,
		fmt.Errorf("table %q lies in %q, and the warehouse is %q", store, localPath(location), c.warehouse),
		"Iceberg tables name their files by absolute path: move the data folder back, or make a symbolic link there.")
}

// remember keeps a state that a commit led to.
func (c *Catalog) remember(store string, st *state) {
	e := c.entry(store)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.last = st
}

// list returns the data files of the current snapshot. The caller must not change them.
func (st *state) list(fs iceio.IO) ([]DataFile, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.known {
		return st.files, nil
	}
	var files []DataFile
	if snap := st.meta.CurrentSnapshot(); snap != nil {
		manifests, err := snap.Manifests(fs)
		if err != nil {
			return nil, fmt.Errorf("read manifest list: %w", err)
		}
		for _, m := range manifests {
			for entry, err := range m.Entries(fs, true) {
				if err != nil {
					return nil, fmt.Errorf("read manifest %q: %w", m.FilePath(), err)
				}
				if entry.DataFile().ContentType() != iceberg.EntryContentData {
					return nil, deletesError(entry.DataFile().FilePath())
				}
				files = append(files, fromIceberg(entry.DataFile()))
			}
		}
	}
	st.set(files)
	return st.files, nil
}

func deletesError(path string) error {
	return fault.New(fault.Conflict, fmt.Errorf("delete file %q: another program deleted single rows", path),
		"Let that program rewrite the table without delete files (copy on write).")
}

// set fills the list of files.
func (st *state) set(files []DataFile) {
	slices.SortFunc(files, func(a, b DataFile) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.MinTime, b.MinTime), strings.Compare(a.Path, b.Path))
	})
	st.files, st.known = files, true
}

// derive fills the list of files of after from that of before, which saves reading the manifests that were just written.
// It does nothing when somebody else's commit lies between the two.
func derive(before, after *state, remove map[string]bool, add []DataFile) {
	was, is := before.meta.CurrentSnapshot(), after.meta.CurrentSnapshot()
	if is == nil || (was == nil) != (is.ParentSnapshotID == nil) || (was != nil && was.SnapshotID != *is.ParentSnapshotID) {
		return
	}
	before.mu.Lock()
	old, known := before.files, before.known
	before.mu.Unlock()
	if !known && was != nil {
		return
	}
	files := make([]DataFile, 0, len(old)+len(add))
	for _, f := range old {
		if !remove[f.Path] {
			files = append(files, f)
		}
	}
	for _, f := range add {
		f.RowGroups, f.Columns = nil, nil
		files = append(files, f)
	}
	after.mu.Lock()
	defer after.mu.Unlock()
	after.set(files)
}

// Files lists the data files of a store's current snapshot by day, time and path, without their column statistics.
// The list is the caller's. A store without a table is a fault.NotFound.
func (c *Catalog) Files(ctx context.Context, store string) ([]DataFile, error) {
	st, err := c.load(ctx, store)
	if err != nil {
		return nil, err
	}
	files, err := st.list(&warehouseFS{disk: c.disk})
	if err != nil {
		return nil, fmt.Errorf("list files of table %q: %w", store, err)
	}
	return slices.Clone(files), nil
}

// Snapshots lists the snapshots of a store's table, oldest first.
func (c *Catalog) Snapshots(ctx context.Context, store string) ([]Snapshot, error) {
	st, err := c.load(ctx, store)
	if err != nil {
		return nil, err
	}
	var list []Snapshot
	for _, s := range st.meta.Snapshots() {
		list = append(list, fromSnapshot(&s))
	}
	slices.SortStableFunc(list, func(a, b Snapshot) int { return a.Time.Compare(b.Time) })
	return list, nil
}

// HasSummary says whether a snapshot of the store's table, current or earlier and not expired, has value for key in its
// summary. A store without a table has none.
func (c *Catalog) HasSummary(ctx context.Context, store, key, value string) (bool, error) {
	st, err := c.load(ctx, store)
	if fault.KindOf(err) == fault.NotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for _, s := range st.meta.Snapshots() {
		if s.Summary == nil {
			continue
		}
		if got, ok := s.Summary.Properties[key]; ok && got == value {
			return true, nil
		}
	}
	return false, nil
}
