package spool

import (
	"errors"
	"os"
	"syscall"
)

// What Windows answers.
const (
	sharingViolation = syscall.Errno(32)
	handleDiskFull   = syscall.Errno(39)
	diskIsFull       = syscall.Errno(112)
)

// lock opens a file that only one process can have open: it is opened without sharing.
func lock(path string) (*os.File, error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	h, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE, 0, nil, syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	switch {
	case errors.Is(err, sharingViolation):
		return nil, errInUse
	case err != nil:
		return nil, &os.PathError{Op: "lock", Path: path, Err: err}
	}
	return os.NewFile(uintptr(h), path), nil
}

// diskFull says whether the disk is used up.
func diskFull(err error) bool {
	return errors.Is(err, diskIsFull) || errors.Is(err, handleDiskFull)
}
