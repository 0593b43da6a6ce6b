package table

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"

	"kiroku/internal/fault"
)

// reach finds the files that the snapshots of a table lead to. It keeps what each manifest names, since snapshots share
// most of theirs.
type reach struct {
	cat       *Catalog
	fs        *warehouseFS
	manifests map[string][]string
}

func (c *Catalog) newReach() *reach {
	return &reach{cat: c, fs: &warehouseFS{disk: c.disk}, manifests: map[string][]string{}}
}

// from returns every file that st leads to: metadata files that it names, manifest lists, manifests, data files that are
// live in at least one snapshot, with their sidecars, and statistics files.
func (r *reach) from(ctx context.Context, st *state) (map[string]bool, error) {
	files := map[string]bool{localPath(st.location): true}
	for old := range st.meta.PreviousFiles() {
		files[localPath(old.MetadataFile)] = true
	}
	for s := range st.meta.Statistics() {
		files[localPath(s.StatisticsPath)] = true
	}
	for s := range st.meta.PartitionStatistics() {
		files[localPath(s.StatisticsPath)] = true
	}
	for _, snap := range st.meta.Snapshots() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := r.snapshot(&snap, files); err != nil {
			return nil, fmt.Errorf("snapshot %d: %w", snap.SnapshotID, err)
		}
	}
	return files, nil
}

func (r *reach) snapshot(snap *icetable.Snapshot, files map[string]bool) error {
	files[localPath(snap.ManifestList)] = true
	manifests, err := snap.Manifests(r.fs)
	if err != nil {
		return fmt.Errorf("read manifest list: %w", err)
	}
	for _, m := range manifests {
		path := localPath(m.FilePath())
		if files[path] {
			continue
		}
		files[path] = true
		data, err := r.manifest(path, m)
		if err != nil {
			return err
		}
		for _, d := range data {
			files[d] = true
			if side := r.cat.sidecarOf(d); side != "" {
				files[side] = true
			}
		}
	}
	return nil
}

func (r *reach) manifest(path string, m iceberg.ManifestFile) ([]string, error) {
	if data, ok := r.manifests[path]; ok {
		return data, nil
	}
	var data []string
	for entry, err := range m.Entries(r.fs, true) {
		if err != nil {
			return nil, fmt.Errorf("read manifest %q: %w", path, err)
		}
		data = append(data, localPath(entry.DataFile().FilePath()))
	}
	r.manifests[path] = data
	return data, nil
}

// Orphans lists the files in a store's folder that nothing references: what a commit that was killed left, files that
// Expire had to keep, data files that were never committed. A file that was written a moment ago may belong to a commit
// that is under way: judge by ModTime. Without a table every file of the folder is an orphan.
func (c *Catalog) Orphans(ctx context.Context, store string) ([]Orphan, error) {
	if err := checkStore(store); err != nil {
		return nil, err
	}
	used := map[string]bool{}
	st, err := c.load(ctx, store)
	if err == nil {
		used, err = c.newReach().from(ctx, st)
	}
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return nil, fmt.Errorf("look for orphans of table %q: %w", store, err)
	}
	var orphans []Orphan
	err = filepath.WalkDir(c.dir(store), func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || d.IsDir() || used[path] {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		orphans = append(orphans, Orphan{Path: path, Bytes: info.Size(), ModTime: info.ModTime()})
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("look for orphans of table %q: %w", store, err)
	}
	return orphans, nil
}

// Younger lists the files in a store's folder that were written after the table's newest metadata: only a commit that is
// under way, or was killed, writes such. A store without a table is a fault.NotFound.
func (c *Catalog) Younger(ctx context.Context, store string) ([]string, error) {
	st, err := c.load(ctx, store)
	if err != nil {
		return nil, err
	}
	newest, err := os.Stat(localPath(st.location))
	if err != nil {
		return nil, fmt.Errorf("look for young files of table %q: %w", store, err)
	}
	var young []string
	err = filepath.WalkDir(c.dir(store), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if info, err := d.Info(); err == nil && info.ModTime().After(newest.ModTime()) {
			young = append(young, path)
		}
		return ctx.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("look for young files of table %q: %w", store, err)
	}
	return young, nil
}
