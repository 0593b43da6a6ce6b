package digest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"kiroku/internal/cloudtrail/objectkey"
)

// census finds log files that no digest lists: somebody else may have put them there, or a trail without validation. It follows
// the days of a region's digests from the newest to the oldest. A log file lies in the folder of the day for which it was
// planned, and is listed by the digest of the hour in which it was delivered, which is about then or, when S3 had trouble, up to
// 30 days later; those digests were read before. So a day is counted when the digests of the day before it were read, too, and what
// is remembered are the names of two days and of some late files.
type census struct {
	v      *verifier
	folder objectkey.Folder // of the log files

	listed map[time.Time]map[string]bool // names by day
	doubt  map[time.Time]bool            // days of which a digest is wrong or missing
	last   time.Time                     // the day whose digests were read last
	from   time.Time                     // start of the oldest digest so far
	to     time.Time                     // end of the newest
}

// early is how much the name of a log file may be after its delivery: no text says, the planned minute is before it.
const early = 15 * time.Minute

func newCensus(v *verifier, f objectkey.Folder) *census {
	f.Kind = objectkey.Log
	return &census{v: v, folder: f, listed: map[time.Time]map[string]bool{}, doubt: map[time.Time]bool{}}
}

// digest takes note of a valid digest.
func (c *census) digest(d *Digest) {
	if c.from.IsZero() || d.Start.Before(c.from) {
		c.from = d.Start
	}
	if d.End.After(c.to) {
		c.to = d.End
	}
}

// list takes note of a log file that a digest lists.
func (c *census) list(key string) {
	k, ok := objectkey.Parse(key)
	if !ok || k.Folder != c.folder {
		return
	}
	if c.listed[k.Day] == nil {
		c.listed[k.Day] = map[string]bool{}
	}
	c.listed[k.Day][plainName(k.Name)] = true
}

// plainName is the same for a log file and its decompressed copy.
func plainName(name string) string { return strings.TrimSuffix(name, ".gz") }

// unsure says that digests from one time to another are wrong or missing: what they list is not known.
func (c *census) unsure(from, to time.Time) {
	for _, t := range []time.Time{from, to} {
		day := t.Truncate(24 * hour)
		c.doubt[day] = true
		c.doubt[day.AddDate(0, 0, -1)] = true // their log files may lie in the folder of the day before
	}
}

// day says that all digests of a day were read.
func (c *census) day(ctx context.Context, day time.Time) error {
	before := c.last
	c.last = day
	if before.IsZero() {
		return nil
	}
	return c.count(ctx, before)
}

// end says that there are no older digests.
func (c *census) end(ctx context.Context) error {
	if c.last.IsZero() {
		return nil
	}
	return c.count(ctx, c.last)
}

// count compares the log files of a day with those that digests list.
func (c *census) count(ctx context.Context, day time.Time) error {
	listed := c.listed[day]
	doubt := c.doubt[day]
	delete(c.listed, day)
	delete(c.doubt, day)
	if doubt || c.v.opt.Trail != "" { // other trails' log files are in other digests
		return nil
	}
	prefix := c.folder.DayPrefix(day)
	names, err := c.v.objects.Keys(ctx, prefix)
	if err != nil {
		return fmt.Errorf("list keys of %q: %w", prefix, err)
	}
	for _, name := range names {
		k, ok := objectkey.Parse(name)
		if !ok || listed[plainName(k.Name)] || k.Time.Before(c.from.Add(early)) || k.Time.After(c.to.Add(-delivery)) {
			continue
		}
		c.v.sum.Unlisted++
		f := File{Chain: Chain{Prefix: k.Prefix, Organization: k.Org, Account: k.Account, Region: k.Region}, Bucket: c.v.opt.Bucket,
			Object: name, Key: name, End: k.Time, Status: Unlisted}
		if err := c.v.report.File(f); err != nil {
			return err
		}
	}
	return nil
}
