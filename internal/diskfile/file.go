package diskfile

import (
	"errors"
	"io"
	"os"
)

// File is a file that is being written. It is not safe for concurrent use.
type File struct {
	disk Disk
	f    *os.File
	err  error // first failure of a write: the content is not whole, so Close must not succeed
	done bool
}

// Name is the path given to Create.
func (w *File) Name() string { return w.f.Name() }

// Write appends p.
func (w *File) Write(p []byte) (int, error) {
	if err := w.disk.before(OpWrite, w.f.Name()); err != nil {
		return 0, w.fail(err)
	}
	n, err := w.f.Write(p)
	return n, w.fail(err)
}

// ReadFrom appends what r holds.
func (w *File) ReadFrom(r io.Reader) (int64, error) {
	if err := w.disk.before(OpWrite, w.f.Name()); err != nil {
		return 0, w.fail(err)
	}
	n, err := w.f.ReadFrom(r)
	return n, w.fail(err)
}

func (w *File) fail(err error) error {
	if w.err == nil {
		w.err = err
	}
	return err
}

// Sync forces what was written so far to disk.
func (w *File) Sync() error {
	if w.err != nil {
		return w.err
	}
	return w.fail(w.disk.sync(OpSync, w.f))
}

// Cut takes away everything behind the first n bytes, and with it what failed there.
func (w *File) Cut(n int64) error {
	if err := w.disk.cut(w.f, n); err != nil {
		return err
	}
	_, err := w.f.Seek(n, io.SeekStart)
	w.err = err
	return err
}

// Close forces the content to disk and closes the file. It fails when a write before it failed. A second Close does
// nothing.
func (w *File) Close() error {
	if w.done {
		return nil
	}
	w.done = true
	if w.err == nil {
		w.err = w.disk.sync(OpSync, w.f)
	}
	return errors.Join(w.err, w.f.Close())
}

// Abort closes the file without forcing its content to disk. After Close it does nothing.
func (w *File) Abort() error {
	if w.done {
		return nil
	}
	w.done = true
	return w.f.Close()
}
