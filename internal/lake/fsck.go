package lake

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"kiroku/internal/fault"
	"kiroku/internal/lake/segment"
	"kiroku/internal/lake/table"
)

// FsckOptions say what Fsck does.
type FsckOptions struct {
	Repair bool // do what is safe: remove what nothing references, put a table back that the catalog lost
}

// Finding is one thing that is not as it should be.
type Finding struct {
	Code     string `json:"code"` // segment_missing, segment_damaged, seq_missing, seq_twice, table_differs, orphan
	Store    string `json:"store,omitempty"`
	Path     string `json:"path,omitempty"`
	Message  string `json:"message"`
	Next     string `json:"next"`
	Repaired bool   `json:"repaired"`
}

// Report is what Fsck found.
type Report struct {
	OK       bool        `json:"ok"` // nothing is wrong, or all of it was repaired
	Stores   []FsckStore `json:"stores"`
	Findings []Finding   `json:"findings"`
	Took     string      `json:"took"`
}

// FsckStore is what was proved of a store.
type FsckStore struct {
	Name      string `json:"name"`
	Events    int64  `json:"events"`
	Segments  int    `json:"segments"` // fresh ones
	DataFiles int    `json:"data_files"`
	Bytes     int64  `json:"bytes"`
}

// Fsck proves that every registered segment is there, whole and readable, that no sequence number is missing or twice,
// that Iceberg and the registry agree, and that nothing lies around. It reads every byte.
func (l *Lake) Fsck(ctx context.Context, opt FsckOptions) (*Report, error) {
	began := time.Now()
	rep := &Report{Findings: []Finding{}}
	for _, d := range l.damage {
		rep.add(Finding{Code: "segment_missing", Message: d, Next: "Put the file back from a backup and start again."})
	}
	l.mu.RLock()
	rep.Findings = append(rep.Findings, l.cleared...)
	l.mu.RUnlock()
	stores, _ := l.pick(nil)
	for _, st := range stores {
		if err := l.fsckStore(ctx, st, opt, rep); err != nil {
			return nil, fmt.Errorf("check store %q: %w", st.name, err)
		}
	}
	rep.OK = !slices.ContainsFunc(rep.Findings, func(f Finding) bool { return !f.Repaired })
	rep.Took = time.Since(began).Round(time.Millisecond).String()
	return rep, nil
}

func (r *Report) add(f Finding) { r.Findings = append(r.Findings, f) }

func (l *Lake) fsckStore(ctx context.Context, st *store, opt FsckOptions, rep *Report) error {
	l.commitMu.Lock() // no new segment while the numbers are compared
	st.rewrite.Lock() // and none that moves
	defer st.rewrite.Unlock()
	v, err := l.View([]string{st.name})
	first, next := st.firstSeq, st.nextSeq
	l.commitMu.Unlock()
	if err != nil {
		return err
	}
	defer v.Close()
	infos, err := readSegments(ctx, l.db.Read())
	if err != nil {
		return err
	}
	infos = slices.DeleteFunc(infos, func(in Info) bool { return in.Store != st.name })
	before := len(rep.Findings)
	fs := FsckStore{Name: st.name}
	runs := seqRuns{}
	for _, s := range v.Segments {
		if err := ctx.Err(); err != nil {
			return err
		}
		fs.Events += s.Rows
		if s.Published {
			fs.DataFiles++
		} else {
			fs.Segments++
		}
		fs.Bytes += s.Bytes
		if err := verifySegment(s, &runs); err != nil {
			rep.add(Finding{Code: "segment_damaged", Store: st.name, Path: s.Info.Path, Message: err.Error(),
				Next: "Put the file back from a backup; its events cannot be read until then."})
		}
	}
	for _, f := range runs.findings(first, next, st.deleted) {
		f.Store = st.name
		rep.add(f)
	}
	rep.Stores = append(rep.Stores, fs)
	if readable, err := l.fsckTable(ctx, st, infos, opt, rep); err != nil || !readable {
		return err
	}
	sound := len(l.damage) == 0 && !slices.ContainsFunc(rep.Findings[before:], func(f Finding) bool { return !f.Repaired })
	return l.fsckOrphans(ctx, st, infos, sound, opt, rep)
}

// verifySegment reads every byte of a segment.
func verifySegment(s *Segment, runs *seqRuns) error {
	h := sha256.New()
	f, err := os.Open(s.path)
	if err != nil {
		return err
	}
	n, err := io.Copy(h, f)
	f.Close()
	if err != nil {
		return err
	}
	if n != s.Bytes {
		return fmt.Errorf("file has %d bytes, registered are %d", n, s.Bytes)
	}
	if sum := hex.EncodeToString(h.Sum(nil)); sum != s.SHA256 {
		return fmt.Errorf("file has SHA-256 %s, registered is %s: it was altered", sum, s.SHA256)
	}
	file, err := s.File()
	if err != nil {
		return err
	}
	r := segment.NewReader(nil)
	rows := 0
	var seqs []int64
	for i, g := range file.Groups {
		if err := r.Verify(g); err != nil {
			return fmt.Errorf("row group %d: %w", i, err)
		}
		if seqs, err = r.Seqs(g, seqs[:0]); err != nil {
			return fmt.Errorf("row group %d: %w", i, err)
		}
		runs.add(seqs)
		rows += g.Rows
	}
	if int64(rows) != s.Rows {
		return fmt.Errorf("file has %d events, registered are %d", rows, s.Rows)
	}
	return nil
}

// seqRuns collects sequence numbers as runs [from, to).
type seqRuns struct{ runs [][2]int64 }

func (r *seqRuns) add(seqs []int64) {
	slices.Sort(seqs)
	for i := 0; i < len(seqs); {
		k := i + 1
		for k < len(seqs) && seqs[k] == seqs[k-1]+1 {
			k++
		}
		r.runs = append(r.runs, [2]int64{seqs[i], seqs[k-1] + 1})
		i = k
	}
}

// findings compares the runs with first to next-1. Numbers may be missing only as far as retention has dropped events.
func (r *seqRuns) findings(first, next, deleted int64) (out []Finding) {
	slices.SortFunc(r.runs, func(a, b [2]int64) int { return int(min(max(a[0]-b[0], -1), 1)) })
	at := first
	missing := int64(0)
	var gaps []string
	for _, run := range append(r.runs, [2]int64{next, next}) {
		switch {
		case run[0] > at:
			missing += run[0] - at
			gaps = append(gaps, fmt.Sprintf("%d-%d", at, run[0]-1))
		case run[0] < at && run[0] < run[1]:
			out = append(out, Finding{Code: "seq_twice", Message: fmt.Sprintf("sequence numbers %d to %d are there twice", run[0], min(at, run[1])-1),
				Next: "Keep the data folder as it is and report this: it must not happen."})
		}
		at = max(at, run[1])
	}
	if missing != deleted {
		if len(gaps) > 10 {
			gaps = append(gaps[:10], "…")
		}
		out = append(out, Finding{Code: "seq_missing", Message: fmt.Sprintf("%d sequence numbers are missing, retention has dropped %d: %s",
			missing, deleted, strings.Join(gaps, ", ")), Next: "Put the missing files back from a backup."})
	}
	return out
}

// fsckTable compares the Iceberg table with the registry. Of a table that cannot be read nothing more can be said.
func (l *Lake) fsckTable(ctx context.Context, st *store, infos []Info, opt FsckOptions, rep *Report) (readable bool, err error) {
	files, err := l.cat.Files(ctx, st.name)
	if fault.KindOf(err) == fault.NotFound {
		f := l.lostTable(ctx, st, infos, opt)
		rep.add(f)
		if !f.Repaired {
			return false, ctx.Err()
		}
		files, err = l.cat.Files(ctx, st.name)
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err != nil {
		rep.add(Finding{Code: "table_differs", Store: st.name, Message: err.Error(), Next: backupNext})
		return false, nil //nolint:nilerr // that is the finding
	}
	next := "Stop Kiroku and start it again: it finishes what was interrupted. If it stays, put catalog.db back from the backup that meta.db is of."
	for _, f := range l.differences(infos, files) {
		f.Code, f.Store, f.Next = "table_differs", st.name, next
		rep.add(f)
	}
	return true, nil
}

const backupNext = "Put catalog.db and the metadata folder of the table back from a backup. Kiroku itself finds the events without them."

// lostTable is the finding of a table that the catalog does not have. A repair puts it back as a metadata file describes it that names
// what is registered, file by file.
func (l *Lake) lostTable(ctx context.Context, st *store, infos []Info, opt FsckOptions) Finding {
	f := Finding{Code: "table_differs", Store: st.name, Message: "the Iceberg table is not in catalog.db", Next: table.RestoreNext}
	if !opt.Repair {
		return f
	}
	path, err := l.cat.Restore(ctx, st.name, func(files []table.DataFile) bool { return len(l.differences(infos, files)) == 0 })
	if err != nil {
		f.Message += ": " + err.Error()
		f.Next = cmp.Or(fault.NextOf(err), backupNext)
		return f
	}
	f.Path, f.Repaired = path, true
	return f
}

// differences tells where the files of an Iceberg table and the registry differ.
func (l *Lake) differences(infos []Info, files []table.DataFile) (out []Finding) {
	rows := map[string]int64{}
	for _, f := range files {
		rows[f.Path] = f.Rows
	}
	for _, in := range infos {
		if !in.Published {
			continue
		}
		path := filepath.Join(l.opt.Dir, in.Path)
		n, ok := rows[path]
		switch {
		case !ok:
			out = append(out, Finding{Path: in.Path, Message: "registered data file is not in the Iceberg table"})
		case n != in.Rows:
			out = append(out, Finding{Path: in.Path, Message: fmt.Sprintf("the Iceberg table says %d rows, the registry %d", n, in.Rows)})
		}
		delete(rows, path)
	}
	for path := range rows {
		out = append(out, Finding{Path: path, Message: "data file of the Iceberg table is not registered"})
	}
	return out
}

// fsckOrphans finds files that neither the registry nor the Iceberg table references. Only in a
// store that is sound they are garbage: else they may be what was lost.
func (l *Lake) fsckOrphans(ctx context.Context, st *store, infos []Info, sound bool, opt FsckOptions, rep *Report) error {
	paths, err := l.orphans(ctx, st, infos)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, in := range infos {
		known[filepath.Join(l.opt.Dir, in.Path)] = true
	}
	entries, err := os.ReadDir(l.freshDir(st.name))
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(l.freshDir(st.name), e.Name())
		if info, err := e.Info(); err == nil && !known[path] && time.Since(info.ModTime()) > time.Minute {
			paths = append(paths, path)
		}
	}
	next := `Run "kiroku fsck --repair" to remove it.`
	if !sound {
		next = `Settle what else is wrong first: it may be what was lost. "kiroku fsck --repair" leaves it until then.`
	}
	for _, p := range paths {
		f := Finding{Code: "orphan", Store: st.name, Path: p, Message: "nothing references this file", Next: next}
		if opt.Repair && sound && !st.inUse(p) {
			f.Repaired = os.Remove(p) == nil
		}
		rep.add(f)
	}
	return nil
}
