package awsapi

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"kiroku/internal/decode/jsonleaf"
	"kiroku/internal/decode/trailfile"
	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/meta"
)

// Bounds of one import. Most files are small and each waits until it is durable, so many wait while a few are read.
const (
	importFiles   = 256      // on their way
	importReaders = 16       // of them being read
	importBatch   = 1 << 20  // bytes of records that are stored at a time
	importRoom    = 32 << 20 // bytes of records that wait until they are durable
)

// busyWait is how long an import waits when the lake cannot store anything.
const busyWait = 2 * time.Second

// importJob is an import that runs.
type importJob struct {
	s       *Service
	row     meta.Import
	objects Bucket
	bucket  string
	prefix  string
	folder  int64 // under which is kept what of each file is stored
	origin  *event.Origin
	readers sync.Pool           // *trailfile.Reader
	reading *semaphore.Weighted // importReaders
	room    *semaphore.Weighted // importRoom
	oldest  time.Time           // events before it are not kept
}

// fileError is why a file was not imported, as ListImportFailures says it.
type fileError struct {
	kind string
	err  error
}

func (e *fileError) Error() string { return e.err.Error() }
func (e *fileError) Unwrap() error { return e.err }

// file stores the records of an object that are not stored yet, and returns how many of its records belong to the import. A
// *fileError is about this file; any other error ends the import for now.
func (j *importJob) file(ctx context.Context, key string) (id event.ObjectID, events int64, err error) {
	if err := j.reading.Acquire(ctx, 1); err != nil {
		return id, 0, err
	}
	letGo := sync.OnceFunc(func() { j.reading.Release(1) })
	defer letGo()
	o, err := j.objects.Get(ctx, j.bucket, key)
	if err != nil {
		if ctx.Err() != nil {
			return id, 0, ctx.Err()
		}
		return id, 0, &fileError{errorType(err), err}
	}
	files := j.readers.Get().(*trailfile.Reader)
	files.Reset(o.Body)
	id = fileID(key, o.ETag)
	b := importBlock{job: j, part: event.ObjectPart{Folder: j.folder, ID: id}}
	events, stored, err := j.records(ctx, files, &b)
	j.readers.Put(files)
	if cerr := o.Body.Close(); err == nil && cerr != nil {
		err = &fileError{"FileReadError", cerr}
	}
	if err == nil && !stored {
		letGo() // the next one may be read while this one waits for the disk
		err = b.send(ctx, true)
	}
	return id, events, err
}

// records sends the records of a file that are not stored yet but for the last ones, which stay in b, and counts those that
// belong to the import. stored: there was nothing to store, only to count.
func (j *importJob) records(ctx context.Context, files *trailfile.Reader, b *importBlock) (events int64, stored bool, err error) {
	have, stored, err := meta.GetObject(ctx, j.s.db.Read(), j.folder, 0, b.part.ID)
	if err != nil {
		return 0, false, err
	}
	for {
		rec, err := files.Next()
		switch {
		case err == io.EOF:
			return events, stored, nil
		case ctx.Err() != nil:
			return events, stored, ctx.Err()
		case err != nil:
			kind := "FileReadError"
			if trailfile.IsDamage(err) {
				kind = "InvalidFileFormat"
			}
			if serr := b.send(ctx, false); serr != nil { // what could be read is stored
				return events, stored, serr
			}
			return events, stored, &fileError{kind, err}
		}
		if rec.Truncated && len(rec.Data) < trailfile.MaxRecord {
			continue // the file ends within it, which is told next
		}
		wanted := j.wants(rec.Data)
		if wanted {
			events++
		}
		if stored || have.Has(rec.Index) {
			continue
		}
		if err := b.add(ctx, &rec, wanted); err != nil {
			return events, stored, err
		}
	}
}

// errorType words why an object cannot be had.
func errorType(err error) string {
	switch fault.KindOf(err) {
	case fault.NotFound:
		return "NoSuchKey"
	case fault.Denied, fault.NoToken:
		return "AccessDenied"
	case fault.Conflict:
		return "InvalidObjectState"
	case fault.Invalid:
		return "NoSuchBucket"
	}
	return "FileReadError"
}

func fileID(key, etag string) (id event.ObjectID) {
	sum := sha256.Sum256([]byte(key + "\x00" + etag))
	copy(id[:], sum[:])
	return id
}

// wants says whether an event happened in the time asked for and is young enough to be kept. One without a time is.
func (j *importJob) wants(record []byte) bool {
	ms := jsonleaf.Members{Doc: record}
	var m jsonleaf.Member
	for ms.Next(&m) {
		if string(m.Key) != "eventTime" {
			continue
		}
		at, err := time.Parse(time.RFC3339, string(m.Text))
		return err != nil || !at.Before(j.oldest) && !at.Before(j.row.Start) && (j.row.End.IsZero() || !at.After(j.row.End))
	}
	return true
}

// importBlock gathers records that follow each other in a file.
type importBlock struct {
	job  *importJob
	part event.ObjectPart // From and To are those of the records gathered, also of those that are passed over
	buf  []byte
	recs []importRecord
	now  time.Time
}

type importRecord struct {
	end       int // in the buffer
	truncated bool
}

// add takes a record, and before that sends those that were gathered when there is no room or a gap.
func (b *importBlock) add(ctx context.Context, rec *trailfile.Record, wanted bool) error {
	if b.part.To > b.part.From && (rec.Index != b.part.To || len(b.buf)+len(rec.Data) > importBatch) {
		if err := b.send(ctx, false); err != nil {
			return err
		}
	}
	if b.part.To == b.part.From {
		b.part.From, b.part.To, b.now = rec.Index, rec.Index, time.Now()
	}
	b.part.To++
	if wanted {
		b.buf = append(b.buf, rec.Data...)
		b.recs = append(b.recs, importRecord{len(b.buf), rec.Truncated})
	}
	return nil
}

// send makes what was gathered durable, together with the note that it is. It waits while nothing can be stored.
func (b *importBlock) send(ctx context.Context, last bool) error {
	part := b.part
	part.Last = last
	if part.From == part.To && !last {
		return nil
	}
	weight := min(int64(cap(b.buf)), importRoom)
	if err := b.job.room.Acquire(ctx, weight); err != nil {
		return err
	}
	defer b.job.room.Release(weight)
	e := event.Batch{Checkpoint: &event.Checkpoint{Object: &part}}
	at := 0
	for _, r := range b.recs {
		e.Records = append(e.Records, event.Record{Data: b.buf[at:r.end:r.end], Received: b.now, Origin: b.job.origin, Truncated: r.truncated})
		at = r.end
	}
	for {
		err := b.job.s.opt.Ingest.Ingest(ctx, e)
		if fault.KindOf(err) != fault.Busy {
			if err != nil {
				return fmt.Errorf("store events of import %q: %w", b.job.row.ID, err)
			}
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(busyWait):
		}
	}
	b.part.From, b.part.To, b.buf, b.recs = 0, 0, nil, nil
	return nil
}

// forget lets go of what is kept of files that are counted.
func (j *importJob) forget(ctx context.Context, tx *sql.Tx, ids []event.ObjectID) error {
	for _, id := range ids {
		if err := meta.DeleteObject(ctx, tx, j.folder, 0, id); err != nil {
			return err
		}
	}
	return nil
}
