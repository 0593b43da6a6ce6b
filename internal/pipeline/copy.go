package pipeline

import (
	"context"
	"fmt"
	"hash/maphash"
	"slices"

	"kiroku/internal/event"
)

// line tells records of sources with Hashed apart: time and metadata_uid.
type line struct {
	time int64
	hash uint64
}

// counted is a record of a copy.
type counted struct {
	store string // "": it is stored whatever there is
	line  line
	nth   int // it is the n-th of its kind in the copy
}

// storeCopy stores the records of a copy that are not there yet: the n-th of equal ones is new when fewer than n are stored.
// Copies are compared and stored one at a time, so that of two that are imported at once the second sees the first.
func (p *Pipeline) storeCopy(ctx context.Context, b event.Batch) error {
	list, compare := p.count(&b)
	if !compare {
		return p.offerAndWait(ctx, b)
	}
	select {
	case p.copying <- struct{}{}:
		defer func() { <-p.copying }()
	case <-ctx.Done():
		return ctx.Err()
	}
	stored, err := p.stored(ctx, list)
	if err != nil {
		return fmt.Errorf("compare copy with what is stored: %w", err)
	}
	fresh := make([]event.Record, 0, len(b.Records))
	for i, c := range list {
		if c.store == "" || c.nth > stored[c.store][c.line] {
			fresh = append(fresh, b.Records[i])
		}
	}
	known := len(b.Records) - len(fresh)
	b.Records = fresh
	if err := p.offerAndWait(ctx, b); err != nil {
		return err
	}
	if b.Duplicates != nil {
		*b.Duplicates += int64(known)
	}
	p.stats.duplicates.Add(uint64(known))
	p.stats.records.Add(uint64(known))
	p.stats.events.Add(uint64(known))
	return nil
}

// count maps the records of a copy and numbers the equal ones. compare says whether one of them is to be compared.
func (p *Pipeline) count(b *event.Batch) (list []counted, compare bool) {
	type place struct {
		store string
		line  line
	}
	seen := map[place]int{}
	var e event.Event
	var stores []string
	at := func(rec *event.Record, times int) counted {
		if !p.opt.Sources[p.source(rec)].Hashed {
			return counted{}
		}
		p.Map(rec, &e)
		uid := e.GetStr(event.ColMetadataUID)
		if uid == "" || e.Has(event.ColParseError) {
			return counted{}
		}
		stores = p.route(stores[:0], rec, &e)
		if len(stores) != 1 {
			return counted{}
		}
		c := counted{store: stores[0], line: line{e.GetInt(event.ColTime), maphash.String(p.seen.seed, uid)}}
		seen[place{c.store, c.line}] += times
		c.nth = seen[place{c.store, c.line}]
		return c
	}
	for i := range b.Copy.Before {
		at(&b.Copy.Before[i].Record, b.Copy.Before[i].Times)
	}
	list = make([]counted, len(b.Records))
	for i := range b.Records {
		list[i] = at(&b.Records[i], 1)
		compare = compare || list[i].store != ""
	}
	return list, compare
}

// stored says how often the lines of list are in their stores.
func (p *Pipeline) stored(ctx context.Context, list []counted) (map[string]map[line]int, error) {
	times := map[string][]int64{}
	found := map[string]map[line]int{}
	for _, c := range list {
		if c.store == "" {
			continue
		}
		if found[c.store] == nil {
			found[c.store] = map[line]int{}
		}
		found[c.store][c.line] = 0
		times[c.store] = append(times[c.store], c.line.time)
	}
	for store, list := range times {
		slices.Sort(list)
		lines := found[store]
		err := p.opt.At(ctx, store, slices.Compact(list), []event.Column{event.ColMetadataUID}, func(e *event.Event) {
			l := line{e.GetInt(event.ColTime), maphash.String(p.seen.seed, e.GetStr(event.ColMetadataUID))}
			if n, wanted := lines[l]; wanted {
				lines[l] = n + 1
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}
