package awsapi

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"kiroku/internal/aws"
	"kiroku/internal/cloudtrail/objectkey"
)

// Bucket is where the files of an import are. *aws.Client satisfies it.
type Bucket interface {
	// List is fault.Invalid where there is no such bucket, and fault.Denied where we may not.
	List(ctx context.Context, bucket, prefix, delimiter, next string) (aws.Listing, error)
	// Get is fault.NotFound where there is no object, and fault.Conflict where it is archived.
	Get(ctx context.Context, bucket, key string) (*aws.Object, error)
}

const fileSuffix = ".json.gz"

// late is for how long CloudTrail tries to deliver a file: so much later than its events can it stand in the bucket.
const late = 31 * 24 * time.Hour

// walk finds the folders of an import: those of days, or whatever holds files that are imported.
type walk struct {
	objects        Bucket
	bucket, prefix string
	start, end     time.Time // of events; zero: no bound
	found          []string
}

// run returns the folders in the order of their keys.
func (w *walk) run(ctx context.Context) ([]string, error) {
	if err := w.descend(ctx, w.prefix); err != nil {
		return nil, err
	}
	slices.Sort(w.found)
	return w.found, nil
}

func (w *walk) descend(ctx context.Context, folder string) error {
	if day, ok := dayOf(folder); ok && isTrailFolder(w.prefix, folder) {
		if (w.start.IsZero() || !day.Before(w.start.Add(-48*time.Hour))) && (w.end.IsZero() || !day.After(w.end.Add(late))) {
			w.found = append(w.found, folder)
		}
		return nil
	}
	var children []string
	for next, more := "", true; more; {
		page, err := w.objects.List(ctx, w.bucket, folder, "/", next)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(page.Objects, func(o aws.ObjectInfo) bool { return isImported(w.prefix, o.Key) }) {
			w.found = append(w.found, folder) // with everything below it
			return nil
		}
		children = append(children, page.Prefixes...)
		next, more = page.Next, page.Next != ""
	}
	for _, child := range children {
		if len(child) > len(folder) && !isOtherService(w.prefix, child) {
			if err := w.descend(ctx, child); err != nil {
				return err
			}
		}
	}
	return nil
}

var dayForm = regexp.MustCompile(`/([0-9]{4}/[0-9]{2}/[0-9]{2})/$`)

// dayOf is the day of a folder …/2026/11/22/.
func dayOf(folder string) (time.Time, bool) {
	m := dayForm.FindStringSubmatch(folder)
	if m == nil {
		return time.Time{}, false
	}
	day, err := time.Parse("2006/01/02", m[1])
	return day, err == nil
}

// isImported says whether a file belongs to an import from prefix: one of CloudTrail's log files. Those of Insight events and
// the like are only imported when the prefix leads into their folder, digests never. CloudTrail's folders may be missing in
// copies that somebody made: then the files are in the prefix itself or in folders of dates.
func isImported(prefix, key string) bool {
	return strings.HasSuffix(key, fileSuffix) && isTrailFolder(prefix, key[:strings.LastIndexByte(key, '/')+1])
}

func isTrailFolder(prefix, folder string) bool {
	all := strings.Split(strings.TrimSuffix(folder, "/"), "/")
	if slices.Contains(all, string(objectkey.Digest)) {
		return false
	}
	if intoTrail(prefix) || slices.Contains(all, string(objectkey.Log)) {
		return true
	}
	rest := strings.TrimPrefix(folder, prefix[:strings.LastIndexByte(prefix, '/')+1])
	return strings.Trim(rest, "0123456789/") == "" && !strings.Contains(prefix, awsLogs)
}

// intoTrail says whether a prefix leads into one of CloudTrail's folders.
func intoTrail(prefix string) bool {
	return slices.ContainsFunc(strings.Split(prefix, "/"), func(s string) bool { return objectkey.Kind(s).Known() })
}

const awsLogs = "AWSLogs/"

// isOtherService says whether a folder is that of another AWS service, or of a kind of CloudTrail's that is not imported:
// what stands below the account.
func isOtherService(prefix, folder string) bool {
	all := strings.Split(strings.TrimSuffix(folder, "/"), "/")
	n := len(all)
	return n >= 3 && objectkey.IsAccount(all[n-2]) && slices.Contains(all[:n-2], strings.TrimSuffix(awsLogs, "/")) && all[n-1] != string(objectkey.Log) && !intoTrail(prefix)
}
