package awsapi

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"kiroku/internal/fault"
	"kiroku/internal/meta"
)

// CreateEventDataStoreInput is the input of CreateEventDataStore.
type CreateEventDataStoreInput struct {
	Name                         string
	AdvancedEventSelectors       json.RawMessage // list
	MultiRegionEnabled           *bool
	OrganizationEnabled          *bool
	RetentionPeriod              *int
	TerminationProtectionEnabled *bool
	TagsList                     []Tag
	KmsKeyId                     string
	StartIngestion               *bool
	BillingMode                  string
}

func orElse[T any](v *T, standard T) T {
	if v == nil {
		return standard
	}
	return *v
}

// CreateEventDataStore makes a store of the lake and what describes it. It is ENABLED at once.
func (s *Service) CreateEventDataStore(ctx context.Context, c Caller, in *CreateEventDataStoreInput) (EventDataStore, error) {
	row, err := newStore(c, in)
	if err != nil {
		return EventDataStore{}, err
	}
	if err := s.permitOrganization(c, in.OrganizationEnabled); err != nil {
		return EventDataStore{}, err
	}
	if err := checkTags(in.TagsList, s.limits.Tags); err != nil {
		return EventDataStore{}, err
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	if err := s.roomForStore(ctx, c); err != nil {
		return EventDataStore{}, err
	}
	status := row.Status
	row.Status = statusCreated // until the lake has it: Run removes what a crash leaves
	err = s.db.Write(ctx, func(tx *sql.Tx) error {
		if err := meta.InsertEventDataStore(ctx, tx, row); err != nil {
			return err
		}
		return setTags(ctx, tx, s.storeARN(row), in.TagsList)
	})
	if fault.KindOf(err) == fault.Conflict {
		return EventDataStore{}, storeNameTaken(in.Name)
	}
	if err != nil {
		return EventDataStore{}, err
	}
	row.Status = status
	if err := s.complete(ctx, row); err != nil {
		return EventDataStore{}, fmt.Errorf("create event data store %q: %w", row.ID, err)
	}
	s.reloaded(ctx)
	out := s.whole(row)
	out.TagsList = in.TagsList
	return out, nil
}

// storeNameTaken says, too, why the name of a store that was deleted is not free: its deletion can be taken back.
func storeNameTaken(name string) error {
	return refuse("EventDataStoreAlreadyExistsException",
		"There is an event data store %q already. One that was deleted keeps its name for 7 days, and RestoreEventDataStore brings it back.", name)
}

// complete makes the lake's store of a row that is stored, and gives the row its status. When it cannot, nothing stays.
func (s *Service) complete(ctx context.Context, row meta.EventDataStore) error {
	if err := s.opt.Lake.CreateStore(ctx, row.Store, days(row.Days)); err != nil {
		return errors.Join(err, s.deleteStoreRow(ctx, row)) // a store of that name is somebody else's
	}
	err := s.opt.Lake.Describe(ctx, row.Store, s.about(row))
	if err == nil {
		err = s.db.Write(ctx, func(tx *sql.Tx) error { return meta.UpdateEventDataStore(ctx, tx, row) })
	}
	if err != nil {
		return errors.Join(err, s.discard(ctx, row))
	}
	return nil
}

// discard removes a store with its events.
func (s *Service) discard(ctx context.Context, row meta.EventDataStore) error {
	if err := s.opt.Lake.DeleteStore(ctx, row.Store); err != nil && fault.KindOf(err) != fault.NotFound {
		return fmt.Errorf("remove event data store %q: %w", row.ID, err)
	}
	return s.deleteStoreRow(ctx, row)
}

func (s *Service) deleteStoreRow(ctx context.Context, row meta.EventDataStore) error {
	return s.db.Write(ctx, func(tx *sql.Tx) error {
		if err := meta.DeleteResource(ctx, tx, s.storeARN(row)); err != nil {
			return err
		}
		return meta.DeleteEventDataStore(ctx, tx, row.ID)
	})
}

// about is what the lake's store says of itself.
func (s *Service) about(row meta.EventDataStore) string {
	return "event data store " + row.Name + ", " + s.storeARN(row)
}

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

// newStore checks an input and fills a row of it.
func newStore(c Caller, in *CreateEventDataStoreInput) (meta.EventDataStore, error) {
	now := time.Now().UTC()
	row := meta.EventDataStore{ID: newUUID(), Account: c.Account, Region: c.Region, Name: in.Name, Status: statusEnabled, Org: orElse(in.OrganizationEnabled, false),
		Protected: orElse(in.TerminationProtectionEnabled, true), Billing: in.BillingMode, Created: now, Updated: now}
	row.Store = lakeName(row.Name, row.ID)
	if err := checkName(in.Name); err != nil {
		return row, err
	}
	if in.KmsKeyId != "" {
		return row, noKMS()
	}
	var err error
	if row.Selectors, row.Category, err = readSelectors(in.AdvancedEventSelectors); err != nil {
		return row, err
	}
	row.MultiRegion = orElse(in.MultiRegionEnabled, row.Category != categoryActivity)
	if row.Billing == "" {
		row.Billing = billingExtendable
	}
	standard, _ := retentionOf(row.Billing)
	row.Days = orElse(in.RetentionPeriod, standard)
	if err := checkStore(&row); err != nil {
		return row, err
	}
	if !orElse(in.StartIngestion, true) {
		if row.Category == categoryActivity {
			return row, invalid("A store for %s takes events from its channels; its ingestion cannot be stopped.", row.Category)
		}
		row.Status = statusStopped
	}
	return row, nil
}

// checkStore checks the rules that hold between the settings of a store.
func checkStore(row *meta.EventDataStore) error {
	if row.Billing != billingExtendable && row.Billing != billingFixed {
		return invalid("BillingMode must be %s or %s, not %.60q.", billingExtendable, billingFixed, row.Billing)
	}
	if _, most := retentionOf(row.Billing); row.Days < minRetention || row.Days > most {
		return invalid("RetentionPeriod must be from %d to %d days with %s, not %d.", minRetention, most, row.Billing, row.Days)
	}
	if row.Category == categoryActivity && (row.MultiRegion || row.Org) {
		return invalid("A store for %s must have MultiRegionEnabled and OrganizationEnabled false.", row.Category)
	}
	return nil
}

func noKMS() error {
	return refuse(codeUnsupported, "Stores are not encrypted with keys of AWS KMS here; leave KmsKeyId out.")
}

// roomForStore checks the quota of stores.
func (s *Service) roomForStore(ctx context.Context, c Caller) error {
	rows, err := meta.ListEventDataStores(ctx, s.db.Read(), c.Account, c.Region)
	if err != nil {
		return err
	}
	n := 0
	for _, r := range rows {
		if r.Deleted.IsZero() || s.limits.CountPending {
			n++
		}
	}
	if n >= s.limits.EventDataStores {
		return refuse("EventDataStoreMaxLimitExceededException", "The account has %d event data stores in %s, which is the most there can be.", n, c.Region)
	}
	return nil
}
