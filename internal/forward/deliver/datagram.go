package deliver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"

	"kiroku/internal/forward/wire"
)

// datagrams is a session over UDP: one record a datagram, confirmed when it is sent.
func (d *Deliverer) datagrams(ctx context.Context) error {
	c, err := d.openDatagrams(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	var recs []wire.Record
	for {
		if err := d.waitForMore(ctx); err != nil {
			return err
		}
		clear(recs)
		var upTo int64
		recs, upTo = d.q.take(recs[:0], d.limit.portion(64), chunkBytes)
		first := upTo - int64(len(recs))
		for i := range recs {
			if err := d.limit.wait(ctx, 1, len(recs[i].Line)); err != nil {
				return err
			}
			if err := d.datagram(ctx, c, &recs[i]); err != nil {
				d.arrived(first + int64(i))
				return err
			}
		}
		d.arrived(upTo)
	}
}

func (d *Deliverer) openDatagrams(ctx context.Context) (net.Conn, error) {
	var errs []error
	for _, t := range d.targets {
		c, err := (&net.Dialer{Timeout: dialTime}).DialContext(ctx, "udp", t.addr())
		if err == nil {
			return c, nil
		}
		errs = append(errs, &dialError{t, err})
	}
	return nil, errors.Join(errs...)
}

func (d *Deliverer) datagram(ctx context.Context, c net.Conn, rec *wire.Record) error {
	n, err := c.Write(rec.Line)
	switch {
	case Is(err, syscall.EMSGSIZE):
		return d.bury(ctx, *rec, fmt.Sprintf("%d bytes do not fit into a datagram; lower max_bytes (--max-bytes) of the destination or use tcp", len(rec.Line)))
	case err != nil:
		return fmt.Errorf("send to %s: %w", d.targets[0], err)
	}
	d.bytes.Add(int64(n))
	return nil
}
