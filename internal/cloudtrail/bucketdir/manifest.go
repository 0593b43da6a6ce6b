package bucketdir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"sort"
	"strings"
)

// manifest is a list of objects.
type manifest struct {
	entries map[string]entry
	keys    []string // sorted
}

type entry struct {
	Bucket   string            `json:"bucket"`
	Key      string            `json:"key"`
	File     string            `json:"file"`
	Metadata map[string]string `json:"metadata"`
}

// readManifest reads the manifest of a folder; nil where it has none. bucket is "" where objects are of several.
func readManifest(root *os.Root) (m *manifest, bucket string, err error) {
	f, err := root.Open(manifestName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", fmt.Errorf("open manifest: %w", err)
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxManifest))
	if err != nil {
		return nil, "", fmt.Errorf("read manifest: %w", err)
	}
	var list []entry
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, "", fmt.Errorf("read manifest %q: %w", f.Name(), err)
	}
	m = &manifest{entries: make(map[string]entry, len(list))}
	for i, e := range list {
		if e.Key == "" {
			return nil, "", fmt.Errorf("read manifest %q: entry %d has no key", f.Name(), i)
		}
		if e.File == "" {
			e.File = e.Key
		}
		if e.Metadata == nil {
			e.Metadata = map[string]string{}
		}
		e.Metadata = plain(e.Metadata)
		m.entries[e.Key] = e
		switch {
		case i == 0:
			bucket = e.Bucket
		case e.Bucket != bucket:
			bucket = ""
		}
	}
	m.keys = slices.Sorted(maps.Keys(m.entries))
	return m, bucket, nil
}

// under is the part of the keys that begin with prefix.
func (m *manifest) under(prefix string) []string {
	from := sort.SearchStrings(m.keys, prefix)
	to := from
	for to < len(m.keys) && strings.HasPrefix(m.keys[to], prefix) {
		to++
	}
	return m.keys[from:to]
}

func (m *manifest) folders(prefix string) []string {
	var names []string
	for _, key := range m.under(prefix) {
		name, _, below := strings.Cut(key[len(prefix):], "/")
		if below && (len(names) == 0 || names[len(names)-1] != name) {
			names = append(names, name)
		}
	}
	slices.Sort(names) // keys are in the order of "name/", where "a-b/" comes before "a/"
	return names
}

func (m *manifest) keysIn(prefix string) []string {
	var keys []string
	for _, key := range m.under(prefix) {
		if !strings.Contains(key[len(prefix):], "/") {
			keys = append(keys, key)
		}
	}
	return keys
}
