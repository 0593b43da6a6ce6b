package lake

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"kiroku/internal/logkey"
)

// recover reads the registry and makes disk, tables and registry agree again after whatever ended the process before.
func (l *Lake) recover(ctx context.Context) error {
	pubs, err := readPublications(ctx, l.db.Read())
	if err != nil {
		return err
	}
	for i := range pubs {
		if err := l.settle(ctx, &pubs[i]); err != nil {
			return fmt.Errorf("settle publication %q: %w", pubs[i].ID, err)
		}
	}
	if err := l.readStores(ctx); err != nil {
		return err
	}
	infos, err := readSegments(ctx, l.db.Read())
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, in := range infos {
		st := l.stores[in.Store]
		s := &Segment{Info: in, path: filepath.Join(l.opt.Dir, in.Path), erase: !in.Published}
		known[s.path] = true
		if fi, err := os.Stat(s.path); err != nil || fi.Size() != in.Bytes {
			what := fmt.Sprintf("segment %s of store %s (events: %d) is missing or cut", in.Path, in.Store, in.Rows)
			l.damage = append(l.damage, what)
			l.log.LogAttrs(ctx, slog.LevelError, "lake is damaged", slog.String(logkey.Segment, what),
				slog.String(logkey.Next, "put the file back from a backup; \"kiroku fsck\" lists everything that is wrong"))
			continue
		}
		st.segs = append(st.segs, s)
	}
	if err := l.sweep(ctx, known); err != nil {
		return err
	}
	return l.clear(ctx, infos)
}

func (l *Lake) readStores(ctx context.Context) error {
	rows, err := l.db.Read().QueryContext(ctx, `SELECT name, description, created, retention, first_seq, next_seq, deleted_events FROM stores`)
	if err != nil {
		return fmt.Errorf("read stores: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var st store
		var created, retention int64
		if err := rows.Scan(&st.name, &st.about, &created, &retention, &st.firstSeq, &st.nextSeq, &st.deleted); err != nil {
			return fmt.Errorf("read stores: %w", err)
		}
		st.created, st.retention = time.UnixMicro(created).UTC(), time.Duration(retention)*time.Second
		st.last = st.nextSeq - 1
		l.stores[st.name] = &st
	}
	return rows.Err()
}

// settle finishes a publication whose Iceberg commit went through, and undoes any other.
func (l *Lake) settle(ctx context.Context, p *publication) error {
	done, err := l.cat.HasSummary(ctx, p.Store, SummaryKey, p.ID)
	if err != nil {
		return err
	}
	if done {
		l.log.LogAttrs(ctx, slog.LevelInfo, "finishing a publication that was interrupted", slog.String(logkey.Store, p.Store))
		return l.db.Write(ctx, func(tx *sql.Tx) error { return finishPublication(ctx, tx, p) })
	}
	l.log.LogAttrs(ctx, slog.LevelInfo, "undoing a publication that was interrupted", slog.String(logkey.Store, p.Store))
	for _, in := range p.Add {
		if err := os.Remove(filepath.Join(l.opt.Dir, in.Path)); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	return l.db.Write(ctx, func(tx *sql.Tx) error { return dropPublication(ctx, tx, p.ID) })
}

// sweep removes fresh segments that are not registered: they were never acknowledged, or are published already.
func (l *Lake) sweep(ctx context.Context, known map[string]bool) error {
	for name := range l.stores {
		dir := l.freshDir(name)
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return err
		}
		files, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, f := range files {
			path := filepath.Join(dir, f.Name())
			if known[path] || !strings.HasSuffix(path, ".parquet") {
				continue
			}
			l.log.LogAttrs(ctx, slog.LevelInfo, "removing an unregistered segment", slog.String(logkey.File, path))
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	return nil
}
