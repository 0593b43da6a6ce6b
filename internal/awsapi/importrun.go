package awsapi

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"kiroku/internal/decode/trailfile"
	"kiroku/internal/event"
	"kiroku/internal/logkey"
	"kiroku/internal/meta"
)

const (
	// importInput begins the input that events of an import name; the import's id follows.
	importInput = "import:"

	// afterAll sorts behind every key of a folder.
	afterAll = "\U0010ffff"
)

// Imported says whether records are those of an import: they go to its event data store and nowhere else.
func Imported(o *event.Origin) bool { return strings.HasPrefix(o.Input, importInput) && o.Store != "" }

// importRunner knows which imports run.
type importRunner struct {
	mu      sync.Mutex
	running map[string]context.CancelFunc // by id
	wake    chan struct{}
}

func newImportRunner() *importRunner {
	return &importRunner{running: map[string]context.CancelFunc{}, wake: make(chan struct{}, 1)}
}

// start lets the runner look which imports are to run.
func (r *importRunner) start() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// stop ends an import.
func (r *importRunner) stop(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if cancel := r.running[id]; cancel != nil {
		cancel()
	}
}

// runImports runs the imports that are to run, also those that ran when the process ended, until ctx ends.
func (s *Service) runImports(ctx context.Context) {
	var wait sync.WaitGroup
	defer wait.Wait()
	for {
		rows, err := meta.ListImports(ctx, s.db.Read(), "", "")
		s.tell(ctx, err)
		for _, row := range rows {
			if !isOngoing(row) || s.opt.Buckets == nil {
				continue
			}
			jobCtx, cancel := context.WithCancel(ctx)
			s.imports.mu.Lock()
			if s.imports.running[row.ID] != nil {
				s.imports.mu.Unlock()
				cancel()
				continue
			}
			s.imports.running[row.ID] = cancel
			s.imports.mu.Unlock()
			wait.Go(func() {
				s.tell(ctx, s.runImport(jobCtx, row))
				s.imports.mu.Lock()
				delete(s.imports.running, row.ID)
				s.imports.mu.Unlock()
				cancel()
				s.imports.start() // it may have been started again meanwhile
			})
		}
		select {
		case <-ctx.Done():
			return
		case <-s.imports.wake:
		}
	}
}

// runImport runs one import to its end. When ctx ends it stays as it is: its status says whether it is to go on.
func (s *Service) runImport(ctx context.Context, row meta.Import) error {
	log := s.log.With(slog.String(logkey.Job, row.ID), slog.String(logkey.Path, row.Location))
	log.LogAttrs(ctx, slog.LevelInfo, "import begins")
	err := s.importAll(ctx, row)
	if ctx.Err() != nil {
		return nil //nolint:nilerr // it was told to end
	}
	status := importFailed
	if err == nil {
		failed, cerr := meta.CountImportFailures(ctx, s.db.Read(), row.ID, failureFailed)
		if cerr != nil {
			return cerr
		}
		if failed == 0 {
			status = importCompleted
		}
	}
	werr := s.db.Write(ctx, func(tx *sql.Tx) error {
		if err != nil {
			f := meta.ImportFailure{Import: row.ID, Location: row.Location, Status: failureFailed, ErrorType: errorType(err), Message: failureText(err), Updated: time.Now()}
			if err := meta.SetImportFailure(ctx, tx, f); err != nil {
				return err
			}
		}
		if status == importCompleted {
			folder, err := meta.AddFolder(ctx, tx, importInput, row.ID)
			if err == nil {
				err = meta.DeleteFolder(ctx, tx, folder.ID)
			}
			if err != nil {
				return err
			}
		}
		_, err := meta.SetImportStatus(ctx, tx, row.ID, status, time.Now(), importBeginning, importRunning)
		return err
	})
	log.LogAttrs(ctx, slog.LevelInfo, "import ended", slog.String(logkey.State, status))
	return errors.Join(err, werr)
}

// failureText is an error's text as long as the service model allows.
func failureText(err error) string {
	const most = 1000
	text := err.Error()
	return strings.ToValidUTF8(text[:min(len(text), most)], "")
}

// importAll tries again what failed, then walks on from where the import is. An error is about the whole import.
func (s *Service) importAll(ctx context.Context, row meta.Import) error {
	j := &importJob{s: s, row: row, reading: semaphore.NewWeighted(importReaders), room: semaphore.NewWeighted(importRoom)}
	j.readers.New = func() any { return trailfile.NewReader(nil, trailfile.Options{}) }
	j.bucket, j.prefix = splitLocation(row.Location)
	store, err := meta.GetEventDataStore(ctx, s.db.Read(), row.EventDataStore)
	if err != nil {
		return err
	}
	j.origin = &event.Origin{Input: importInput + row.ID, Source: event.CloudTrail, Store: store.Store}
	j.oldest = time.Now().Add(-days(store.Days))
	if j.objects, err = s.openImport(ctx, row); err != nil {
		return err
	}
	err = s.db.Write(ctx, func(tx *sql.Tx) error {
		f, err := meta.AddFolder(ctx, tx, importInput, row.ID)
		j.folder = f.ID
		return err
	})
	if err != nil {
		return err
	}
	if err := j.retry(ctx); err != nil {
		return err
	}
	w := walk{objects: j.objects, bucket: j.bucket, prefix: j.prefix, start: row.Start, end: row.End}
	folders, err := w.run(ctx)
	if err != nil {
		return fmt.Errorf("list %q: %w", row.Location, err)
	}
	if err := j.begin(ctx, int64(len(folders))); err != nil {
		return err
	}
	for _, folder := range folders {
		if j.row.Position >= folder+afterAll {
			continue
		}
		if err := j.folderFiles(ctx, folder); err != nil {
			return err
		}
	}
	return nil
}

// begin notes how many folders there are.
func (j *importJob) begin(ctx context.Context, folders int64) error {
	j.row.Counts.PrefixesFound = folders
	return j.s.db.Write(ctx, func(tx *sql.Tx) error {
		if _, err := meta.SetImportStatus(ctx, tx, j.row.ID, importRunning, time.Now(), importBeginning); err != nil {
			return err
		}
		return meta.SetImportProgress(ctx, tx, j.row.ID, j.row.Position, j.row.Counts, time.Now())
	})
}

// folderFiles imports the files of a folder, page by page. Each page is counted when it is stored, in one transaction.
func (j *importJob) folderFiles(ctx context.Context, folder string) error {
	for next, more := "", true; more; {
		page, err := j.objects.List(ctx, j.bucket, folder, "", next)
		if err != nil {
			return fmt.Errorf("list %q: %w", folder, err)
		}
		var keys []string
		for _, o := range page.Objects {
			if o.Key > j.row.Position && isImported(j.prefix, o.Key) {
				keys = append(keys, o.Key)
			}
		}
		next, more = page.Next, page.Next != ""
		position := j.row.Position
		if len(page.Objects) > 0 {
			position = max(position, page.Objects[len(page.Objects)-1].Key)
		}
		counts := j.row.Counts
		if !more {
			position = folder + afterAll
			counts.PrefixesCompleted++
		}
		if err := j.files(ctx, keys, position, counts, ""); err != nil {
			return err
		}
	}
	return nil
}

// retry imports the files that failed before.
func (j *importJob) retry(ctx context.Context) error {
	rows, err := meta.ListImportFailures(ctx, j.s.db.Read(), j.row.ID, failureRetry)
	if err != nil || len(rows) == 0 {
		return err
	}
	var keys []string
	for _, f := range rows {
		if f.Location == j.row.Location { // the whole import, which is begun again
			f.Status, f.Updated = failureSucceeded, time.Now()
			if err := j.s.db.Write(ctx, func(tx *sql.Tx) error { return meta.SetImportFailure(ctx, tx, f) }); err != nil {
				return err
			}
			continue
		}
		keys = append(keys, strings.TrimPrefix(f.Location, "s3://"+j.bucket+"/"))
	}
	return j.files(ctx, keys, j.row.Position, j.row.Counts, failureSucceeded)
}

// imported is what became of a file.
type imported struct {
	id     event.ObjectID
	events int64
	failed *fileError
}

// files imports files at the same time, then notes what became of them and how far the import is. Those that are stored get
// the failure status given, unless it is empty.
func (j *importJob) files(ctx context.Context, keys []string, position string, counts meta.ImportCounts, status string) error {
	results := make([]imported, len(keys))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(importFiles)
	for i, key := range keys {
		g.Go(func() error {
			r := &results[i]
			var err error
			if r.id, r.events, err = j.file(gctx, key); errors.As(err, &r.failed) {
				return nil
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	now := time.Now()
	err := j.s.db.Write(ctx, func(tx *sql.Tx) error {
		var stored []event.ObjectID
		for i := range results {
			r := &results[i]
			f := meta.ImportFailure{Import: j.row.ID, Location: "s3://" + j.bucket + "/" + keys[i], Status: status, Updated: now}
			if r.failed == nil {
				counts.Files++
				counts.Events += r.events
				stored = append(stored, r.id)
			} else {
				f.Status, f.ErrorType, f.Message = failureFailed, r.failed.kind, failureText(r.failed)
			}
			if f.Status == "" {
				continue
			}
			if err := meta.SetImportFailure(ctx, tx, f); err != nil {
				return err
			}
		}
		if err := j.forget(ctx, tx, stored); err != nil {
			return err
		}
		return meta.SetImportProgress(ctx, tx, j.row.ID, position, counts, now)
	})
	if err == nil {
		j.row.Position, j.row.Counts = position, counts
	}
	return err
}
