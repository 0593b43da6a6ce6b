package bucketdir

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"kiroku/internal/cloudtrail/digest"
)

var _ digest.Objects = (*Dir)(nil)

const (
	manifestName  = "objects.json"
	sidecarSuffix = ".metadata.json"
	logsFolder    = "AWSLogs"

	maxManifest = 256 << 20 // bytes
	maxSidecar  = 1 << 20
)

// Dir is a copy of a bucket. It may be used by several goroutines at once.
type Dir struct {
	root     *os.Root
	bucket   string
	manifest *manifest
}

// Open opens a copy at a folder. scope is the key of that folder in the copy, with a slash at its end, or "" for all of it: a
// folder below AWSLogs is opened through the one above AWSLogs, because keys begin there.
func Open(path string) (d *Dir, scope string, err error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, "", fmt.Errorf("open copy: %w", err)
	}
	base := logsParent(full)
	if _, err := os.Lstat(filepath.Join(full, manifestName)); err == nil {
		base = full
	}
	if base != full {
		rel, err := filepath.Rel(base, full)
		if err != nil {
			return nil, "", fmt.Errorf("open copy: %w", err)
		}
		scope = filepath.ToSlash(rel) + "/"
	}
	if info, err := os.Stat(full); err != nil {
		return nil, "", fmt.Errorf("open copy: %w", err)
	} else if !info.IsDir() {
		return nil, "", fmt.Errorf("open copy: %q is not a folder", path)
	}
	root, err := os.OpenRoot(base)
	if err != nil {
		return nil, "", fmt.Errorf("open copy: %w", err)
	}
	d = &Dir{root: root}
	if scope == "" {
		if d.manifest, d.bucket, err = readManifest(root); err != nil {
			root.Close()
			return nil, "", err
		}
	}
	return d, scope, nil
}

// logsParent is the folder above the last AWSLogs on the way to full, or full.
func logsParent(full string) string {
	for dir := full; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if filepath.Base(dir) == logsFolder {
			return filepath.Dir(dir)
		}
	}
	return full
}

// Close closes the folder.
func (d *Dir) Close() error { return d.root.Close() }

// Bucket is the name of the bucket that a manifest tells, or "": a folder does not say what it is a copy of.
func (d *Dir) Bucket() string { return d.bucket }

// Folders implements digest.Objects.
func (d *Dir) Folders(_ context.Context, prefix string) ([]string, error) {
	if d.manifest != nil {
		return d.manifest.folders(prefix), nil
	}
	return d.names(prefix, fs.DirEntry.IsDir)
}

// Keys implements digest.Objects.
func (d *Dir) Keys(_ context.Context, prefix string) ([]string, error) {
	if d.manifest != nil {
		return d.manifest.keysIn(prefix), nil
	}
	names, err := d.names(prefix, func(e fs.DirEntry) bool { return !e.IsDir() && !strings.HasSuffix(e.Name(), sidecarSuffix) })
	for i, name := range names {
		names[i] = prefix + name
	}
	return names, err
}

// names lists a folder; one that is not there is empty, as in a bucket.
func (d *Dir) names(prefix string, want func(fs.DirEntry) bool) ([]string, error) {
	name := strings.TrimSuffix(prefix, "/")
	if name == "" {
		name = "."
	}
	if !filepath.IsLocal(name) {
		return nil, nil
	}
	f, err := d.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list %q: %w", prefix, err)
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	if err != nil {
		return nil, fmt.Errorf("list %q: %w", prefix, err)
	}
	var names []string
	for _, e := range entries {
		if want(e) {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// Open implements digest.Objects.
func (d *Dir) Open(_ context.Context, key string) (*digest.Object, error) {
	name, metadata := key, map[string]string(nil)
	if d.manifest != nil {
		entry, ok := d.manifest.entries[key]
		if !ok {
			return nil, fmt.Errorf("open %q: %w", key, fs.ErrNotExist)
		}
		name, metadata = entry.File, entry.Metadata
	}
	if !filepath.IsLocal(name) { // ".." in a key names nothing
		return nil, fmt.Errorf("open %q: %w", key, fs.ErrNotExist)
	}
	f, err := d.root.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, errors.Join(fmt.Errorf("open %q: it is no file: %w", key, fs.ErrNotExist), err)
	}
	if d.manifest == nil {
		if metadata, err = d.sidecar(name); err != nil {
			f.Close()
			return nil, err
		}
	}
	return &digest.Object{Body: f, Metadata: metadata}, nil
}

// sidecar is the metadata beside a file, or nil.
func (d *Dir) sidecar(name string) (map[string]string, error) {
	f, err := d.root.Open(name + sidecarSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open metadata: %w", err)
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxSidecar))
	if err != nil {
		return nil, fmt.Errorf("read metadata: %w", err)
	}
	metadata, err := parseMetadata(raw)
	if err != nil {
		return nil, fmt.Errorf("read metadata %q: %w", name+sidecarSuffix, err)
	}
	return metadata, nil
}

// parseMetadata reads what "aws s3api head-object" prints, or the member Metadata alone.
func parseMetadata(raw []byte) (map[string]string, error) {
	var head struct {
		Metadata map[string]string
	}
	if err := json.Unmarshal(raw, &head); err == nil && head.Metadata != nil {
		return plain(head.Metadata), nil
	}
	var flat map[string]any
	if err := json.Unmarshal(raw, &flat); err != nil {
		return nil, err
	}
	metadata := map[string]string{}
	for name, value := range flat { // the head of an object without metadata has members that are no texts
		if text, ok := value.(string); ok {
			metadata[name] = text
		}
	}
	return plain(metadata), nil
}

// plain writes names as an S3 client does.
func plain(metadata map[string]string) map[string]string {
	out := make(map[string]string, len(metadata))
	for name, value := range metadata {
		out[strings.TrimPrefix(strings.ToLower(name), "x-amz-meta-")] = value
	}
	return out
}
