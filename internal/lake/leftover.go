package lake

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"kiroku/internal/fault"
	"kiroku/internal/lake/segment"
	"kiroku/internal/logkey"
)

// clear removes what a commit that was killed left in the folders of the tables: data files, manifests and metadata that
// are younger than the table's own. While something is wrong nothing goes: it may be what was lost.
func (l *Lake) clear(ctx context.Context, infos []Info) error {
	if len(l.damage) > 0 {
		return nil
	}
	for name, st := range l.stores {
		young, err := l.cat.Younger(ctx, name)
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return err
		}
		if err != nil {
			l.log.LogAttrs(ctx, slog.LevelError, "the Iceberg table of a store is not in catalog.db: its events are found and safe, but nothing is published",
				slog.String(logkey.Store, name), slog.String(logkey.Next, fault.NextOf(err)))
		}
		if len(young) == 0 {
			continue
		}
		mine := slices.DeleteFunc(slices.Clone(infos), func(in Info) bool { return in.Store != name })
		left, err := l.leftovers(ctx, st, mine, young)
		if err != nil {
			return fmt.Errorf("look for what an interrupted commit left of store %q: %w", name, err)
		}
		for _, path := range left {
			l.log.LogAttrs(ctx, slog.LevelInfo, "removing what an interrupted commit left", slog.String(logkey.File, path))
			if err := os.Remove(path); err != nil {
				return err
			}
			l.cleared = append(l.cleared, Finding{Code: "orphan", Store: name, Path: path, Repaired: true,
				Message: "an interrupted commit left this file; nothing referenced it", Next: "Nothing: it is removed."})
		}
	}
	return nil
}

// leftovers are those of the young files that neither the registry nor the table of a store refers to; none when the two
// do not agree, or when one of the files has events that nobody else has.
func (l *Lake) leftovers(ctx context.Context, st *store, infos []Info, young []string) ([]string, error) {
	var rep Report
	if readable, err := l.fsckTable(ctx, st, infos, FsckOptions{}, &rep); err != nil || !readable || len(rep.Findings) > 0 {
		return nil, err
	}
	orphans, err := l.orphans(ctx, st, infos)
	if err != nil {
		return nil, err
	}
	orphans = slices.DeleteFunc(orphans, func(path string) bool { return !slices.Contains(young, path) })
	for _, path := range orphans {
		if strings.HasSuffix(path, ".parquet") && !below(path, st.nextSeq) {
			return nil, nil
		}
	}
	return orphans, nil
}

// below tells whether all events of a file have sequence numbers below next: then they are in registered files, too.
func below(path string, next int64) bool {
	f, err := segment.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	r := segment.NewReader(nil)
	var seqs []int64
	for _, g := range f.Groups {
		if seqs, err = r.Seqs(g, seqs[:0]); err != nil || len(seqs) > 0 && slices.Max(seqs) >= next {
			return false
		}
	}
	return true
}

// orphans are the files in the folder of a store's table that neither the registry nor the table refers to.
func (l *Lake) orphans(ctx context.Context, st *store, infos []Info) ([]string, error) {
	known := map[string]bool{}
	for _, in := range infos {
		known[filepath.Join(l.opt.Dir, in.Path)] = true
	}
	list, err := l.cat.Orphans(ctx, st.name)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, o := range list {
		if !known[o.Path] {
			paths = append(paths, o.Path)
		}
	}
	return paths, nil
}
