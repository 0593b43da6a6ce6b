package table

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	icetable "github.com/apache/iceberg-go/table"

	"kiroku/internal/fault"
)

// Expire takes snapshots older than olderThan out of a store's table, but keeps the newest keepLast (at least 1), and
// removes the files that only they had: manifest lists, manifests, data files with their sidecars. busy, when not nil, is
// asked for each data file; one that a running query may still open is kept and listed. The snapshots go first, in one
// commit: a kill in between leaves orphans, never a table that misses a file.
//
// HasSummary cannot see an expired snapshot: finish the recovery of a store before it is expired.
func (c *Catalog) Expire(
	ctx context.Context, store string, olderThan time.Time, keepLast int, busy func(path string) bool,
) (done Expired, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("expire snapshots of table %q: %w", store, err)
		}
	}()
	if keepLast < 1 {
		return Expired{}, fault.New(fault.Invalid, fmt.Errorf("cannot keep %d snapshots", keepLast), "Keep at least 1.")
	}
	e := c.entry(store)
	e.commit.Lock()
	defer e.commit.Unlock()
	before, after, err := c.commit(ctx, store, func(_ context.Context, _ *state, txn *icetable.Transaction) error {
		return txn.ExpireSnapshots(icetable.WithOlderThan(max(0, time.Since(olderThan))),
			icetable.WithRetainLast(keepLast), icetable.WithPostCommit(false))
	})
	if err != nil || before.location == after.location {
		return Expired{}, err
	}
	if was, is := before.meta.CurrentSnapshot(), after.meta.CurrentSnapshot(); was != nil && is != nil && was.SnapshotID == is.SnapshotID {
		files, err := before.list(&warehouseFS{disk: c.disk})
		if err != nil {
			return Expired{}, err
		}
		after.set(slices.Clone(files))
	}
	c.remember(store, after)
	done.Snapshots = len(before.meta.Snapshots()) - len(after.meta.Snapshots())
	err = c.removeUnreachable(ctx, before, after, busy, &done)
	return done, err
}

// removeUnreachable removes the files that before leads to and after does not.
func (c *Catalog) removeUnreachable(
	ctx context.Context, before, after *state, busy func(string) bool, done *Expired,
) error {
	r := c.newReach()
	used, err := r.from(ctx, after)
	if err != nil {
		return err
	}
	had, err := r.from(ctx, before)
	if err != nil {
		return err
	}
	dirs := map[string]bool{}
	var errs []error
	for path := range had {
		if used[path] {
			continue
		}
		data := path
		if c.sidecar != "" {
			data = strings.TrimSuffix(path, c.sidecar)
		}
		if busy != nil && busy(data) {
			done.Kept = append(done.Kept, path)
			continue
		}
		if err := c.disk.Remove(path); err != nil {
			errs = append(errs, err)
			done.Kept = append(done.Kept, path)
			continue
		}
		dirs[filepath.Dir(path)] = true
		done.Removed = append(done.Removed, path)
	}
	for dir := range dirs {
		errs = append(errs, c.disk.SyncDir(dir))
	}
	slices.Sort(done.Removed)
	slices.Sort(done.Kept)
	return errors.Join(errs...)
}
