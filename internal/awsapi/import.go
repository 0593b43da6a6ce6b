package awsapi

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"kiroku/internal/awsapi/selector"
	"kiroku/internal/fault"
	"kiroku/internal/meta"
)

// ImportSource is where the files of an import are.
type ImportSource struct{ S3 *S3ImportSource }

// S3ImportSource is a folder of a bucket.
type S3ImportSource struct {
	S3LocationUri         string // s3://bucket/prefix
	S3BucketRegion        string
	S3BucketAccessRoleArn string
}

// StartImportInput begins an import, or with ImportId tries again what failed of one and goes on with it.
type StartImportInput struct {
	Destinations   []string // one event data store
	ImportSource   *ImportSource
	StartEventTime *Timestamp
	EndEventTime   *Timestamp
	ImportId       string
}

// Import describes an import; which members are there depends on the operation.
type Import struct {
	ImportId         string
	Destinations     []string
	ImportSource     *ImportSource `json:",omitempty"`
	StartEventTime   *Timestamp    `json:",omitempty"`
	EndEventTime     *Timestamp    `json:",omitempty"`
	ImportStatus     string
	CreatedTimestamp *Timestamp
	UpdatedTimestamp *Timestamp
	ImportStatistics *ImportStatistics `json:",omitempty"`
}

// ImportStatistics says how far an import is.
type ImportStatistics struct{ PrefixesFound, PrefixesCompleted, FilesCompleted, EventsCompleted, FailedEntries int64 }

// Status of an import, and of a file that failed.
const (
	importBeginning = "INITIALIZING"
	importRunning   = "IN_PROGRESS"
	importFailed    = "FAILED"
	importStopped   = "STOPPED"
	importCompleted = "COMPLETED"

	failureFailed    = "FAILED"
	failureRetry     = "RETRY"
	failureSucceeded = "SUCCEEDED"
)

// importable are the categories of stores that take CloudTrail's files.
var importable = append([]selector.Category{selector.Insight}, awsEvents...)

// StartImport begins an import. It runs on its own: see Run.
func (s *Service) StartImport(ctx context.Context, c Caller, in *StartImportInput) (Import, error) {
	if s.opt.Buckets == nil {
		return Import{}, refuse(codeUnsupported, "Files cannot be imported here.")
	}
	row := meta.Import{}
	var err error
	if in.ImportId != "" {
		if row, err = s.findImport(ctx, c, in.ImportId); err != nil {
			return Import{}, err
		}
		if in.Destinations != nil || in.ImportSource != nil || in.StartEventTime != nil || in.EndEventTime != nil {
			return Import{}, invalid("With ImportId an import is tried again as it is: leave the other members out.")
		}
		if row.Status == importCompleted {
			return Import{}, invalid("The import %s is completed: there is nothing to try again.", row.ID)
		}
	} else if row, err = s.newImport(ctx, c, in); err != nil {
		return Import{}, err
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	if _, err := s.destination(ctx, c, row.EventDataStore); err != nil {
		return Import{}, err
	}
	if err := s.noImportOf(ctx, c.Account); err != nil {
		return Import{}, err
	}
	row.Status, row.Updated = importBeginning, time.Now().UTC()
	err = s.db.Write(ctx, func(tx *sql.Tx) error {
		if in.ImportId == "" {
			return meta.InsertImport(ctx, tx, row)
		}
		if _, err := meta.SetImportStatus(ctx, tx, row.ID, row.Status, row.Updated, importFailed, importStopped); err != nil {
			return err
		}
		return meta.RetryImportFailures(ctx, tx, row.ID, row.Updated)
	})
	if err != nil {
		return Import{}, err
	}
	s.imports.start()
	return s.describedImport(row), nil
}

// newImport checks an input and fills a row of it.
func (s *Service) newImport(ctx context.Context, c Caller, in *StartImportInput) (meta.Import, error) {
	now := time.Now().UTC()
	row := meta.Import{ID: newUUID(), Account: c.Account, Region: c.Region, Created: now, Updated: now}
	if len(in.Destinations) != 1 {
		return row, invalid("Destinations must have the ARN of one event data store, not %d.", len(in.Destinations))
	}
	store, err := s.destination(ctx, c, in.Destinations[0])
	if err != nil {
		return row, err
	}
	row.EventDataStore = store.ID
	if in.StartEventTime != nil {
		row.Start = in.StartEventTime.Time
	}
	if in.EndEventTime != nil {
		row.End = in.EndEventTime.Time
	}
	if !row.Start.IsZero() && !row.End.IsZero() && row.Start.After(row.End) {
		return row, invalid("StartEventTime is after EndEventTime.")
	}
	if in.ImportSource == nil || in.ImportSource.S3 == nil {
		return row, invalid("ImportSource.S3 is missing.")
	}
	from := in.ImportSource.S3
	row.Location, row.BucketRegion, row.Role = from.S3LocationUri, from.S3BucketRegion, from.S3BucketAccessRoleArn
	return row, s.checkImportSource(ctx, row)
}

var (
	locationForm = regexp.MustCompile(`^s3://[a-z0-9][.\-a-z0-9]{1,61}[a-z0-9](/.*)?$`)
	roleForm     = regexp.MustCompile(`^arn:[a-z-]+:iam::[0-9]{12}:role/[[:graph:]]+$`)
)

// maxLocation is how long a location is at most (service model, S3 URIs).
const maxLocation = 1024

// probeFor is how long StartImport waits for the bucket: what is wrong with its name or the permission is told at once.
const probeFor = 10 * time.Second

func (s *Service) checkImportSource(ctx context.Context, row meta.Import) error {
	bad := func(format string, args ...any) error { return refuse("InvalidImportSourceException", format, args...) }
	switch {
	case len(row.Location) > maxLocation || !locationForm.MatchString(row.Location):
		return bad("S3LocationUri must be s3://BUCKET/PREFIX, not %.200q.", row.Location)
	case !isRegion(row.BucketRegion):
		return bad("S3BucketRegion must be a region, not %.60q.", row.BucketRegion)
	case !roleForm.MatchString(row.Role):
		return bad("S3BucketAccessRoleArn must be the ARN of a role, not %.200q.", row.Role)
	}
	ctx, cancel := context.WithTimeout(ctx, probeFor)
	defer cancel()
	objects, err := s.openImport(ctx, row)
	if err == nil {
		bucket, prefix := splitLocation(row.Location)
		_, err = objects.List(ctx, bucket, prefix, "/", "")
	}
	switch fault.KindOf(err) {
	case fault.Invalid, fault.NotFound, fault.Denied, fault.NoToken:
		return bad("The bucket cannot be read: %v", err)
	}
	return nil // whatever else is wrong may pass; the import finds out
}

// openImport opens the bucket of an import, if it may be read.
func (s *Service) openImport(ctx context.Context, row meta.Import) (Bucket, error) {
	if bucket, _ := splitLocation(row.Location); !allowed(s.opt.ImportBuckets, bucket) {
		return nil, fault.New(fault.Denied, fmt.Errorf("%q is not in aws_api.import_buckets of Kiroku's configuration", bucket), "Name it there.")
	}
	return s.opt.Buckets(ctx, row.BucketRegion, row.Role)
}

// allowed says whether a bucket is one of those that are named; none named allows any.
func allowed(buckets []string, name string) bool {
	return len(buckets) == 0 || slices.Contains(buckets, name)
}

// splitLocation reads s3://bucket/prefix. The prefix ends with a slash, as folders do, unless it is one file's key.
func splitLocation(uri string) (bucket, prefix string) {
	bucket, prefix, _ = strings.Cut(strings.TrimPrefix(uri, "s3://"), "/")
	if prefix != "" && !strings.HasSuffix(prefix, "/") && !strings.HasSuffix(prefix, fileSuffix) {
		prefix += "/"
	}
	return bucket, prefix
}

// destination finds a store that files can be imported into.
func (s *Service) destination(ctx context.Context, c Caller, given string) (meta.EventDataStore, error) {
	row, err := s.activeStore(ctx, c, given)
	if err != nil {
		return row, err
	}
	if !slices.Contains(importable, selector.Category(row.Category)) {
		return row, refuse("InvalidEventDataStoreCategoryException", "The event data store %s takes events of %s, not of CloudTrail.", row.Name, row.Category)
	}
	if row.Status != statusEnabled && row.Status != statusStopped {
		return row, badStatus(row, statusEnabled)
	}
	return row, nil
}

// noImportOf refuses a second import of an account at the same time.
func (s *Service) noImportOf(ctx context.Context, account string) error {
	rows, err := meta.ListImports(ctx, s.db.Read(), account, "")
	if err != nil {
		return err
	}
	for _, r := range rows {
		if isOngoing(r) {
			return refuse("AccountHasOngoingImportException", "The import %s is running; an account has one at a time.", r.ID)
		}
	}
	return nil
}

// noImportInto refuses to change a store while something is imported into it.
func (s *Service) noImportInto(ctx context.Context, store meta.EventDataStore) error {
	rows, err := meta.ListImports(ctx, s.db.Read(), store.Account, store.Region)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if isOngoing(r) && r.EventDataStore == store.ID {
			return refuse("EventDataStoreHasOngoingImportException", "The import %s into the event data store %s is running: wait for it, or stop it.", r.ID, store.Name)
		}
	}
	return nil
}

func isOngoing(r meta.Import) bool { return r.Status == importBeginning || r.Status == importRunning }

// describedImport is an import as StartImport returns it.
func (s *Service) describedImport(r meta.Import) Import {
	return Import{ImportId: r.ID, Destinations: []string{s.arnOf(kindStore, r.Account, r.Region, r.EventDataStore)},
		ImportSource: &ImportSource{&S3ImportSource{r.Location, r.BucketRegion, r.Role}}, StartEventTime: stamp(r.Start), EndEventTime: stamp(r.End),
		ImportStatus: r.Status, CreatedTimestamp: stamp(r.Created), UpdatedTimestamp: stamp(r.Updated)}
}

// findImport finds an import of the caller's account and region.
func (s *Service) findImport(ctx context.Context, c Caller, id string) (meta.Import, error) {
	none := refuse("ImportNotFoundException", "There is no import %.60q.", id)
	if !uuidForm.MatchString(id) {
		return meta.Import{}, none
	}
	row, err := meta.GetImport(ctx, s.db.Read(), id)
	if fault.KindOf(err) == fault.NotFound || err == nil && (row.Account != c.Account || row.Region != c.Region) {
		return meta.Import{}, none
	}
	return row, err
}
