package s3

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"kiroku/internal/aws"
	"kiroku/internal/cloudtrail/objectkey"
	"kiroku/internal/decode/trailfile"
	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/logkey"
	"kiroku/internal/meta"
)

// outcome is what became of an object.
type outcome uint8

const (
	stored   outcome = iota // all its records are durable
	already                 // they were before
	digest                  // it is a digest: no records
	foreign                 // it is not CloudTrail's
	gone                    // there is no such object
	archived                // it must be restored first
)

// read stores the records of an object that are not stored yet. An error says that it must be tried again.
func (in *Input) read(ctx context.Context, r ref) (outcome, error) {
	key, ok := objectkey.Parse(r.key)
	switch {
	case !ok:
		return foreign, nil
	case key.Kind == objectkey.Digest:
		return digest, nil
	}
	folder, err := in.progress.known(ctx, in.unique(r.bucket), key.Folder.String())
	if err != nil {
		return 0, err
	}
	at := place{folder: folder, day: dayOf(key.Day)}
	if at.folder != 0 && r.etag != "" {
		at.id = objectID(r.key, r.etag)
		parts, done, release, err := in.progress.claim(ctx, at)
		if err != nil || done {
			return already, err
		}
		defer release()
		return in.fetch(ctx, r, key, at, parts)
	}
	return in.fetch(ctx, r, key, at, nil)
}

// unique is the name of a bucket with what makes it unique in front.
func (in *Input) unique(bucket string) string { return in.cloud.Buckets.Scope() + "/" + bucket }

// fetch reads the object's content. Where the notice did not say its ETag, or it was replaced since, the answer says it. A
// folder gets its row when there is something in it: messages may name whatever they like.
func (in *Input) fetch(ctx context.Context, r ref, key objectkey.Key, at place, parts meta.Ranges) (outcome, error) {
	if err := in.readers.Acquire(ctx, 1); err != nil {
		return 0, err
	}
	held := true
	letGo := func() { // the next one may read while this one waits for the disk
		if held {
			held = false
			in.readers.Release(1)
		}
	}
	defer letGo()
	o, err := in.cloud.Buckets.Get(ctx, r.bucket, r.key)
	switch fault.KindOf(err) {
	case fault.NotFound:
		return gone, nil
	case fault.Conflict:
		return archived, nil
	}
	if err != nil {
		return 0, err
	}
	defer o.Body.Close()
	if at.folder == 0 {
		f, err := in.progress.folder(ctx, in.unique(r.bucket), key.Folder.String())
		if err != nil {
			return 0, err
		}
		at.folder = f.ID
	}
	if id := objectID(r.key, o.ETag); id != at.id {
		at.id = id
		var done bool
		var release func()
		if parts, done, release, err = in.progress.claim(ctx, at); err != nil || done {
			return already, err
		}
		defer release()
	}
	return stored, in.store(ctx, r, o, event.ObjectPart{Folder: at.folder, Day: at.day, ID: at.id, Modified: dayOf(o.Modified)}, parts, letGo)
}

// store sends the object's records in batches, all but the last one at the same time. Which records a batch has is stored
// with it; the last one follows when the others are durable, and says that nothing is left.
func (in *Input) store(ctx context.Context, r ref, o *aws.Object, part event.ObjectPart, have meta.Ranges, letGo func()) error {
	files := in.files.Get().(*trailfile.Reader)
	files.Reset(o.Body)
	g, gctx := errgroup.WithContext(ctx)
	b := &block{in: in, part: part}
	damage, err := in.records(gctx, r, files, have, b, g)
	in.files.Put(files)
	if werr := g.Wait(); werr != nil {
		err = werr
	}
	if err == nil {
		var last parcel
		if last, err = b.take(ctx, true); err == nil { // with the slot: who waits for room holds a whole buffer
			letGo()
			err = in.send(ctx, last)
		}
	}
	b.free()
	if err != nil {
		return fmt.Errorf("read object %q of bucket %q: %w", r.key, r.bucket, err)
	}
	if damage != nil {
		in.damaged(ctx, r, damage)
	}
	return nil
}

// records reads the records that are not in have, sends full blocks and leaves the last one in b. damage is about the
// file: what could be read of it was.
func (in *Input) records(ctx context.Context, r ref, files *trailfile.Reader, have meta.Ranges, b *block, g *errgroup.Group) (damage, err error) {
	for {
		rec, err := files.Next()
		switch {
		case err == io.EOF:
			return nil, nil
		case trailfile.IsDamage(err):
			return err, nil
		case err != nil:
			return nil, err
		}
		if have.Has(rec.Index) {
			continue
		}
		if !b.fits(&rec) {
			e, err := b.take(ctx, false)
			if err != nil {
				return nil, err
			}
			g.Go(func() error { return in.send(ctx, e) })
		}
		b.add(&rec)
		in.recursion.look(ctx, r.bucket, rec.Data)
	}
}

// send makes a batch durable.
func (in *Input) send(ctx context.Context, e parcel) error {
	defer in.room.Release(e.weight)
	records, bytes := len(e.Records), 0
	for i := range e.Records {
		bytes += len(e.Records[i].Data)
	}
	if err := in.sink.Accept(ctx, e.Batch); err != nil {
		return err
	}
	in.count.records.Add(uint64(records))
	in.count.bytes.Add(uint64(bytes))
	in.count.lastSeen.Store(time.Now().UnixMicro())
	return nil
}

// damaged tells of an object that has something wrong.
func (in *Input) damaged(ctx context.Context, r ref, damage error) {
	in.count.damaged.Add(1)
	in.note("s3://"+r.bucket+"/"+r.key, fmt.Errorf("%w; what could be read of it is stored", damage))
	in.log.LogAttrs(ctx, slog.LevelWarn, "object is damaged; what could be read of it is stored", slog.String(logkey.Bucket, r.bucket),
		slog.String(logkey.Path, r.key), slog.Any(logkey.Err, damage))
}
