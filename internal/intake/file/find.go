package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"kiroku/internal/fault"
)

// Stdin is the argument that means standard input.
const Stdin = "-"

// Item is one thing to read.
type Item struct {
	Path string // Stdin, or a path
	Size int64  // bytes; 0: unknown
}

// Find turns arguments into the files they mean: files, folders (everything below them but hidden files), patterns, and
// Stdin. A file that several arguments mean is there once. The errors are about single arguments; the items are good.
func Find(args []string) (items []Item, errs []error) {
	seen := map[string]bool{}
	add := func(path string, size int64) {
		if !seen[filepath.Clean(path)] || path == Stdin {
			seen[filepath.Clean(path)] = true
			items = append(items, Item{path, size})
		}
	}
	for _, arg := range args {
		if arg == Stdin {
			add(Stdin, 0)
			continue
		}
		paths := []string{arg}
		if _, err := os.Stat(arg); errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(arg, "*?[") {
			matches, err := filepath.Glob(arg)
			if err != nil || len(matches) == 0 {
				errs = append(errs, fault.New(fault.NotFound, fmt.Errorf("find files: nothing matches %q", arg), "Check the pattern; * does not cross folders."))
				continue
			}
			paths = matches
		}
		for _, p := range paths {
			if err := find(p, add); err != nil {
				errs = append(errs, err)
			}
		}
	}
	return items, errs
}

func find(path string, add func(string, int64)) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return fmt.Errorf("find files: %w", err)
	case !info.IsDir():
		add(path, sizeOf(info))
		return nil
	}
	var errs []error
	found := false
	path = strings.TrimRight(path, "/") + "/" // a link to a folder counts as the folder
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("find files: %w", err))
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case p != path && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			return nil
		}
		if info, err := os.Stat(p); err == nil && info.Mode().IsRegular() { // a link to a file counts as the file
			found = true
			add(p, info.Size())
		}
		return nil
	})
	if err == nil && !found && len(errs) == 0 {
		err = fault.New(fault.NotFound, fmt.Errorf("find files: folder %q holds no files", path), "Hidden files are left out; name them to import them.")
	}
	return errors.Join(append(slices.Clip(errs), err)...)
}

func sizeOf(info fs.FileInfo) int64 {
	if info.Mode().IsRegular() {
		return info.Size()
	}
	return 0
}
