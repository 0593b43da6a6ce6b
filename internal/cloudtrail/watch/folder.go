package watch

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"kiroku/internal/cloudtrail/digest"
	"kiroku/internal/meta"
)

const (
	// again is how much of what was verified is verified once more: the newest digest of a chain, to hold the link of the next
	// one against it, and what was late.
	again = time.Hour + time.Minute
	// late is how long before the last verification digests may belong that come after it.
	late = 4 * time.Hour
	// quiet is for how long a chain that got no digest is still looked after as one that goes on.
	quiet = 48 * time.Hour
	// slack is a difference of times that is no gap.
	slack = time.Minute
)

// known is a chain that was verified before.
type known struct {
	meta.DigestChain
	chain digest.Chain
}

// covers says whether the hour that ends at end was verified.
func (k *known) covers(end time.Time) bool { return end.After(k.From) && !end.After(k.To) }

func (w *Watch) known(ctx context.Context, in *watched, bucket string) ([]known, error) {
	rows, err := meta.ListDigestChains(ctx, w.opt.DB.Read(), in.Scope+"/"+bucket)
	if err != nil {
		return nil, err
	}
	all := make([]known, len(rows))
	for i, row := range rows {
		all[i].DigestChain = row
		if err := json.Unmarshal([]byte(row.Chain), &all[i].chain); err != nil {
			return nil, fmt.Errorf("read digest chain %d: %w", row.ID, err)
		}
	}
	return all, nil
}

func under(folder, prefix string) bool { return strings.HasPrefix(folder, prefix) }

// folder verifies what is new in a folder and stores what it finds. It returns how many log files are in no digest.
func (w *Watch) folder(ctx context.Context, in *watched, at Place, objects digest.Objects, from, now time.Time) (unlisted int, err error) {
	all, err := w.known(ctx, in, at.Bucket)
	if err != nil {
		return 0, err
	}
	before, seen := map[digest.Chain]known{}, map[digest.Chain]time.Time{}
	for _, k := range all {
		if k.chain.Folder().String() == at.Prefix {
			before[k.chain] = k
			if !k.chain.Backfill && !k.To.IsZero() {
				seen[k.chain] = k.To
			}
		}
	}
	if start := startOf(before, now.Add(-in.First), now); from.IsZero() || start.Before(from) {
		from = start
	}
	opt := digest.Options{Root: at.Prefix, Bucket: at.Bucket, From: from, To: now, Now: now, Seen: seen}
	if in.Copy {
		opt.Bucket = ""
	}
	for {
		c := newCollector(before)
		sum, err := digest.Verify(ctx, objects, w.opt.Keys, opt, c)
		if errors.Is(err, digest.ErrNoDigests) {
			return 0, nil // of this time
		}
		if err != nil {
			return 0, fmt.Errorf("verify digests in s3://%s/%s: %w", at.Bucket, at.Prefix, err)
		}
		if back := c.unjoined(); !back.IsZero() && back.Before(opt.From) { // a chain goes on that was silent for long
			opt.From = back
			continue
		}
		return sum.Unlisted, w.store(ctx, in, at, c, now)
	}
}

// startOf is the time from which on a folder is verified.
func startOf(before map[digest.Chain]known, first, now time.Time) time.Time {
	var from time.Time
	earlier := func(t time.Time) {
		if from.IsZero() || t.Before(from) {
			from = t
		}
	}
	for _, k := range before {
		earlier(k.Checked.Add(-late))
		if !k.To.IsZero() && k.Checked.Sub(k.To) < quiet {
			earlier(k.To.Add(-again))
		}
	}
	if from.IsZero() {
		return first
	}
	return from
}

// store keeps what was found in a folder, all in one transaction.
func (w *Watch) store(ctx context.Context, in *watched, at Place, c *collector, now time.Time) error {
	return w.opt.DB.Write(ctx, func(tx *sql.Tx) error {
		for chain, k := range c.before { // also those of which nothing new was found
			if c.chains[chain] == nil && !k.Checked.IsZero() {
				c.of(chain)
			}
		}
		for chain, r := range c.chains {
			if err := w.storeChain(ctx, tx, in, at, chain, r, now); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *Watch) storeChain(ctx context.Context, tx *sql.Tx, in *watched, at Place, chain digest.Chain, r *result, now time.Time) error {
	name, err := json.Marshal(chain)
	if err != nil {
		return fmt.Errorf("store digest chain: %w", err)
	}
	row := r.before.DigestChain
	row.Bucket, row.Chain, row.Input, row.Checked = in.Scope+"/"+at.Bucket, string(name), in.Name, now
	if !r.from.IsZero() && (row.From.IsZero() || r.from.Before(row.From)) {
		row.From = r.from
	}
	if r.to.After(row.To) {
		row.To = r.to
	}
	if row.ID, err = meta.PutDigestChain(ctx, tx, row); err != nil {
		return err
	}
	old, err := meta.ListDigestPeriods(ctx, tx, row.ID)
	if err != nil {
		return err
	}
	fresh := r.joined()
	if len(fresh) > 0 {
		if err := meta.SetDigestPeriods(ctx, tx, row.ID, overlay(row.ID, old, fresh)); err != nil {
			return err
		}
	}
	row.DigestsValid, row.LogsValid = row.DigestsValid+r.digests, row.LogsValid+r.logs
	for _, f := range r.findings(fresh) {
		f.Chain, f.Found, f.Seen = row.ID, now, now
		isNew, err := meta.PutDigestFinding(ctx, tx, f.DigestFinding)
		if err != nil {
			return err
		}
		if isNew {
			f.count(&row, r.before)
		}
	}
	_, err = meta.PutDigestChain(ctx, tx, row)
	return err
}
