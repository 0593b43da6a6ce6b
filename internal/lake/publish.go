package lake

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"kiroku/internal/diskfile"
	"kiroku/internal/event"
	"kiroku/internal/lake/segment"
	"kiroku/internal/lake/table"
	"kiroku/internal/logkey"
)

// SummaryKey is the key in a snapshot's summary that names the publication which made it.
const SummaryKey = "kiroku.publication"

const (
	maxFresh       = 16 // fresh segments of a store before they are merged
	maxPublish     = 512 << 20
	maxPublishDays = 64
)

func token() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // it never fails: see crypto/rand
	return hex.EncodeToString(b[:])
}

// tend publishes and merges what is due.
func (l *Lake) tend(ctx context.Context) error {
	stores, _ := l.pick(nil)
	var errs []error
	for _, st := range stores {
		fresh := st.fresh()
		var size int64
		for _, s := range fresh {
			size += s.Bytes
		}
		switch {
		case len(fresh) == 0:
		case size >= l.opt.PublishBytes || time.Since(time.UnixMicro(fresh[0].Created)) >= l.opt.PublishInterval:
			errs = append(errs, l.publish(ctx, st))
		case len(fresh) > maxFresh:
			errs = append(errs, l.merge(ctx, st))
		}
	}
	return errors.Join(errs...)
}

func (st *store) fresh() []*Segment { return st.list(false) }

func (st *store) list(published bool) (out []*Segment) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, s := range st.segs {
		if s.Published == published {
			out = append(out, s)
		}
	}
	return out
}

// Publish moves all fresh segments of all stores into their tables now.
func (l *Lake) Publish(ctx context.Context) error {
	stores, _ := l.pick(nil)
	for _, st := range stores {
		for len(st.fresh()) > 0 {
			if err := l.publish(ctx, st); err != nil {
				return err
			}
		}
	}
	return nil
}

// publish moves fresh segments of a store into its table.
func (l *Lake) publish(ctx context.Context, st *store) (err error) {
	st.rewrite.Lock()
	defer st.rewrite.Unlock()
	if err := l.checkRoom(); err != nil {
		return err
	}
	var old []*Segment
	var size int64
	for _, s := range st.fresh() {
		if len(old) > 0 && size+s.Bytes > maxPublish {
			break
		}
		old = append(old, s)
		size += s.Bytes
	}
	if len(old) == 0 {
		return nil
	}
	began := time.Now()
	days, err := l.byDay(old)
	if err != nil {
		return err
	}
	fresh, err := l.writeDays(st, days)
	if err != nil {
		removeFiles(fresh)
		return err
	}
	if err := l.replace(ctx, st, old, fresh); err != nil {
		return fmt.Errorf("publish store %q: %w", st.name, err)
	}
	l.publishes.Add(1)
	l.lastPublish.Store(time.Now().UnixMicro())
	l.log.LogAttrs(ctx, slog.LevelDebug, "published", slog.String(logkey.Store, st.name), slog.Int(logkey.Segments, len(old)),
		slog.Int(logkey.Files, len(fresh)), slog.Int64(logkey.Bytes, size), slog.Duration(logkey.Took, time.Since(began)))
	return nil
}

// writeDays writes one data file a day.
func (l *Lake) writeDays(st *store, days map[table.Day][]*segment.Group) (out []*Segment, err error) {
	for day, groups := range days {
		s, err := l.writeData(st, day, groups)
		if s != nil {
			out = append(out, s)
		}
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

func (l *Lake) writeData(st *store, day table.Day, groups []*segment.Group) (*Segment, error) {
	dir := l.cat.DataDir(st.name, day)
	if err := diskfile.MkdirAll(dir); err != nil {
		return nil, err
	}
	s, err := l.writeFile(st, filepath.Join(dir, token()+token()+".parquet"), groups, 0)
	if s != nil {
		s.Published, s.erase = true, false
	}
	return s, err
}

func removeFiles(segs []*Segment) {
	for _, s := range segs {
		os.Remove(s.path) // should it stay: an orphan, which fsck names and removes
	}
}

// replace puts add in the place of old: intent, Iceberg commit, registry. What a crash interrupts, recover finishes or undoes.
func (l *Lake) replace(ctx context.Context, st *store, old, add []*Segment) error {
	p := publication{ID: token() + token(), Store: st.name}
	var removed []string // files of the table
	for _, s := range old {
		p.Remove = append(p.Remove, s.ID)
		if s.Published {
			removed = append(removed, s.path)
		}
	}
	files := make([]table.DataFile, 0, len(add))
	for _, s := range add {
		p.Add = append(p.Add, s.Info)
		files = append(files, s.dataFile())
	}
	if err := l.db.Write(ctx, func(tx *sql.Tx) error { return insertPublication(ctx, tx, &p) }); err != nil {
		removeFiles(add)
		return fmt.Errorf("register publication: %w", err)
	}
	summary := map[string]string{SummaryKey: p.ID}
	var err error
	switch {
	case len(removed) == 0:
		_, err = l.cat.Append(ctx, st.name, files, summary)
	case len(files) == 0:
		_, err = l.cat.DeleteFiles(ctx, st.name, removed, summary)
	default:
		_, err = l.cat.Replace(ctx, st.name, removed, files, summary)
	}
	if err != nil {
		if done, herr := l.cat.HasSummary(ctx, st.name, SummaryKey, p.ID); herr != nil {
			return errors.Join(err, herr) // unknown: the next start decides
		} else if !done {
			removeFiles(add)
			derr := l.db.Write(ctx, func(tx *sql.Tx) error { return dropPublication(ctx, tx, p.ID) })
			return errors.Join(err, derr)
		}
	}
	if err := l.db.Write(ctx, func(tx *sql.Tx) error { return finishPublication(ctx, tx, &p) }); err != nil {
		return fmt.Errorf("finish publication: %w", err)
	}
	for i, s := range add {
		s.ID = p.Add[i].ID
	}
	st.swap(add, old)
	return nil
}

// tableStats are the columns whose statistics go into the Iceberg table; more of them make every commit slower.
var tableStats = map[event.Column]bool{event.ColTime: true, event.ColIngestTime: true, event.ColSeq: true, event.ColEventUID: true, event.ColSource: true,
	event.ColClassUID: true, event.ColTypeUID: true, event.ColSeverityID: true, event.ColService: true, event.ColEventCode: true,
	event.ColActorUserName: true, event.ColSrcIP: true, event.ColRawData: true}

// dataFile describes a file just written for the Iceberg commit.
func (s *Segment) dataFile() table.DataFile {
	f := table.DataFile{Path: s.path, Rows: s.Rows, Bytes: s.Bytes, Day: table.DayOfMicros(s.MinTime), MinTime: s.MinTime, MaxTime: s.MaxTime,
		MinSeq: s.FirstSeq, MaxSeq: s.LastSeq, RowGroups: s.groups}
	byID := map[int]event.Column{}
	for _, c := range event.Columns() {
		byID[c.Info().FieldID] = c
	}
	for _, cs := range s.columns {
		c := byID[cs.FieldID]
		if cs.IsNested || !tableStats[c] {
			continue
		}
		st := table.ColumnStats{Column: c, Bytes: cs.Size, Values: cs.Values, Nulls: cs.Nulls}
		switch {
		case cs.HasText:
			st.Min, st.Max = cs.MinText, cs.MaxText
		case cs.HasRange:
			st.Min, st.Max = cs.Min, cs.Max
		}
		f.Columns = append(f.Columns, st)
	}
	return f
}

// merge joins the fresh segments of a store into one, so that queries open few files.
func (l *Lake) merge(ctx context.Context, st *store) error {
	st.rewrite.Lock()
	defer st.rewrite.Unlock()
	old := st.fresh()
	if len(old) < 2 {
		return nil
	}
	if err := l.checkRoom(); err != nil {
		return err
	}
	days, err := l.byDay(old)
	if err != nil {
		return err
	}
	var groups []*segment.Group
	for _, gs := range days {
		groups = append(groups, gs...)
	}
	path := filepath.Join(l.freshDir(st.name), fmt.Sprintf("%020d-%s.parquet", old[0].FirstSeq, token()))
	s, err := l.writeFile(st, path, groups, 0)
	if err != nil {
		if s != nil {
			removeFiles([]*Segment{s})
		}
		return err
	}
	s.Created = old[0].Created // its events have waited since then
	p := publication{Store: st.name, Add: []Info{s.Info}}
	for _, o := range old {
		p.Remove = append(p.Remove, o.ID)
	}
	if err := l.db.Write(ctx, func(tx *sql.Tx) error { return finishPublication(ctx, tx, &p) }); err != nil {
		return fmt.Errorf("merge segments of store %q: %w", st.name, err)
	}
	s.ID = p.Add[0].ID
	st.swap([]*Segment{s}, old)
	return nil
}
