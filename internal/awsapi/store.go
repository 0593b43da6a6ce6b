package awsapi

import (
	"context"
	"encoding/json"
	"strings"

	"kiroku/internal/fault"
	"kiroku/internal/meta"
)

// EventDataStore describes an event data store; which members are there depends on the operation.
type EventDataStore struct {
	EventDataStoreArn            string
	Name                         string
	Status                       string          `json:",omitempty"`
	AdvancedEventSelectors       json.RawMessage `json:",omitempty"`
	MultiRegionEnabled           *bool           `json:",omitempty"`
	OrganizationEnabled          *bool           `json:",omitempty"`
	RetentionPeriod              int             `json:",omitempty"`
	TerminationProtectionEnabled *bool           `json:",omitempty"`
	TagsList                     []Tag           `json:",omitempty"`
	CreatedTimestamp             *Timestamp      `json:",omitempty"`
	UpdatedTimestamp             *Timestamp      `json:",omitempty"`
	BillingMode                  string          `json:",omitempty"`
	FederationStatus             string          `json:",omitempty"`
	PartitionKeys                []PartitionKey  `json:",omitempty"`
}

// PartitionKey is a column by which a store's files are divided.
type PartitionKey struct{ Name, Type string }

// Status of an event data store.
const (
	statusCreated = "CREATED"
	statusEnabled = "ENABLED"
	statusStopped = "STOPPED_INGESTION"
	statusPending = "PENDING_DELETION"
)

// statusOf is the status that clients see.
func statusOf(row *meta.EventDataStore) string {
	if !row.Deleted.IsZero() {
		return statusPending
	}
	return row.Status
}

// Billing modes; they decide how long events may be kept.
const (
	billingExtendable = "EXTENDABLE_RETENTION_PRICING"
	billingFixed      = "FIXED_RETENTION_PRICING"
)

const minRetention = 7 // days

// retentionOf is the default and the largest retention of a billing mode, in days.
func retentionOf(billing string) (standard, most int) {
	if billing == billingFixed {
		return 2557, 2557
	}
	return 366, 3653
}

func (s *Service) storeARN(row meta.EventDataStore) string {
	return s.arnOf(kindStore, row.Account, row.Region, row.ID)
}

// store finds a store of the caller's account and region by its ARN or id.
func (s *Service) store(ctx context.Context, c Caller, given string) (meta.EventDataStore, error) {
	row, err := s.anyStore(ctx, c, given)
	if err == nil && row.Account != c.Account {
		return meta.EventDataStore{}, noStore(given)
	}
	return row, err
}

// anyStore finds a store by its ARN, also one of another account.
func (s *Service) anyStore(ctx context.Context, c Caller, given string) (meta.EventDataStore, error) {
	a, ok := s.locate(c, kindStore, given)
	if !ok {
		return meta.EventDataStore{}, refuse("EventDataStoreARNInvalidException", "%.300q is neither the ARN nor the ID of an event data store.", given)
	}
	row, err := meta.GetEventDataStore(ctx, s.db.Read(), a.id)
	if fault.KindOf(err) == fault.NotFound || err == nil && (row.Account != a.account || row.Region != a.region || a.region != c.Region) {
		return meta.EventDataStore{}, noStore(given)
	}
	return row, err
}

func noStore(given string) error {
	return refuse("EventDataStoreNotFoundException", "There is no event data store %.300q.", given)
}

func inactive(row meta.EventDataStore) error {
	return refuse("InactiveEventDataStoreException", "The event data store %s waits to be deleted; restore it first.", row.ID)
}

// ofOrganization says whether a store takes the events of all accounts. One that was made to while its account might is for
// its own account's otherwise.
func (s *Service) ofOrganization(row *meta.EventDataStore) bool {
	return row.Org && row.Account == s.opt.ManagementAccount
}

// permitOrganization refuses a store for the events of all accounts to any but the management account.
func (s *Service) permitOrganization(c Caller, asked *bool) error {
	switch {
	case !orElse(asked, false) || c.Account != "" && c.Account == s.opt.ManagementAccount:
		return nil
	case s.opt.ManagementAccount == "":
		return refuse("OrganizationsNotInUseException", "OrganizationEnabled needs an organization, and none is known: aws_api.management_account in the configuration names its management account.")
	}
	return refuse("NotOrganizationMasterAccountException", "OrganizationEnabled is for the management account of the organization, %s, not for %s.", s.opt.ManagementAccount, c.Account)
}

// whole describes a store with all that Get returns.
func (s *Service) whole(row meta.EventDataStore) EventDataStore {
	organization := s.ofOrganization(&row)
	return EventDataStore{AdvancedEventSelectors: json.RawMessage(row.Selectors), EventDataStoreArn: s.storeARN(row), Name: row.Name, Status: statusOf(&row), MultiRegionEnabled: &row.MultiRegion,
		OrganizationEnabled: &organization, RetentionPeriod: row.Days, TerminationProtectionEnabled: &row.Protected,
		CreatedTimestamp: stamp(row.Created), UpdatedTimestamp: stamp(row.Updated), BillingMode: row.Billing}
}

// lakeName is the name of the lake's store for an event data store: readable, and different for each.
func lakeName(name, id string) string {
	b := []byte(strings.ToLower(name))
	for i, c := range b {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			b[i] = '_'
		}
	}
	const prefix, longest = "eds_", 40
	return prefix + string(b[:min(len(b), longest)]) + "_" + id[:8]
}
