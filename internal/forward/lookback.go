package forward

import (
	"context"
	"math"

	"kiroku/internal/event"
	"kiroku/internal/forward/wire"
)

// last is the last record that would be sent, whatever was acknowledged.
func (p *pull) last(ctx context.Context, r *reader, buf []byte) (Batch, error) {
	var best Batch
	newest := int64(math.MinInt64)
	p.max = 1
	for _, store := range p.stores {
		_, head, err := p.s.opt.Events.Head(store)
		if err != nil {
			continue // deleted meanwhile
		}
		f, err := p.follower(r, store, head)
		if err != nil {
			return Batch{}, err
		}
		after, err := f.Back(ctx, head, 1)
		if err != nil {
			return Batch{}, err
		}
		b := Batch{BatchHeader: wire.BatchHeader{Store: store, ETag: p.etag}}
		fill := filling{p: p, r: r, b: &b, stop: math.MaxInt64}
		var at int64
		progress, err := f.Next(ctx, after, func(e *event.Event) bool {
			at = e.GetInt(event.ColTime)
			return fill.take(e)
		})
		if err != nil {
			return Batch{}, err
		}
		fill.tell()
		if b.Next = progress.Next; b.BatchHeader.Records+len(fill.dead) > 0 && at > newest {
			best, newest = b, at
		}
	}
	best.ETag = p.etag
	p.tellUnfit(&best)
	best.Records = append(buf[:0], best.Records...)
	return best, nil
}

// goBack begins, in the stores that the agent does not name, some bytes of lines before where the server stands.
func (p *pull) goBack(ctx context.Context, r *reader, bytes int) error {
	if !p.recovers() { // for a recovery it is little, once, and must not be left out
		end, err := p.begin(ctx)
		if err != nil {
			return err
		}
		defer end()
	}
	bytes = min(bytes, wire.MaxPullBytes)
	for _, store := range p.stores {
		if _, named := p.req.After[store]; named || p.acked[store] == 0 {
			continue
		}
		f, err := p.follower(r, store, p.acked[store])
		if err != nil {
			return err
		}
		for n := max(16, bytes/512); ; n *= 2 {
			after, err := f.Back(ctx, p.acked[store], n)
			if err != nil {
				return err
			}
			got, records, err := p.measure(ctx, r, f, store, after)
			if err != nil {
				return err
			}
			p.from[store] = min(after, p.acked[store])
			if got >= bytes || records < n || n > wire.MaxPull*4 {
				break
			}
		}
	}
	return nil
}

// measure counts the bytes of the lines behind a position up to where the server stands.
func (p *pull) measure(ctx context.Context, r *reader, f Follower, store string, after int64) (bytes, records int, err error) {
	for after < p.acked[store] {
		progress, err := f.Next(ctx, after, func(e *event.Event) bool {
			if e.GetInt(event.ColSeq) > p.acked[store] {
				return false
			}
			line, _, err := r.encoder.Append(r.line[:0], e)
			if err == nil {
				r.line = line
				bytes += len(line)
			}
			records++
			return true
		})
		if err != nil {
			return 0, 0, err
		}
		if progress.Next <= after {
			break
		}
		after = progress.Next
	}
	return bytes, records, nil
}
