package digest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"kiroku/internal/cloudtrail/objectkey"
)

// Options say what to verify.
type Options struct {
	// Root is the key of the folder to look in, with a slash at its end, or "" for everything: a bucket's prefix, or any folder
	// between it and that of a region's digests.
	Root string
	// Bucket is the name of the bucket that Objects reads: digests must say that they were put there, under the same key. ""
	// is a copy: its bucket and what stands before AWSLogs may differ.
	Bucket string
	// From and To limit the hours; zero is no limit. With To, a chain has to reach it.
	From, To time.Time
	// Now, with To, leaves out what cannot have been delivered yet; zero is for a To long ago.
	Now time.Time
	// Account, Region and Trail take only chains that have them; "" takes all.
	Account, Region, Trail string
	// Seen holds the end of the newest digest that was found earlier, by chain: it has to be there still.
	Seen map[Chain]time.Time
	// Workers is how many files are read at once; 0 means 8.
	Workers int
}

const (
	// delivery is how long after its hour a digest may come.
	delivery = 2 * time.Hour
	// hour is what a digest covers.
	hour = time.Hour
	// slack is a difference between the end of a digest and the start of the next that is no gap.
	slack = time.Minute
	// maxChains limits the chains of one folder: each takes memory.
	maxChains = 1000
)

// ErrNoDigests means that there is nothing to verify.
var ErrNoDigests = errors.New("no digests found")

// verifier is one run of Verify.
type verifier struct {
	objects   Objects
	keys      Keys
	opt       Options
	report    Report
	inflaters *inflaters
	sum       Summary
	seen      map[Chain]bool
	listings  int // folders that were looked into for digests
	// visit is called with each folder of digests.
	visit func(ctx context.Context, f objectkey.Folder) error
}

// Verify finds the digests under opt.Root, walks every chain from its newest digest to its oldest and reports on each file and
// period. The error is one of reading, of keys or of report, or ErrNoDigests; what the verification finds is no error.
func Verify(ctx context.Context, objects Objects, keys Keys, opt Options, report Report) (Summary, error) {
	if opt.Workers < 1 {
		opt.Workers = 8
	}
	v := &verifier{objects: objects, keys: keys, opt: opt, report: report, inflaters: newInflaters(), seen: map[Chain]bool{}}
	v.visit = v.folder
	err := v.find(ctx, opt.Root, 0)
	if err == nil {
		err = v.unseen()
	}
	if err == nil && v.sum.Chains == 0 {
		err = ErrNoDigests
	}
	return v.sum, err
}

// maxDepth is how many folders deep digests are looked for: a prefix has at most 200 characters.
const maxDepth = 24

// maxListings is how many folders are looked into until digests must have been found: a bucket may hold anything besides.
// An organization takes two for each account.
const maxListings = 100_000

// find looks for the folders of digests at and below prefix.
func (v *verifier) find(ctx context.Context, prefix string, depth int) error {
	if f, ok := objectkey.ParseFolder(prefix); ok {
		if f.Kind == objectkey.Digest && v.wants(f) {
			return v.visit(ctx, f)
		}
		return nil
	}
	if depth > maxDepth {
		return nil
	}
	if v.listings++; v.listings > maxListings {
		return fmt.Errorf("look for digests below %q: more than %d folders are there", v.opt.Root, maxListings)
	}
	names, err := v.objects.Folders(ctx, prefix)
	if err != nil {
		return fmt.Errorf("list folders of %q: %w", prefix, err)
	}
	if account := lastOf(prefix); objectkey.IsAccount(account) && underLogs(prefix) {
		if v.opt.Account != "" && v.opt.Account != account {
			return nil
		}
		// Beside the digests lie the logs of every day: do not list those.
		names = slices.DeleteFunc(names, func(n string) bool { return n != string(objectkey.Digest) })
	}
	for _, name := range names {
		if err := v.find(ctx, prefix+name+"/", depth+1); err != nil {
			return err
		}
	}
	return nil
}

// underLogs says whether the parent of the folder of an account is AWSLogs, or that of an organization below it.
func underLogs(prefix string) bool {
	f, ok := objectkey.ParseFolder(prefix + string(objectkey.Digest) + "/any/")
	return ok && f.Account == lastOf(prefix)
}

func lastOf(prefix string) string {
	prefix = strings.TrimSuffix(prefix, "/")
	return prefix[strings.LastIndexByte(prefix, '/')+1:]
}

func (v *verifier) wants(f objectkey.Folder) bool {
	return (v.opt.Account == "" || v.opt.Account == f.Account) && (v.opt.Region == "" || v.opt.Region == f.Region)
}

// folder walks all chains of a folder at once, day by day from the newest.
func (v *verifier) folder(ctx context.Context, f objectkey.Folder) error {
	walks := map[Chain]*walk{}
	var order []*walk
	count := newCensus(v, f)
	err := v.days(ctx, f, "", 0, func(day time.Time) error {
		keys, err := v.digests(ctx, f.DayPrefix(day))
		if err != nil {
			return err
		}
		err = v.each(ctx, keys, func(key objectkey.Key, file fetched) error {
			chain := chainOf(key)
			w := walks[chain]
			if w == nil {
				if len(order) == maxChains {
					return fmt.Errorf("verify %q: more than %d trails", f.String(), maxChains)
				}
				w = v.walk(chain, count)
				walks[chain] = w
				order = append(order, w)
			}
			return w.digest(ctx, key, file)
		})
		if err != nil {
			return err
		}
		return count.day(ctx, day)
	})
	if err != nil {
		return err
	}
	if err := count.end(ctx); err != nil {
		return err
	}
	for _, w := range order {
		if err := w.end(); err != nil {
			return err
		}
	}
	return nil
}

// digests lists the digests of a day that are in the range, newest first.
func (v *verifier) digests(ctx context.Context, day string) ([]objectkey.Key, error) {
	names, err := v.objects.Keys(ctx, day)
	if err != nil {
		return nil, fmt.Errorf("list keys of %q: %w", day, err)
	}
	var keys []objectkey.Key
	for _, name := range names {
		k, ok := objectkey.Parse(name)
		if !ok || k.Kind != objectkey.Digest || v.opt.Trail != "" && k.Trail != v.opt.Trail {
			continue
		}
		if !k.Time.After(v.opt.From) || !v.opt.To.IsZero() && k.Time.After(v.opt.To.Add(2*hour)) {
			continue
		}
		keys = append(keys, k)
	}
	slices.SortStableFunc(keys, func(a, b objectkey.Key) int { return b.Time.Compare(a.Time) })
	return keys, nil
}

// levels are the folders below a region.
var levels = []struct {
	layout             string
	years, months, day int
}{{"2006/", 1, 0, 0}, {"2006/01/", 0, 1, 0}, {"2006/01/02/", 0, 0, 1}}

// days calls do for every day of a folder that can hold digests of the range, newest first. path is what follows the folder's
// name, of as many levels as level says.
func (v *verifier) days(ctx context.Context, f objectkey.Folder, path string, level int, do func(day time.Time) error) error {
	names, err := v.objects.Folders(ctx, f.String()+path)
	if err != nil {
		return fmt.Errorf("list folders of %q: %w", f.String()+path, err)
	}
	for _, name := range slices.Backward(names) {
		l := levels[level]
		start, err := time.Parse(l.layout, path+name+"/")
		if err != nil || !v.holds(start, start.AddDate(l.years, l.months, l.day)) {
			continue
		}
		if level == len(levels)-1 {
			err = do(start)
		} else {
			err = v.days(ctx, f, path+name+"/", level+1, do)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// holds says whether digests that are named after a time from start to end can belong to the range.
func (v *verifier) holds(start, end time.Time) bool {
	return end.After(v.opt.From) && (v.opt.To.IsZero() || !start.After(v.opt.To.Add(2*hour)))
}

// unseen reports chains that were there earlier and are gone.
func (v *verifier) unseen() error {
	for _, chain := range slices.SortedFunc(maps.Keys(v.opt.Seen), Chain.compare) {
		f := chain.Folder()
		end := v.opt.Seen[chain]
		if v.seen[chain] || !v.wants(f) || !strings.HasPrefix(f.String(), v.opt.Root) || !end.After(v.opt.From) ||
			v.opt.Trail != "" && v.opt.Trail != chain.Trail {
			continue
		}
		if err := v.walk(chain, newCensus(v, f)).end(); err != nil {
			return err
		}
	}
	return nil
}

// walk begins a chain.
func (v *verifier) walk(chain Chain, count *census) *walk {
	v.seen[chain] = true
	return &walk{v: v, chain: chain, census: count, sum: ChainSummary{Chain: chain}}
}

// total adds a chain to the summary.
func (v *verifier) total(c ChainSummary) {
	v.sum.Chains++
	if c.Chain.Backfill {
		v.sum.Backfill.add(c.Totals)
	} else {
		v.sum.add(c.Totals)
	}
	if !c.From.IsZero() && (v.sum.From.IsZero() || c.From.Before(v.sum.From)) {
		v.sum.From = c.From
	}
	if c.To.After(v.sum.To) {
		v.sum.To = c.To
	}
}
