package awsapi

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"slices"
	"strings"
	"time"

	"kiroku/internal/meta"
)

// ImportInput names an import.
type ImportInput struct {
	ImportId string
}

// GetImport describes an import and says how far it is.
func (s *Service) GetImport(ctx context.Context, c Caller, in *ImportInput) (Import, error) {
	row, err := s.findImport(ctx, c, in.ImportId)
	if err != nil {
		return Import{}, err
	}
	failed, err := meta.CountImportFailures(ctx, s.db.Read(), row.ID, failureFailed)
	if err != nil {
		return Import{}, err
	}
	out := s.describedImport(row)
	n := row.Counts
	out.ImportStatistics = &ImportStatistics{n.PrefixesFound, n.PrefixesCompleted, n.Files, n.Events, failed}
	return out, nil
}

// StopImport ends an import that runs. What it has stored stays; StartImport with its id goes on.
func (s *Service) StopImport(ctx context.Context, c Caller, in *ImportInput) (Import, error) {
	row, err := s.findImport(ctx, c, in.ImportId)
	if err != nil {
		return Import{}, err
	}
	var stopped bool
	err = s.db.Write(ctx, func(tx *sql.Tx) error {
		stopped, err = meta.SetImportStatus(ctx, tx, row.ID, importStopped, time.Now(), importBeginning, importRunning)
		return err
	})
	if err != nil {
		return Import{}, err
	}
	if !stopped {
		return Import{}, invalid("The import %s does not run.", row.ID)
	}
	s.imports.stop(row.ID)
	return s.GetImport(ctx, c, in)
}

// ListImportsInput asks for imports.
type ListImportsInput struct {
	Destination  string // event data store; empty: all
	ImportStatus string // empty: all
	MaxResults   *int
	NextToken    string
}

// ListImportsOutput is a page of imports, which have no source and no statistics.
type ListImportsOutput struct {
	Imports   []Import
	NextToken string `json:",omitempty"`
}

// ListImports lists the imports of the caller's account and region, the newest first.
func (s *Service) ListImports(ctx context.Context, c Caller, in *ListImportsInput) (ListImportsOutput, error) {
	out := ListImportsOutput{Imports: []Import{}}
	into := ""
	if in.Destination != "" {
		a, ok := s.locate(c, kindStore, in.Destination)
		if !ok {
			return out, refuse("EventDataStoreARNInvalidException", "%.300q is neither the ARN nor the ID of an event data store.", in.Destination)
		}
		into = a.id
	}
	if in.ImportStatus != "" && !slices.Contains([]string{importBeginning, importRunning, importFailed, importStopped, importCompleted}, in.ImportStatus) {
		return out, invalid("There is no ImportStatus %.40q.", in.ImportStatus)
	}
	rows, err := meta.ListImports(ctx, s.db.Read(), c.Account, c.Region)
	if err != nil {
		return out, err
	}
	rows = slices.DeleteFunc(rows, func(r meta.Import) bool {
		return into != "" && r.EventDataStore != into || in.ImportStatus != "" && r.Status != in.ImportStatus
	})
	var part []meta.Import
	if part, out.NextToken, err = page(rows, newestFirst, c.question("ListImports", into, in.ImportStatus), in.MaxResults, in.NextToken); err != nil {
		return out, err
	}
	for _, r := range part {
		out.Imports = append(out.Imports, Import{ImportId: r.ID, Destinations: []string{s.arnOf(kindStore, r.Account, r.Region, r.EventDataStore)}, ImportStatus: r.Status,
			CreatedTimestamp: stamp(r.Created), UpdatedTimestamp: stamp(r.Updated)})
	}
	return out, nil
}

// newestFirst is a key that rises from the newest import to the oldest. Of the same microsecond the order is that of the
// list: by falling id.
func newestFirst(r meta.Import) string {
	id := []byte(r.ID)
	for i := range id {
		id[i] = 0x7f - id[i]
	}
	return time.UnixMicro(1<<52-r.Created.UnixMicro()).UTC().Format("20060102150405.000000") + string(id)
}

// ListImportFailuresInput asks for the files of an import that failed.
type ListImportFailuresInput struct {
	ImportId   string
	MaxResults *int
	NextToken  string
}

// ListImportFailuresOutput is a page of failures.
type ListImportFailuresOutput struct {
	Failures  []ImportFailure
	NextToken string `json:",omitempty"`
}

// ImportFailure is a file that failed, and whether it was tried again.
type ImportFailure struct {
	Location        string
	Status          string
	ErrorType       string
	ErrorMessage    string
	LastUpdatedTime *Timestamp
}

// failurePlace is the place of a failure in the list: by its location. Of those that begin alike for very long a hash decides,
// because a token of the whole location would be longer than clients send.
func failurePlace(f meta.ImportFailure) string {
	const long = 500
	if len(f.Location) <= long {
		return f.Location
	}
	sum := sha256.Sum256([]byte(f.Location))
	return f.Location[:long] + string(sum[:])
}

// ListImportFailures lists the files of an import that failed, by their location.
func (s *Service) ListImportFailures(ctx context.Context, c Caller, in *ListImportFailuresInput) (ListImportFailuresOutput, error) {
	out := ListImportFailuresOutput{Failures: []ImportFailure{}}
	row, err := s.findImport(ctx, c, in.ImportId)
	if err != nil {
		return out, err
	}
	rows, err := meta.ListImportFailures(ctx, s.db.Read(), row.ID, "")
	if err != nil {
		return out, err
	}
	slices.SortFunc(rows, func(a, b meta.ImportFailure) int { return strings.Compare(failurePlace(a), failurePlace(b)) })
	part, token, err := page(rows, failurePlace, c.question("ListImportFailures", row.ID), in.MaxResults, in.NextToken)
	for _, f := range part {
		out.Failures = append(out.Failures, ImportFailure{f.Location, f.Status, f.ErrorType, f.Message, stamp(f.Updated)})
	}
	out.NextToken = token
	return out, err
}
