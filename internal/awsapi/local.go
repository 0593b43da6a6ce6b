package awsapi

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"kiroku/internal/fault"
	"kiroku/internal/meta"
)

// Scope narrows what our own API speaks of; empty members mean any account, any region.
type Scope struct{ Account, Region string }

// StoreInfo is an event data store with what our own API tells of it.
type StoreInfo struct {
	meta.EventDataStore
	ARN     string
	Deletes time.Time // when it will be gone; zero: it stays
}

// ChannelInfo is a channel with what our own API tells of it.
type ChannelInfo struct {
	meta.Channel
	ARN          string
	Destinations []string // ARNs
	Rejected     int
}

// Home is the account and region in which our own API makes something: those of the scope, else the configured ones, else
// the only account that access keys are of.
func (s *Service) Home(ctx context.Context, scope Scope) (Caller, error) {
	c := Caller{Account: scope.Account, Region: scope.Region}
	if c.Region == "" {
		c.Region = s.opt.Region
	}
	if c.Account == "" {
		c.Account = s.opt.Account
	}
	if c.Account == "" {
		keys, err := s.opt.Keys.List(ctx)
		if err != nil {
			return c, err
		}
		accounts := map[string]bool{}
		for _, k := range keys {
			if k.Revoked.IsZero() {
				accounts[k.Account] = true
				c.Account = k.Account
			}
		}
		if len(accounts) != 1 {
			return c, fault.New(fault.Invalid, fmt.Errorf("choose account: there are access keys of %d accounts", len(accounts)),
				`Name the account, for example with --account 111122223333, or set aws_api.account in the configuration.`)
		}
	}
	if !accountForm.MatchString(c.Account) || !isRegion(c.Region) {
		return c, fault.New(fault.Invalid, fmt.Errorf("account %q or region %q is not possible", c.Account, c.Region), "Give 12 digits, and a region such as us-east-1.")
	}
	return c, nil
}

// in is the caller who owns something of an account and a region.
func in(account, region string) Caller { return Caller{Account: account, Region: region} }

// Stores returns the stores of a scope by name.
func (s *Service) Stores(ctx context.Context, scope Scope) ([]StoreInfo, error) {
	rows, err := meta.ListEventDataStores(ctx, s.db.Read(), scope.Account, scope.Region)
	if err != nil {
		return nil, err
	}
	out := make([]StoreInfo, len(rows))
	for i, r := range rows {
		out[i] = s.storeInfo(r)
	}
	return out, nil
}

func (s *Service) storeInfo(r meta.EventDataStore) StoreInfo {
	info := StoreInfo{EventDataStore: r, ARN: s.storeARN(r)}
	info.Status, info.Org = statusOf(&r), s.ofOrganization(&r)
	if !r.Deleted.IsZero() {
		info.Deletes = r.Deleted.Add(days(s.limits.DeletionDays))
	}
	return info
}

// FindStore finds a store of a scope by its ARN, ID or name. The Caller is the one who owns it.
func (s *Service) FindStore(ctx context.Context, scope Scope, given string) (StoreInfo, Caller, error) {
	all, err := s.Stores(ctx, scope)
	if err != nil {
		return StoreInfo{}, Caller{}, err
	}
	r, err := only(all, given, func(r StoreInfo) []string { return []string{r.ID, r.ARN, r.Name} }, "event data store")
	return r, in(r.Account, r.Region), err
}

// Channels returns the channels of a scope by name.
func (s *Service) Channels(ctx context.Context, scope Scope) ([]ChannelInfo, error) {
	rows, err := meta.ListChannels(ctx, s.db.Read(), scope.Account, scope.Region)
	if err != nil {
		return nil, err
	}
	out := make([]ChannelInfo, len(rows))
	for i, r := range rows {
		if out[i], err = s.channelInfo(ctx, r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *Service) channelInfo(ctx context.Context, r meta.Channel) (ChannelInfo, error) {
	info := ChannelInfo{Channel: r, ARN: s.channelARN(r)}
	info.Ingestion = s.ingestion.of(r)
	for _, id := range r.Destinations {
		info.Destinations = append(info.Destinations, s.arnOf(kindStore, r.Account, r.Region, id))
	}
	var err error
	info.Rejected, err = meta.CountRejected(ctx, s.db.Read(), r.ID)
	return info, err
}

// FindChannel finds a channel of a scope by its ARN, ID or name. The Caller is the one who owns it.
func (s *Service) FindChannel(ctx context.Context, scope Scope, given string) (ChannelInfo, Caller, error) {
	rows, err := meta.ListChannels(ctx, s.db.Read(), scope.Account, scope.Region)
	if err != nil {
		return ChannelInfo{}, Caller{}, err
	}
	r, err := only(rows, given, func(r meta.Channel) []string { return []string{r.ID, s.channelARN(r), r.Name} }, "channel")
	if err != nil {
		return ChannelInfo{}, Caller{}, err
	}
	info, err := s.channelInfo(ctx, r)
	return info, in(r.Account, r.Region), err
}

// only finds the one element that goes by a name.
func only[T any](all []T, given string, names func(T) []string, what string) (T, error) {
	var found T
	n := 0
	for _, v := range all {
		if slices.Contains(names(v), given) {
			found = v
			n++
		}
	}
	switch {
	case n == 0:
		return found, fault.New(fault.NotFound, fmt.Errorf("find %s %q: there is none", what, given), "List what there is and check the spelling.")
	case n > 1:
		return found, fault.New(fault.Conflict, fmt.Errorf("find %s %q: there are %d in different accounts or regions", what, given, n), "Give its ARN or ID, or name account and region.")
	}
	return found, nil
}

// TagsOf makes tags of names and values, in the order of the names.
func TagsOf(tags map[string]string) []Tag {
	var out []Tag
	for k, v := range tags {
		out = append(out, Tag{k, &v})
	}
	slices.SortFunc(out, func(a, b Tag) int { return strings.Compare(a.Key, b.Key) })
	return out
}
