package table

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"sync"

	iceio "github.com/apache/iceberg-go/io"

	"kiroku/internal/diskfile"
)

// localPath turns a location into a path of this machine. We write plain paths; other writers may write file URIs.
func localPath(location string) string {
	for _, prefix := range []string{"file://", "file:"} {
		if rest, ok := strings.CutPrefix(location, prefix); ok && strings.HasPrefix(rest, "/") {
			return rest
		}
	}
	return location
}

// warehouseFS is the file system that the Iceberg library sees during one piece of work. Files it writes are forced to
// disk when they are closed, and remembered, so that a commit that failed can take them away again.
type warehouseFS struct {
	disk diskfile.Disk

	mu      sync.Mutex // the library merges manifests with several goroutines
	created []string
}

var (
	_ iceio.WriteFileIO = (*warehouseFS)(nil)
	_ iceio.ReadFileIO  = (*warehouseFS)(nil)
)

// Open reads a file.
func (w *warehouseFS) Open(name string) (iceio.File, error) { return os.Open(localPath(name)) }

// ReadFile reads a whole file.
func (w *warehouseFS) ReadFile(name string) ([]byte, error) { return os.ReadFile(localPath(name)) }

// Create writes a file that is on disk once it is closed. Its name is safe after the folder was synced.
func (w *warehouseFS) Create(name string) (iceio.FileWriter, error) {
	path := localPath(name)
	w.remember(path)
	return w.disk.Create(path)
}

// WriteFile writes a whole file like Create.
func (w *warehouseFS) WriteFile(name string, content []byte) error {
	f, err := w.Create(name)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}

// Remove takes a file away. One that is gone already is no error: the library would log it.
func (w *warehouseFS) Remove(name string) error { return w.disk.Remove(localPath(name)) }

func (w *warehouseFS) remember(path string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.created = append(w.created, path)
}

// undo takes away what was written. It goes on after an error: what stays is an orphan, not a fault of the table.
func (w *warehouseFS) undo() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var errs []error
	for _, path := range w.created {
		if err := w.disk.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	w.created = nil
	return errors.Join(errs...)
}

// tidy takes away what a commit that was made had written and does not use: a manifest that was merged into another one
// at once. What it cannot take away is an orphan; the commit stands all the same.
func (w *warehouseFS) tidy(after *state) {
	snap := after.meta.CurrentSnapshot()
	if snap == nil {
		return
	}
	manifests, err := snap.Manifests(w)
	if err != nil {
		return
	}
	used := map[string]bool{localPath(after.location): true, localPath(snap.ManifestList): true}
	for _, m := range manifests {
		used[localPath(m.FilePath())] = true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, path := range w.created {
		if !used[path] {
			_ = w.disk.Remove(path)
		}
	}
	w.created = nil
}
