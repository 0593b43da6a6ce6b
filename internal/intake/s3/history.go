package s3

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// goBack starts reading the history of all folders, unless that is being done. It goes on beside the looks at the present.
func (l *looker) goBack(ctx context.Context, today int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.history || ctx.Err() != nil {
		return
	}
	var all []*folder
	for _, f := range l.folders {
		if kept := l.in.progress.latest(f.BucketFolder); kept.History > l.since() && !kept.Listed.IsZero() {
			all = append(all, f)
		}
	}
	if len(all) == 0 {
		return
	}
	l.history = true
	l.wait.Go(func() {
		var g errgroup.Group
		var left atomic.Int64
		g.SetLimit(lookers)
		for _, f := range all {
			g.Go(func() error {
				err := l.past(ctx, f, today)
				l.in.failed(ctx, "s3://"+f.bucket+"/"+f.Prefix+" (history)", err)
				if err != nil {
					left.Add(1)
				}
				return nil
			})
		}
		_ = g.Wait() // the functions return nil
		if left.Load() == 0 {
			l.in.historyRead()
		}
		l.mu.Lock()
		l.history = false
		l.mu.Unlock()
	})
}

// past reads the days of a folder that come before those that were read, the latest first. Each is noted when it is done.
// It stays at a day of which something cannot be read: what it does not remember any more it would read twice.
func (l *looker) past(ctx context.Context, f *folder, today int64) error {
	first, kept := l.since(), l.in.progress.latest(f.BucketFolder)
	days, err := l.days(ctx, f, first, kept.History-1)
	if err != nil {
		return err
	}
	for _, day := range slices.Backward(days) {
		if err := l.day(ctx, f, day); err != nil {
			return err
		}
		if err := l.in.progress.readFrom(ctx, f.BucketFolder, day); err != nil {
			return err
		}
		if err := l.in.progress.forget(ctx, f.BucketFolder, min(today, dayOf(kept.Listed))); err != nil {
			return err
		}
	}
	return l.in.progress.readFrom(ctx, f.BucketFolder, first)
}

// days are the days of a folder for which there is anything, from first to last, in their order.
func (l *looker) days(ctx context.Context, f *folder, first, last int64) ([]int64, error) {
	var out []int64
	err := l.descend(ctx, f, f.Prefix, nil, func(date []int) {
		day := dayOf(time.Date(date[0], time.Month(date[1]), date[2], 0, 0, 0, 0, time.UTC))
		if day >= first && day <= last {
			out = append(out, day)
		}
	})
	slices.Sort(out)
	return out, err
}

// descend lists the folders of years, months and days.
func (l *looker) descend(ctx context.Context, f *folder, prefix string, date []int, found func([]int)) error {
	if len(date) == 3 {
		found(date)
		return nil
	}
	return l.prefixes(ctx, f.bucket, prefix, func(child string) error {
		name := strings.TrimSuffix(child[len(prefix):], "/")
		n, err := strconv.Atoi(name)
		if err != nil || len(name) != []int{4, 2, 2}[len(date)] {
			return nil //nolint:nilerr // not CloudTrail's
		}
		return l.descend(ctx, f, child, append(slices.Clone(date), n), found)
	})
}

// prefixes calls found for everything directly below prefix that is like a folder.
func (l *looker) prefixes(ctx context.Context, bucket, prefix string, found func(string) error) error {
	for next, more := "", true; more; {
		page, err := l.in.cloud.Buckets.List(ctx, bucket, prefix, "/", next)
		if err != nil {
			return err
		}
		for _, p := range page.Prefixes {
			if len(p) <= len(prefix) {
				continue
			}
			if err := found(p); err != nil {
				return err
			}
		}
		next, more = page.Next, page.Next != ""
	}
	return nil
}
