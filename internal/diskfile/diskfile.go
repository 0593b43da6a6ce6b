package diskfile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Op names a step that touches the disk.
type Op string

// The steps.
const (
	OpCreate  Op = "create"
	OpWrite   Op = "write"
	OpSync    Op = "sync"
	OpRename  Op = "rename"
	OpSyncDir Op = "sync folder"
	OpMkdir   Op = "mkdir"
	OpRemove  Op = "remove"
	OpCut     Op = "cut"
)

// Disk does the steps. It is a value; copies behave alike.
type Disk struct {
	// Before, when not nil, is asked before every step on the disk. Its error is returned in place of the step.
	// It may be called by several goroutines at once.
	Before func(op Op, path string) error
}

const tempMark = ".tmp-"

// IsTemp says whether a file name is one that WriteFile uses until the file is whole. Such a file is garbage once its
// writer is gone.
func IsTemp(path string) bool {
	name := filepath.Base(path)
	return strings.HasPrefix(name, ".") && strings.Contains(name, tempMark)
}

func (d Disk) before(op Op, path string) error {
	if d.Before == nil {
		return nil
	}
	if err := d.Before(op, path); err != nil {
		return fmt.Errorf("%s %q: %w", op, path, err)
	}
	return nil
}

// WriteFile puts what write writes under the name path with mode 0640, replacing a file that is there. Its folder must
// exist.
func (d Disk) WriteFile(path string, write func(io.Writer) error) (err error) {
	temp := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+tempMark+rand.Text())
	f, err := d.Create(temp)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.removeTemp(temp))
		}
	}()
	if err := write(f); err != nil {
		return errors.Join(fmt.Errorf("write %q: %w", path, err), f.Abort())
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := d.before(OpRename, path); err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	return d.SyncDir(filepath.Dir(path))
}

// removeTemp takes a temporary file away; after the rename it is gone already.
func (d Disk) removeTemp(temp string) error {
	if err := d.before(OpRemove, temp); err != nil {
		return err
	}
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Create makes a new file whose Close forces its content to disk. Its name is safe only after SyncDir.
func (d Disk) Create(path string) (*File, error) {
	if err := d.before(OpCreate, path); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return nil, err
	}
	return &File{disk: d, f: f}, nil
}

// SyncFile forces the content of a file that somebody else wrote to disk.
func (d Disk) SyncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return d.sync(OpSync, f)
}

// CutFile takes away everything behind the first n bytes of a file that somebody else wrote, and forces that to disk.
func (d Disk) CutFile(path string, n int64) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := d.cut(f, n); err != nil {
		return err
	}
	return d.sync(OpSync, f)
}

func (d Disk) cut(f *os.File, n int64) error {
	if err := d.before(OpCut, f.Name()); err != nil {
		return err
	}
	return f.Truncate(n)
}

// SyncDir forces the names in a folder to disk. Windows has no such step: there its file system's journal keeps their order.
func (d Disk) SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return d.before(OpSyncDir, dir)
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return d.sync(OpSyncDir, f)
}

func (d Disk) sync(op Op, f *os.File) error {
	if err := d.before(op, f.Name()); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("%s %q: %w", op, f.Name(), err)
	}
	return nil
}

// MkdirAll makes a folder and those above it with mode 0750, and forces the new names to disk.
func (d Disk) MkdirAll(dir string) error {
	if info, err := os.Stat(dir); err == nil {
		if !info.IsDir() {
			return fmt.Errorf("make folder %q: there is a file of that name", dir)
		}
		return nil
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := d.MkdirAll(parent); err != nil {
			return err
		}
	}
	if err := d.before(OpMkdir, dir); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o750); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return d.SyncDir(parent)
}

// Remove takes a file away. A file that is not there is no error. The name is gone for good only after SyncDir.
func (d Disk) Remove(path string) error {
	if err := d.before(OpRemove, path); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// RemoveAll takes a folder and everything in it away, for good. A folder that is not there is no error.
func (d Disk) RemoveAll(dir string) error {
	if err := d.before(OpRemove, dir); err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	parent := filepath.Dir(dir)
	if _, err := os.Stat(parent); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return d.SyncDir(parent)
}

// WriteFile is Disk.WriteFile of the real disk.
func WriteFile(path string, write func(io.Writer) error) error { return Disk{}.WriteFile(path, write) }

// SyncFile is Disk.SyncFile of the real disk.
func SyncFile(path string) error { return Disk{}.SyncFile(path) }

// SyncDir is Disk.SyncDir of the real disk.
func SyncDir(dir string) error { return Disk{}.SyncDir(dir) }

// MkdirAll is Disk.MkdirAll of the real disk.
func MkdirAll(dir string) error { return Disk{}.MkdirAll(dir) }

// Remove is Disk.Remove of the real disk.
func Remove(path string) error { return Disk{}.Remove(path) }
