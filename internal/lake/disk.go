package lake

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"kiroku/internal/fault"
)

// ErrInUse says that another process has the lake open.
var ErrInUse = errors.New("lake is open in another process")

// lockDir takes the lock of a lake's folder. The kernel lets go of it when the process ends, however it ends.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return nil, fmt.Errorf("lock lake: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fault.New(fault.Conflict, fmt.Errorf("%q: %w", dir, ErrInUse),
				"Stop the other kiroku, or give this one another --data folder.")
		}
		return nil, fmt.Errorf("lock lake: %w", err)
	}
	return f, nil
}

// freeBytes is the room that is left for us on the file system of dir, and its size.
func freeBytes(dir string) (free, total int64, err error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, 0, err
	}
	return int64(st.Bavail) * st.Bsize, int64(st.Blocks) * st.Bsize, nil
}

// checkRoom refuses to write when the disk is nearly full, so that there is room left to publish and to recover.
func (l *Lake) checkRoom() error {
	free, _, err := freeBytes(l.opt.Dir)
	if err == nil && free < l.opt.MinFree {
		return fault.New(fault.Busy, fmt.Errorf("disk is full: %d MB are free, lake.min_free is %d MB", free>>20, l.opt.MinFree>>20),
			"Make room, shorten a store's retention, or lower lake.min_free. Intake goes on by itself.")
	}
	return nil
}
