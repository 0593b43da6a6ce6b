package deliver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"kiroku/internal/forward/wire"
)

// writer frames records and writes them to a connection.
type writer struct {
	d    *Deliverer
	recs []wire.Record
	buf  []byte
	last time.Time // of a write
}

// write sends the next records, at most n, and returns how many they were and the index behind the last; 0 when there is
// nothing to be sent.
func (w *writer) write(ctx context.Context, c *conn, n int) (sent int, upTo int64, err error) {
	d := w.d
	clear(w.recs)
	w.recs, upTo = d.q.take(w.recs[:0], d.limit.portion(n), chunkBytes)
	if len(w.recs) == 0 {
		return 0, upTo, nil
	}
	w.buf = w.buf[:0]
	for i := range w.recs {
		w.buf = appendFrame(w.buf, w.recs[i].Line, d.dest.Framing)
	}
	if err := d.limit.wait(ctx, len(w.recs), len(w.buf)); err != nil {
		return 0, upTo, err
	}
	if err := c.write(w.buf); err != nil {
		return 0, upTo, fmt.Errorf("send to %s: %w", c.target, err)
	}
	w.last = time.Now()
	d.bytes.Add(int64(len(w.buf)))
	if cap(w.buf) > 4*chunkBytes {
		w.buf = nil
	}
	return len(w.recs), upTo, nil
}

// unconfirmed is a session of ConfirmNone over TCP or TLS: what the system has taken is confirmed.
func (d *Deliverer) unconfirmed(ctx context.Context) error {
	c, err := d.open(ctx, nil)
	if err != nil {
		return err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { _ = c.raw.SetDeadline(time.Unix(1, 0)) })()
	w := &writer{d: d}
	for {
		more, _, changed := d.q.state()
		if !more {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-c.ended:
				return d.endedIdle(c)
			case <-changed:
			}
			continue
		}
		select {
		case <-c.ended:
			return fmt.Errorf("send to %s: %w", c.target, c.early())
		default:
		}
		_, upTo, err := w.write(ctx, c, batchRecords)
		if err != nil {
			return err
		}
		d.arrived(upTo)
	}
}

// endedIdle judges the end of a connection on which nothing is outstanding: a receiver that closes then is connected to
// again when there is something to be sent.
func (d *Deliverer) endedIdle(c *conn) error {
	if errors.Is(c.end, io.EOF) {
		return nil
	}
	return fmt.Errorf("connection to %s: %w", c.target, c.early())
}
