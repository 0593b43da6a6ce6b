package s3

import (
	"context"
	"strings"
	"time"

	"kiroku/internal/meta"
)

// tidyEach is how often an input with a queue forgets.
const tidyEach = 5 * time.Minute

// keepTidy forgets what messages named long ago. Of folders that are looked into, the looking does: it knows what was read.
func (in *Input) keepTidy(ctx context.Context) error {
	for {
		if n, err := meta.CountObjects(ctx, in.progress.db.Read()); err == nil {
			in.count.remembered.Store(n)
		}
		if err := sleep(ctx, tidyEach); err != nil {
			return err
		}
		now := time.Now()
		in.failed(ctx, "what is remembered", in.tidy(ctx, now))
		in.letGo(ctx, now)
	}
}

func (in *Input) tidy(ctx context.Context, now time.Time) error {
	folders, err := meta.ListFolders(ctx, in.progress.db.Read())
	if err != nil {
		return err
	}
	for _, f := range folders {
		looked := in.progress.looksInto(f.ID) || now.Sub(f.Listed) < rememberDays*24*time.Hour // it may begin later
		if looked || !strings.HasPrefix(f.Bucket, in.unique("")) {
			continue
		}
		if err := in.progress.forget(ctx, f, dayOf(now)); err != nil {
			return err
		}
	}
	return nil
}

// letGo takes back problems with buckets that nothing was heard of for long: the messages that named them went to another
// queue, or grew too old, and nobody will ever read those buckets with success.
func (in *Input) letGo(ctx context.Context, now time.Time) {
	quiet := max(time.Hour, 3*in.cfg.Visibility, 2*in.cfg.PollInterval)
	for place, at := range in.standing() {
		if _, bucket, ok := strings.Cut(place, "s3://"); ok && !strings.Contains(bucket, "/") && now.Sub(at) > quiet {
			in.failed(ctx, place, nil)
		}
	}
}
