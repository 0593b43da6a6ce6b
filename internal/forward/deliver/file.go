package deliver

import (
	"context"
	"fmt"
	"os"

	"kiroku/internal/forward/wire"
)

// file is a session that appends to a file or writes to standard output.
func (d *Deliverer) file(ctx context.Context) error {
	out := os.Stdout
	if t := d.targets[0]; t.transport == overFile {
		f, err := os.OpenFile(t.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o640)
		if err != nil {
			return &dialError{t, err}
		}
		defer f.Close()
		out = f
	}
	var recs []wire.Record
	var buf []byte
	for {
		if err := d.waitForMore(ctx); err != nil {
			return err
		}
		clear(recs)
		var upTo int64
		recs, upTo = d.q.take(recs[:0], d.limit.portion(batchRecords), chunkBytes)
		buf = buf[:0]
		for i := range recs {
			buf = appendFrame(buf, recs[i].Line, d.dest.Framing)
		}
		if err := d.limit.wait(ctx, len(recs), len(buf)); err != nil {
			return err
		}
		if _, err := out.Write(buf); err != nil {
			return fmt.Errorf("write to %s: %w", d.targets[0], err)
		}
		d.bytes.Add(int64(len(buf)))
		d.arrived(upTo)
	}
}
