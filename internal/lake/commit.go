package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"kiroku/internal/diskfile"
	"kiroku/internal/lake/segment"
	"kiroku/internal/logkey"
)

// inflight is what one commit makes durable.
type inflight struct {
	mu      sync.Mutex // while writers are taken
	groups  map[*store][]*segment.Group
	waiting []waiter
	events  int64
	bytes   int64
}

// commitLoop commits flush_interval after the first event, or earlier when there is much or when somebody waits for little.
func (l *Lake) commitLoop(ctx context.Context) error {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-l.first:
		}
		timer.Reset(l.opt.FlushInterval)
		if err := l.awaitDue(ctx, timer.C); err != nil {
			return err
		}
		if err := l.commitUntilDone(ctx); err != nil {
			return err
		}
	}
}

// A sender that waits gets its answer before flush_interval is over, as long as that does not cut a stream into crumbs.
const (
	promptGather = 20 * time.Millisecond // for others that wait, too
	promptPause  = 60 * time.Millisecond // from one commit to the next
	promptEvents = 2048                  // with more, it is asked whether more are coming
)

// A burst of so many events is committed when nothing more has come for a while.
const (
	burstEvents = 8192
	burstPause  = 40 * time.Millisecond
)

// awaitDue returns when it is time to commit.
func (l *Lake) awaitDue(ctx context.Context, flush <-chan time.Time) error {
	var prompt <-chan time.Time
	var before, burst int64
	pause := time.NewTicker(burstPause)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-flush:
			return nil
		case <-l.full:
			return nil
		case <-pause.C:
			events := l.pendingEvents.Load()
			if events >= burstEvents && events == burst {
				return nil
			}
			burst = events
		case <-l.awaited:
			if prompt == nil {
				since := time.Since(time.UnixMicro(l.lastCommit.Load()))
				prompt = time.After(max(promptGather, promptPause-since))
			}
		case <-prompt:
			// Either there is little, or nothing has come for a while: everybody waits.
			events := l.pendingEvents.Load()
			if events <= promptEvents || events == before {
				return nil
			}
			before, prompt = events, time.After(promptGather)
		}
	}
}

// commitUntilDone repeats a failing commit. Meanwhile writers wait, so that memory stays bounded.
func (l *Lake) commitUntilDone(ctx context.Context) error {
	delay := 100 * time.Millisecond
	for failed := false; ; failed = true {
		err := l.commit(ctx)
		if err == nil {
			if failed {
				l.log.LogAttrs(ctx, slog.LevelInfo, "lake stores again")
			}
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !failed {
			l.log.LogAttrs(ctx, slog.LevelError, "lake cannot store; intake waits", slog.Any(logkey.Err, err))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(delay):
		}
		delay = min(2*delay, 2*time.Second)
	}
}

// Flush commits what there is now.
func (l *Lake) Flush(ctx context.Context) error { return l.commit(ctx) }

// commit makes everything that writers have taken durable. After an error everything is kept for the next try.
func (l *Lake) commit(ctx context.Context) error {
	l.commitMu.Lock()
	defer l.commitMu.Unlock()
	began := time.Now()
	p := &l.inflight
	if p.groups == nil {
		p.groups = map[*store][]*segment.Group{}
	}
	p.events += l.pendingEvents.Swap(0)
	p.bytes += l.pendingBytes.Swap(0)
	l.writersMu.Lock()
	writers := slices.Clone(l.writers)
	l.writersMu.Unlock()
	var wg sync.WaitGroup
	for _, w := range writers {
		wg.Go(func() { w.take(p) })
	}
	wg.Wait()
	if len(p.groups) == 0 && len(p.waiting) == 0 {
		return nil
	}
	if err := l.store(ctx, p); err != nil {
		l.gate.block(err)
		return err
	}
	l.gate.unblock()
	for _, w := range p.waiting {
		if w.done != nil {
			w.done(nil)
		}
	}
	l.commits.Add(1)
	l.lastCommit.Store(time.Now().UnixMicro())
	l.commitMicros.Store(time.Since(began).Microseconds())
	p.groups, p.waiting, p.events, p.bytes = nil, nil, 0, 0
	return nil
}

// store writes the segments and registers them.
func (l *Lake) store(ctx context.Context, p *inflight) (err error) {
	if err := l.checkRoom(); err != nil {
		return err
	}
	var segs []*Segment
	var stores []*store
	defer func() {
		if err != nil && !l.registered(ctx, segs) {
			for _, s := range segs {
				os.Remove(s.path) // should it stay: a file without a row, which the next start removes
			}
		}
	}()
	alive := map[*store][]*segment.Group{}
	for st, groups := range p.groups {
		st = l.alive(st)
		alive[st] = append(alive[st], groups...)
	}
	for st, groups := range alive {
		s, err := l.writeFresh(st, groups)
		if s != nil {
			segs, stores = append(segs, s), append(stores, st)
		}
		if err != nil {
			return fmt.Errorf("write segment of store %q: %w", st.name, err)
		}
	}
	err = l.db.Write(ctx, func(tx *sql.Tx) error {
		for i, s := range segs {
			if err := insertSegment(ctx, tx, &s.Info); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `UPDATE stores SET next_seq = ? WHERE name = ?`, s.LastSeq+1, stores[i].name); err != nil {
				return err
			}
		}
		for _, w := range p.waiting {
			if w.checkpoint == nil {
				continue
			}
			if err := setCheckpoint(ctx, tx, w.checkpoint); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil && !l.registered(ctx, segs) {
		return fmt.Errorf("register segments: %w", err)
	}
	for i, s := range segs {
		stores[i].nextSeq = s.LastSeq + 1
		stores[i].swap([]*Segment{s}, nil)
	}
	if len(segs) > 0 {
		l.changed.tell()
	}
	return nil
}

// registered says whether the segments are in the registry, or may be: an error of a commit does not tell. All are, or none.
func (l *Lake) registered(ctx context.Context, segs []*Segment) bool {
	if len(segs) == 0 {
		return false
	}
	var id int64
	err := l.db.Read().QueryRowContext(context.WithoutCancel(ctx), `SELECT id FROM segments WHERE path = ?`, segs[0].Info.Path).Scan(&id)
	return !errors.Is(err, sql.ErrNoRows)
}

// alive is the store itself, or the default store when it was deleted meanwhile.
func (l *Lake) alive(st *store) *store {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.stores[st.name] == st {
		return st
	}
	return l.stores[DefaultStore]
}

// writeFresh writes groups as one file and forces it to disk. The segment is returned also with an error, so that its
// file can be removed.
func (l *Lake) writeFresh(st *store, groups []*segment.Group) (*Segment, error) {
	dir := l.freshDir(st.name)
	return l.writeFile(st, filepath.Join(dir, fmt.Sprintf("%020d-%s.parquet", st.nextSeq, token())), groups, st.nextSeq)
}

func (l *Lake) writeFile(st *store, path string, groups []*segment.Group, firstSeq int64) (*Segment, error) {
	s := &Segment{path: path, erase: true}
	f, err := diskfile.Disk{}.Create(path)
	if err != nil {
		return nil, err
	}
	w, err := segment.Assemble(f, groups, firstSeq)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = diskfile.SyncDir(filepath.Dir(path))
	}
	if err != nil {
		return s, err
	}
	rel, err := filepath.Rel(l.opt.Dir, path)
	if err != nil {
		return s, err
	}
	s.groups, s.columns = w.Groups, w.Columns
	s.Info = Info{Store: st.name, Path: rel, Rows: int64(w.Rows), Bytes: w.Bytes, RawBytes: w.RawBytes, Unparsed: int64(w.Unparsed),
		FirstSeq: w.FirstSeq, LastSeq: w.LastSeq, MinTime: w.MinTime, MaxTime: w.MaxTime, SHA256: w.SHA256, Created: time.Now().UnixMicro()}
	return s, nil
}
