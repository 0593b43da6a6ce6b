package serve

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"kiroku/internal/api"
	"kiroku/internal/config"
	"kiroku/internal/fault"
	"kiroku/internal/lake"
	"kiroku/internal/meta"
)

// ErrInUse says that another process has the data folder open.
var ErrInUse = errors.New("data folder is in use")

// Fsck proves what is in a data folder that no service has open; else the error is ErrInUse. Opening finishes or undoes what
// a crash interrupted, as every start does.
func Fsck(ctx context.Context, cfg *config.Config, log *slog.Logger, repair bool) (rep api.FsckReport, err error) {
	dir, err := filepath.Abs(cfg.DataDir)
	if err != nil {
		return rep, fmt.Errorf("find data folder %q: %w", cfg.DataDir, err)
	}
	if err := checkFolder(dir); err != nil {
		return rep, err
	}
	if _, err := os.Stat(filepath.Join(dir, "meta.db")); errors.Is(err, fs.ErrNotExist) {
		return rep, fault.New(fault.NotFound, fmt.Errorf("open data folder: %q holds no data of kiroku", dir), "Name the folder that \"kiroku serve --data\" was given, or a running service with --url and --token.")
	}
	st, err := openStorage(ctx, dir, cfg, log)
	if errors.Is(err, lake.ErrInUse) {
		return rep, fmt.Errorf("%w: %w", ErrInUse, err)
	}
	if err != nil {
		return rep, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	return fscker{st.lake}.Fsck(ctx, repair)
}

// checkFolder refuses a folder whose metadata database is gone or empty while its events are there. A new database would
// know nothing of them: the lake would take its fresh segments for garbage, and whoever starts it become administrator.
func checkFolder(dir string) error {
	if fi, err := os.Stat(filepath.Join(dir, "meta.db")); err == nil && fi.Size() > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, events := range []string{"fresh/*/*.parquet", "warehouse/*/*/data/*/*.parquet"} {
		if found, _ := fs.Glob(os.DirFS(dir), events); len(found) > 0 {
			return fault.New(fault.NotFound, fmt.Errorf("open data folder: %q has events, but its meta.db is missing or empty", dir),
				"Put meta.db back from a backup. To begin anew, name another folder with --data.")
		}
	}
	return nil
}

// damaged adds what to do to an error that a damaged database caused, where nothing is said of that yet.
func damaged(err error) error {
	if !meta.Damaged(err) || fault.NextOf(err) != "" {
		return err
	}
	return fault.New(fault.Conflict, err, "A database of the data folder is damaged: put meta.db and catalog.db back from one backup.")
}
