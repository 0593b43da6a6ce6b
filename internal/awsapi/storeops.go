package awsapi

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"kiroku/internal/awsapi/selector"
	"kiroku/internal/fault"
	"kiroku/internal/meta"
)

// StoreInput names an event data store by its ARN or ID.
type StoreInput struct{ EventDataStore string }

// GetEventDataStore describes a store, also one of another account whose policy lets the caller see it.
func (s *Service) GetEventDataStore(ctx context.Context, c Caller, in *StoreInput) (EventDataStore, error) {
	row, err := s.anyStore(ctx, c, in.EventDataStore)
	if err != nil {
		return EventDataStore{}, err
	}
	if err := s.permitStore(ctx, c, row, actionGetStore); err != nil {
		return EventDataStore{}, err
	}
	out := s.whole(row)
	out.FederationStatus = "DISABLED"
	out.PartitionKeys = []PartitionKey{{Name: "calendarday", Type: "string"}}
	return out, nil
}

// ListInput asks for a page of a list.
type ListInput struct {
	MaxResults *int
	NextToken  string
}

// ListEventDataStoresOutput is a page of stores, which have only ARN and name.
type ListEventDataStoresOutput struct {
	EventDataStores []EventDataStore
	NextToken       string `json:",omitempty"`
}

// ListEventDataStores lists the stores of the caller's account and region by name.
func (s *Service) ListEventDataStores(ctx context.Context, c Caller, in *ListInput) (ListEventDataStoresOutput, error) {
	rows, err := meta.ListEventDataStores(ctx, s.db.Read(), c.Account, c.Region)
	if err != nil {
		return ListEventDataStoresOutput{}, err
	}
	part, token, err := page(rows, func(r meta.EventDataStore) string { return r.Name + "\x00" + r.ID }, c.question("ListEventDataStores"), in.MaxResults, in.NextToken)
	out := ListEventDataStoresOutput{EventDataStores: []EventDataStore{}, NextToken: token}
	for _, r := range part {
		out.EventDataStores = append(out.EventDataStores, EventDataStore{EventDataStoreArn: s.storeARN(r), Name: r.Name})
	}
	return out, err
}

// UpdateEventDataStoreInput is the input of UpdateEventDataStore: what is nil or empty stays.
type UpdateEventDataStoreInput struct {
	EventDataStore               string
	Name                         string
	AdvancedEventSelectors       json.RawMessage // list
	MultiRegionEnabled           *bool
	OrganizationEnabled          *bool
	RetentionPeriod              *int
	TerminationProtectionEnabled *bool
	KmsKeyId                     string
	BillingMode                  string
}

// Empty says whether nothing is to be changed.
func (in *UpdateEventDataStoreInput) Empty() bool {
	return in.Name == "" && !given(in.AdvancedEventSelectors) && in.MultiRegionEnabled == nil && in.OrganizationEnabled == nil &&
		in.RetentionPeriod == nil && in.TerminationProtectionEnabled == nil && in.KmsKeyId == "" && in.BillingMode == ""
}

// UpdateEventDataStore changes a store.
func (s *Service) UpdateEventDataStore(ctx context.Context, c Caller, in *UpdateEventDataStoreInput) (EventDataStore, error) {
	s.changing.Lock()
	defer s.changing.Unlock()
	row, err := s.activeStore(ctx, c, in.EventDataStore)
	if err != nil {
		return EventDataStore{}, err
	}
	old := row
	if err := s.permitOrganization(c, in.OrganizationEnabled); err != nil {
		return EventDataStore{}, err
	}
	if err := in.apply(&row); err != nil {
		return EventDataStore{}, err
	}
	if err := s.keepsInsights(ctx, row); err != nil {
		return EventDataStore{}, err
	}
	if err := s.noImportInto(ctx, old); err != nil {
		return EventDataStore{}, err
	}
	row.Updated = time.Now().UTC()
	err = s.save(ctx, row)
	if fault.KindOf(err) == fault.Conflict {
		return EventDataStore{}, storeNameTaken(row.Name)
	}
	if err == nil && row.Days != old.Days {
		err = s.opt.Lake.SetRetention(ctx, row.Store, days(row.Days))
	}
	if err == nil && row.Name != old.Name {
		err = s.opt.Lake.Describe(ctx, row.Store, s.about(row))
	}
	if err != nil {
		return EventDataStore{}, fmt.Errorf("update event data store %q: %w", row.ID, err)
	}
	return s.whole(row), nil
}

func (in *UpdateEventDataStoreInput) apply(row *meta.EventDataStore) error {
	if in.Empty() {
		return invalid("Name at least one setting to change.")
	}
	if in.KmsKeyId != "" {
		return noKMS()
	}
	if in.Name != "" {
		if err := checkName(in.Name); err != nil {
			return err
		}
		row.Name = in.Name
	}
	if given(in.AdvancedEventSelectors) {
		text, category, err := readSelectors(in.AdvancedEventSelectors)
		if err != nil {
			return err
		}
		if !sameFamily(row.Category, category) {
			return refuse("InvalidEventSelectorsException", "A store for events of %s cannot become one for %s.", row.Category, category)
		}
		row.Selectors, row.Category = text, category
	}
	if in.BillingMode != "" {
		if row.Billing == billingExtendable && in.BillingMode == billingFixed {
			return invalid("BillingMode cannot go back from %s to %s.", row.Billing, in.BillingMode)
		}
		row.Billing = in.BillingMode
	}
	row.MultiRegion = orElse(in.MultiRegionEnabled, row.MultiRegion)
	row.Org = orElse(in.OrganizationEnabled, row.Org)
	row.Days = orElse(in.RetentionPeriod, row.Days)
	row.Protected = orElse(in.TerminationProtectionEnabled, row.Protected)
	return checkStore(row)
}

// activeStore finds a store of the caller's that does not wait to be deleted.
func (s *Service) activeStore(ctx context.Context, c Caller, given string) (meta.EventDataStore, error) {
	row, err := s.store(ctx, c, given)
	if err == nil && !row.Deleted.IsZero() {
		err = inactive(row)
	}
	return row, err
}

// DeleteEventDataStore makes a store wait to be deleted. Until then it can be restored. Insights of its events, or into it, end.
func (s *Service) DeleteEventDataStore(ctx context.Context, c Caller, in *StoreInput) (Empty, error) {
	s.changing.Lock()
	defer s.changing.Unlock()
	row, err := s.activeStore(ctx, c, in.EventDataStore)
	if err != nil {
		return Empty{}, err
	}
	if row.Protected {
		return Empty{}, refuse("EventDataStoreTerminationProtectedException", "The event data store %s is protected: set TerminationProtectionEnabled to false first.", row.Name)
	}
	if err := s.noImportInto(ctx, row); err != nil {
		return Empty{}, err
	}
	channels, err := meta.ChannelsTo(ctx, s.db.Read(), row.ID)
	if err != nil {
		return Empty{}, err
	}
	if len(channels) > 0 {
		return Empty{}, refuse("ChannelExistsForEDSException", "%d channels have the event data store %s as a destination.", len(channels), row.Name)
	}
	row.Deleted = time.Now().UTC()
	row.Updated = row.Deleted
	defer s.reloaded(ctx)
	return Empty{}, s.db.Write(ctx, func(tx *sql.Tx) error {
		if err := meta.DeleteInsightSelectors(ctx, tx, row.ID); err != nil {
			return err
		}
		return meta.UpdateEventDataStore(ctx, tx, row)
	})
}

// save stores a changed row, and lets go of the events that it does not take any more.
func (s *Service) save(ctx context.Context, row meta.EventDataStore) error {
	defer s.reloaded(ctx)
	return s.db.Write(ctx, func(tx *sql.Tx) error { return meta.UpdateEventDataStore(ctx, tx, row) })
}

// RestoreEventDataStore takes the deletion of a store back.
func (s *Service) RestoreEventDataStore(ctx context.Context, c Caller, in *StoreInput) (EventDataStore, error) {
	s.changing.Lock()
	defer s.changing.Unlock()
	row, err := s.store(ctx, c, in.EventDataStore)
	if err != nil {
		return EventDataStore{}, err
	}
	if row.Deleted.IsZero() {
		return EventDataStore{}, badStatus(row, statusPending)
	}
	if !s.limits.CountPending {
		if err := s.roomForStore(ctx, c); err != nil {
			return EventDataStore{}, err
		}
	}
	row.Deleted, row.Updated = time.Time{}, time.Now().UTC()
	if err := s.save(ctx, row); err != nil {
		return EventDataStore{}, err
	}
	return s.whole(row), nil
}

func badStatus(row meta.EventDataStore, want string) error {
	return refuse("InvalidEventDataStoreStatusException", "The event data store %s is %s, not %s.", row.Name, statusOf(&row), want)
}

// StartEventDataStoreIngestion lets a store take events again.
func (s *Service) StartEventDataStoreIngestion(ctx context.Context, c Caller, in *StoreInput) (Empty, error) {
	return Empty{}, s.switchIngestion(ctx, c, in.EventDataStore, statusStopped, statusEnabled)
}

// StopEventDataStoreIngestion makes a store take no more events.
func (s *Service) StopEventDataStoreIngestion(ctx context.Context, c Caller, in *StoreInput) (Empty, error) {
	return Empty{}, s.switchIngestion(ctx, c, in.EventDataStore, statusEnabled, statusStopped)
}

func (s *Service) switchIngestion(ctx context.Context, c Caller, given, from, to string) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	row, err := s.store(ctx, c, given)
	if err != nil {
		return err
	}
	if !slices.Contains(ingestible, selector.Category(row.Category)) {
		return refuse("InvalidEventDataStoreCategoryException", "The ingestion of a store for %s cannot be started or stopped.", row.Category)
	}
	if statusOf(&row) != from {
		return badStatus(row, from)
	}
	row.Status, row.Updated = to, time.Now().UTC()
	return s.save(ctx, row)
}
