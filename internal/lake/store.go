package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/lake/segment"
)

// store is one event data store.
type store struct {
	name      string
	about     string // description; guarded by mu
	created   time.Time
	retention time.Duration
	firstSeq  int64 // of its first event
	nextSeq   int64 // guarded by Lake.commitMu
	deleted   int64 // events that retention has dropped

	rewrite sync.Mutex // held while segments are put in the place of others

	mu   sync.Mutex
	last int64      // sequence number of the last event that was committed
	segs []*Segment // in the order of first_seq; replaced as a whole, never changed
	past []*Segment // data files that left the table while a view held them
}

// Segment is one registered segment. It stays readable as long as the View that it came from is open.
type Segment struct {
	Info
	path    string
	groups  []int64 // for the Iceberg commit of a file just written
	columns []segment.ColumnStats

	mu   sync.Mutex
	refs int  // views that hold it
	gone bool // no longer registered: close it, and delete its file if erase
	// erase says that the file is ours to delete: a fresh segment. Files of the Iceberg table belong to its snapshots.
	erase bool
	file  *segment.File
}

// File opens the segment, once.
func (s *Segment) File() (*segment.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		f, err := segment.Open(s.path)
		if err != nil {
			return nil, err
		}
		s.file = f
	}
	return s.file, nil
}

// Path is the segment's file.
func (s *Segment) Path() string { return s.path }

func (s *Segment) hold() {
	s.mu.Lock()
	s.refs++
	s.mu.Unlock()
}

func (s *Segment) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refs--
	s.endLocked()
}

func (s *Segment) held() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refs > 0
}

// inUse says whether a view holds the data file path, which is not in the table any more.
func (st *store) inUse(path string) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, s := range st.past {
		if s.path == path && s.held() {
			return true
		}
	}
	return false
}

// retire is called when the segment is not registered any more.
func (s *Segment) retire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = true
	s.endLocked()
}

func (s *Segment) endLocked() {
	if !s.gone || s.refs > 0 {
		return
	}
	if s.file != nil {
		s.file.Close()
		s.file = nil
	}
	if s.erase {
		os.Remove(s.path) // should it stay: a file without a row, which the next start removes
	}
}

// View is the segments of some stores at one moment. Close it.
type View struct {
	Segments []*Segment
	once     sync.Once
}

// Close lets go of the segments.
func (v *View) Close() {
	v.once.Do(func() {
		for _, s := range v.Segments {
			s.release()
		}
	})
}

// View returns the segments of the named stores; all stores when names is empty.
func (l *Lake) View(names []string) (*View, error) {
	stores, err := l.pick(names)
	if err != nil {
		return nil, err
	}
	v := &View{}
	for _, st := range stores {
		st.mu.Lock()
		for _, s := range st.segs {
			s.hold()
		}
		v.Segments = append(v.Segments, st.segs...)
		st.mu.Unlock()
	}
	return v, nil
}

func (l *Lake) pick(names []string) ([]*store, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var out []*store
	if len(names) == 0 {
		for _, st := range l.stores {
			out = append(out, st)
		}
		slices.SortFunc(out, func(a, b *store) int { return compare(a.name, b.name) })
		return out, nil
	}
	for _, n := range names {
		st := l.stores[n]
		if st == nil {
			return nil, noStore(n)
		}
		if !slices.Contains(out, st) {
			out = append(out, st)
		}
	}
	return out, nil
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func noStore(name string) error {
	return fault.New(fault.NotFound, fmt.Errorf("event data store %q: there is none", name),
		`List the stores with "kiroku stores", or create this one with "kiroku stores create".`)
}

// StoreInfo describes an event data store.
type StoreInfo struct {
	Name           string        `json:"name"`
	Description    string        `json:"description,omitempty"`
	Created        time.Time     `json:"created"`
	Retention      time.Duration `json:"-"` // 0: for ever
	Events         int64         `json:"events"`
	Bytes          int64         `json:"bytes"`     // on disk
	RawBytes       int64         `json:"raw_bytes"` // of the records
	Unparsed       int64         `json:"unparsed"`
	Oldest         time.Time     `json:"oldest,omitzero"`
	Newest         time.Time     `json:"newest,omitzero"`
	FreshSegments  int           `json:"fresh_segments"`
	FreshEvents    int64         `json:"fresh_events"`
	FreshBytes     int64         `json:"fresh_bytes"`
	DataFiles      int           `json:"data_files"`
	NextSeq        int64         `json:"next_seq"`
	DroppedByAge   int64         `json:"dropped_by_retention"`
	OldestFreshAge time.Duration `json:"-"`
}

// Stores describes the stores, sorted by name.
func (l *Lake) Stores() []StoreInfo {
	stores, _ := l.pick(nil)
	out := make([]StoreInfo, 0, len(stores))
	for _, st := range stores {
		out = append(out, st.info())
	}
	return out
}

// Store describes one store.
func (l *Lake) Store(name string) (StoreInfo, error) {
	stores, err := l.pick([]string{name})
	if err != nil {
		return StoreInfo{}, err
	}
	return stores[0].info(), nil
}

func (st *store) info() StoreInfo {
	st.mu.Lock()
	defer st.mu.Unlock()
	in := StoreInfo{Name: st.name, Description: st.about, Created: st.created, Retention: st.retention, NextSeq: st.last + 1, DroppedByAge: st.deleted}
	for _, s := range st.segs {
		in.Events += s.Rows
		in.Bytes += s.Bytes
		in.RawBytes += s.RawBytes
		in.Unparsed += s.Unparsed
		if s.Published {
			in.DataFiles++
		} else {
			if in.FreshSegments == 0 {
				in.OldestFreshAge = time.Since(time.UnixMicro(s.Created))
			}
			in.FreshSegments++
			in.FreshEvents += s.Rows
			in.FreshBytes += s.Bytes
		}
		if t := time.UnixMicro(s.MinTime).UTC(); in.Oldest.IsZero() || t.Before(in.Oldest) {
			in.Oldest = t
		}
		if t := time.UnixMicro(s.MaxTime).UTC(); t.After(in.Newest) {
			in.Newest = t
		}
	}
	return in
}

// CreateStore makes an event data store. It is a fault.Conflict when there is one of that name.
func (l *Lake) CreateStore(ctx context.Context, name string, retention time.Duration) error {
	if !event.IsStoreName(name) {
		return fault.New(fault.Invalid, fmt.Errorf("store name %q is not possible", name), "Use "+event.StoreNameRule+".")
	}
	if retention < 0 {
		return fault.New(fault.Invalid, fmt.Errorf("retention of store %q is negative", name), "Give a duration such as 365d, or 0 for ever.")
	}
	l.mu.RLock()
	taken := l.stores[name] != nil
	l.mu.RUnlock()
	if taken {
		return fault.New(fault.Conflict, fmt.Errorf("event data store %q exists already", name), "")
	}
	if err := l.cat.Create(ctx, name); err != nil && fault.KindOf(err) != fault.Conflict {
		return err
	}
	st := &store{name: name, created: time.Now().UTC(), retention: retention}
	if err := os.MkdirAll(l.freshDir(name), 0o750); err != nil {
		return fmt.Errorf("create store %q: %w", name, err)
	}
	err := l.db.Write(ctx, func(tx *sql.Tx) error {
		seq, err := firstSeq(ctx, tx, name)
		if err != nil {
			return err
		}
		st.firstSeq, st.nextSeq, st.last = seq, seq, seq-1
		_, err = tx.ExecContext(ctx, `INSERT INTO stores (name, created, retention, first_seq, next_seq) VALUES (?,?,?,?,?)`,
			name, st.created.UnixMicro(), int64(retention/time.Second), seq, seq)
		return err
	})
	if err != nil {
		return fmt.Errorf("create store %q: %w", name, err)
	}
	l.mu.Lock()
	l.stores[name] = st
	l.mu.Unlock()
	return nil
}

// SetRetention changes how long a store keeps its events; 0: for ever.
func (l *Lake) SetRetention(ctx context.Context, name string, d time.Duration) error {
	if d < 0 {
		return fault.New(fault.Invalid, fmt.Errorf("retention of store %q is negative", name), "Give a duration such as 365d, or 0 for ever.")
	}
	stores, err := l.pick([]string{name})
	if err != nil {
		return err
	}
	err = l.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE stores SET retention = ? WHERE name = ?`, int64(d/time.Second), name)
		return err
	})
	if err != nil {
		return fmt.Errorf("set retention of store %q: %w", name, err)
	}
	stores[0].mu.Lock()
	stores[0].retention = d
	stores[0].mu.Unlock()
	return nil
}

// Describe changes what a store says of itself.
func (l *Lake) Describe(ctx context.Context, name, text string) error {
	stores, err := l.pick([]string{name})
	if err != nil {
		return err
	}
	err = l.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE stores SET description = ? WHERE name = ?`, text, name)
		return err
	})
	if err != nil {
		return fmt.Errorf("describe store %q: %w", name, err)
	}
	stores[0].mu.Lock()
	stores[0].about = text
	stores[0].mu.Unlock()
	return nil
}

// DeleteStore removes a store and all its events. The default store cannot be deleted.
func (l *Lake) DeleteStore(ctx context.Context, name string) error {
	if name == DefaultStore {
		return fault.New(fault.Conflict, errors.New("the default store cannot be deleted"), "Events without a route go there; set a short retention instead.")
	}
	stores, err := l.pick([]string{name})
	if err != nil {
		return err
	}
	st := stores[0]
	l.commitMu.Lock()
	defer l.commitMu.Unlock()
	st.rewrite.Lock()
	defer st.rewrite.Unlock()
	err = l.db.Write(ctx, func(tx *sql.Tx) error {
		if err := dropStore(ctx, tx, name); err != nil {
			return err
		}
		for _, q := range []string{`DELETE FROM publications WHERE store = ?`, `DELETE FROM segments WHERE store = ?`, `DELETE FROM stores WHERE name = ?`} {
			if _, err := tx.ExecContext(ctx, q, name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("delete store %q: %w", name, err)
	}
	l.mu.Lock()
	delete(l.stores, name)
	l.mu.Unlock()
	st.swap(nil, st.segs)
	l.changed.tell()
	if err := l.cat.Drop(ctx, name); err != nil {
		return err
	}
	return os.RemoveAll(l.freshDir(name))
}

// swap puts add in the place of remove in the list that readers see.
func (st *store) swap(add, remove []*Segment) {
	st.mu.Lock()
	next := make([]*Segment, 0, len(st.segs)+len(add))
	for _, s := range st.segs {
		if !slices.Contains(remove, s) {
			next = append(next, s)
		}
	}
	next = append(next, add...)
	for _, s := range add {
		st.last = max(st.last, s.LastSeq)
	}
	slices.SortStableFunc(next, func(a, b *Segment) int { return int(min(max(a.FirstSeq-b.FirstSeq, -1), 1)) })
	st.segs = next
	st.past = slices.DeleteFunc(st.past, func(s *Segment) bool { return !s.held() })
	for _, s := range remove {
		if s.Published && s.held() {
			st.past = append(st.past, s)
		}
	}
	st.mu.Unlock()
	for _, s := range remove {
		s.retire()
	}
}

func (l *Lake) freshDir(name string) string { return filepath.Join(l.opt.Dir, "fresh", name) }
