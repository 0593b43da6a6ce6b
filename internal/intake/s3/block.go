package s3

import (
	"context"
	"sync"
	"time"

	"kiroku/internal/decode/trailfile"
	"kiroku/internal/event"
)

// blockSize is how many bytes of records make a batch. It is as much as the lake commits at once for a sender who waits.
const blockSize = 1 << 20

// block gathers records that follow each other in an object.
type block struct {
	in   *Input
	part event.ObjectPart // From and To are those of the records gathered
	buf  []byte           // of at least blockSize; records point into it
	recs []event.Record
	now  time.Time
}

// fits says whether the record can be added before the next take.
func (b *block) fits(rec *trailfile.Record) bool {
	return len(b.recs) == 0 || rec.Index == b.part.To && len(b.buf)+len(rec.Data) <= cap(b.buf)
}

// add copies a record that fits.
func (b *block) add(rec *trailfile.Record) {
	if b.buf == nil {
		b.buf = b.in.buffers.Get().([]byte)
	}
	if len(b.recs) == 0 {
		b.part.From, b.part.To = rec.Index, rec.Index
		b.now = time.Now()
		if cap(b.buf) < len(rec.Data) {
			b.buf = make([]byte, 0, len(rec.Data))
		}
	}
	at := len(b.buf)
	b.buf = append(b.buf, rec.Data...)
	b.recs = append(b.recs, event.Record{Data: b.buf[at:len(b.buf):len(b.buf)], Received: b.now, Origin: b.in.cfg.Origin, Truncated: rec.Truncated})
	b.part.To++
}

// parcel is a batch with the room that is held for it until it is durable: what waits for the disk takes memory too.
type parcel struct {
	event.Batch
	weight int64
}

// take makes a batch of what was gathered, when there is room for it.
func (b *block) take(ctx context.Context, last bool) (parcel, error) {
	part := b.part
	part.Last = last
	e := parcel{Batch: event.Batch{Records: b.recs, Checkpoint: &event.Checkpoint{Object: &part}}}
	if len(b.recs) == 0 {
		e.Checkpoint.Object.From, e.Checkpoint.Object.To = 0, 0
		return e, nil
	}
	buf := b.buf
	if len(buf) < cap(buf)/2 { // most objects are small: the rest of the buffer should not wait for the disk with them
		buf = append(make([]byte, 0, len(buf)), buf...)
		at := 0
		for i := range e.Records {
			n := len(e.Records[i].Data)
			e.Records[i].Data = buf[at : at+n : at+n]
			at += n
		}
		b.free()
	}
	b.recs, b.buf = nil, nil
	weight := min(int64(cap(buf)), b.in.cfg.InFlight)
	if err := b.in.room.Acquire(ctx, weight); err != nil {
		return e, err
	}
	e.weight = weight
	e.Release = sync.OnceFunc(func() {
		if cap(buf) == blockSize {
			b.in.buffers.Put(buf[:0]) //nolint:staticcheck // a slice header now and then is cheap
		}
	})
	return e, nil
}

// free gives an unused buffer back.
func (b *block) free() {
	if cap(b.buf) == blockSize {
		b.in.buffers.Put(b.buf[:0]) //nolint:staticcheck // as above
	}
	b.buf = nil
}
