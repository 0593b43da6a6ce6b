package awsapi

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"kiroku/internal/fault"
	"kiroku/internal/meta"
)

// Channel describes a channel; which members are there depends on the operation.
type Channel struct {
	ChannelArn      string
	Name            string
	Source          string           `json:",omitempty"`
	Destinations    []Destination    `json:",omitempty"`
	Tags            []Tag            `json:",omitempty"`
	IngestionStatus *IngestionStatus `json:",omitempty"`
}

// Destination is where a channel's events go.
type Destination struct {
	Type     string // EVENT_DATA_STORE
	Location string // ARN or ID; answers have the ARN
}

const destinationStore = "EVENT_DATA_STORE"

// partners are the sources that channels can have, from the table "Additional information about integration partners" of
// the CloudTrail user guide. Custom is everybody else's.
var partners = []string{"Custom", "CloudStorageSecurityConsole", "Clumio", "CrowdStrike", "CyberArk", "GitHub", "KongGatewayEnterprise", "LaunchDarkly",
	"NetskopeCloudExchange", "IBMMulticloud", "MontyCloud", "OktaSystemLogEvents", "OneLogin", "Shoreline", "Snyk", "WizAuditLogs"}

func (s *Service) channelARN(row meta.Channel) string {
	return s.arnOf(kindChannel, row.Account, row.Region, row.ID)
}

// channel finds a channel of the caller's account and region by its ARN or id.
func (s *Service) channel(ctx context.Context, c Caller, given string) (meta.Channel, error) {
	a, ok := s.locate(c, kindChannel, given)
	if !ok {
		return meta.Channel{}, refuse("ChannelARNInvalidException", "%.300q is neither the ARN nor the ID of a channel.", given)
	}
	row, err := meta.GetChannel(ctx, s.db.Read(), a.id)
	if fault.KindOf(err) == fault.NotFound || err == nil && (row.Account != a.account || row.Region != a.region || row.Account != c.Account || row.Region != c.Region) {
		return meta.Channel{}, refuse("ChannelNotFoundException", "There is no channel %.300q.", given)
	}
	return row, err
}

// CreateChannelInput is the input of CreateChannel.
type CreateChannelInput struct {
	Name         string
	Source       string
	Destinations []Destination
	Tags         []Tag
	// Deduplicate is ours: an event whose UID came before is answered as stored, and not stored again.
	Deduplicate bool `json:"-"`
}

// CreateChannel makes a channel to stores that take ActivityAuditLog events.
func (s *Service) CreateChannel(ctx context.Context, c Caller, in *CreateChannelInput) (Channel, error) {
	row := meta.Channel{ID: newUUID(), Account: c.Account, Region: c.Region, Name: in.Name, Source: in.Source, Deduplicate: in.Deduplicate, Created: time.Now().UTC()}
	if err := checkName(in.Name); err != nil {
		return Channel{}, err
	}
	if !slices.Contains(partners, in.Source) && !slices.Contains(s.opt.Sources, in.Source) {
		return Channel{}, refuse("InvalidSourceException", "%.256q is not a source of channels; use Custom for your own applications.", in.Source)
	}
	if err := checkTags(in.Tags, s.limits.Tags); err != nil {
		return Channel{}, err
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	var err error
	if row.Destinations, err = s.destinations(ctx, c, in.Destinations); err != nil {
		return Channel{}, err
	}
	if err := s.roomForChannel(ctx, c, in.Source); err != nil {
		return Channel{}, err
	}
	err = s.db.Write(ctx, func(tx *sql.Tx) error {
		if err := meta.InsertChannel(ctx, tx, row); err != nil {
			return err
		}
		return setTags(ctx, tx, s.channelARN(row), in.Tags)
	})
	if err != nil {
		return Channel{}, nameTaken(err, in.Name)
	}
	out := s.described(row)
	out.Tags = in.Tags
	return out, nil
}

func nameTaken(err error, name string) error {
	if fault.KindOf(err) == fault.Conflict {
		return refuse("ChannelAlreadyExistsException", "There is a channel %q already.", name)
	}
	return err
}

// roomForChannel checks the quotas of channels.
func (s *Service) roomForChannel(ctx context.Context, c Caller, source string) error {
	rows, err := meta.ListChannels(ctx, s.db.Read(), c.Account, c.Region)
	if err != nil {
		return err
	}
	if len(rows) >= s.limits.Channels {
		return refuse("ChannelMaxLimitExceededException", "The account has %d channels in %s, which is the most there can be.", len(rows), c.Region)
	}
	n := 0
	for _, r := range rows {
		if r.Source == source {
			n++
		}
	}
	if n >= s.limits.ChannelsPerSource {
		return refuse("ChannelAlreadyExistsException", "There is a channel of the source %s already, and at most %d are allowed.", source, s.limits.ChannelsPerSource)
	}
	return nil
}

const maxDestinations = 200

// destinations checks destinations and returns the ids of their stores.
func (s *Service) destinations(ctx context.Context, c Caller, given []Destination) ([]string, error) {
	if len(given) == 0 || len(given) > maxDestinations {
		return nil, invalid("A channel has 1 to %d destinations, not %d.", maxDestinations, len(given))
	}
	var ids []string
	for _, d := range given {
		if d.Type != destinationStore {
			return nil, invalid("The type of a destination must be %s, not %.40q.", destinationStore, d.Type)
		}
		row, err := s.activeStore(ctx, c, d.Location)
		if err != nil {
			return nil, err
		}
		if row.Category != categoryActivity {
			return nil, refuse("InvalidEventDataStoreCategoryException", "The event data store %s takes events of %s, not %s.", row.Name, row.Category, categoryActivity)
		}
		if slices.Contains(ids, row.ID) {
			return nil, invalid("The event data store %s is a destination twice.", row.Name)
		}
		ids = append(ids, row.ID)
	}
	return ids, nil
}

// described is a channel as Create and Update return it.
func (s *Service) described(row meta.Channel) Channel {
	out := Channel{ChannelArn: s.channelARN(row), Name: row.Name, Source: row.Source}
	for _, id := range row.Destinations {
		out.Destinations = append(out.Destinations, Destination{destinationStore, s.arnOf(kindStore, row.Account, row.Region, id)})
	}
	return out
}

// ChannelInput names a channel by its ARN or ID.
type ChannelInput struct{ Channel string }

// GetChannel describes a channel and how its last events fared.
func (s *Service) GetChannel(ctx context.Context, c Caller, in *ChannelInput) (Channel, error) {
	row, err := s.channel(ctx, c, in.Channel)
	if err != nil {
		return Channel{}, err
	}
	out := s.described(row)
	out.IngestionStatus = s.ingestion.status(row)
	return out, nil
}

// ListChannelsOutput is a page of channels, which have only ARN and name.
type ListChannelsOutput struct {
	Channels  []Channel
	NextToken string `json:",omitempty"`
}

// ListChannels lists the channels of the caller's account and region by name.
func (s *Service) ListChannels(ctx context.Context, c Caller, in *ListInput) (ListChannelsOutput, error) {
	rows, err := meta.ListChannels(ctx, s.db.Read(), c.Account, c.Region)
	if err != nil {
		return ListChannelsOutput{}, err
	}
	part, token, err := page(rows, func(r meta.Channel) string { return r.Name + "\x00" + r.ID }, c.question("ListChannels"), in.MaxResults, in.NextToken)
	out := ListChannelsOutput{Channels: []Channel{}, NextToken: token}
	for _, r := range part {
		out.Channels = append(out.Channels, Channel{ChannelArn: s.channelARN(r), Name: r.Name})
	}
	return out, err
}

// UpdateChannelInput is the input of UpdateChannel: what is nil or empty stays.
type UpdateChannelInput struct {
	Channel      string
	Name         string
	Destinations []Destination
	Deduplicate  *bool `json:"-"` // ours
}

// UpdateChannel changes a channel. Its source never changes.
func (s *Service) UpdateChannel(ctx context.Context, c Caller, in *UpdateChannelInput) (Channel, error) {
	s.changing.Lock()
	defer s.changing.Unlock()
	row, err := s.channel(ctx, c, in.Channel)
	if err != nil {
		return Channel{}, err
	}
	if in.Name == "" && len(in.Destinations) == 0 && in.Deduplicate == nil {
		return Channel{}, invalid("Give a name or destinations to change.")
	}
	if in.Name != "" {
		if err := checkName(in.Name); err != nil {
			return Channel{}, err
		}
		row.Name = in.Name
	}
	if len(in.Destinations) > 0 {
		if row.Destinations, err = s.destinations(ctx, c, in.Destinations); err != nil {
			return Channel{}, err
		}
	}
	row.Deduplicate = orElse(in.Deduplicate, row.Deduplicate)
	if err := s.db.Write(ctx, func(tx *sql.Tx) error { return meta.UpdateChannel(ctx, tx, row) }); err != nil {
		return Channel{}, nameTaken(err, row.Name)
	}
	return s.described(row), nil
}

// DeleteChannel deletes a channel with its policy, tags and rejected events.
func (s *Service) DeleteChannel(ctx context.Context, c Caller, in *ChannelInput) (Empty, error) {
	s.changing.Lock()
	defer s.changing.Unlock()
	row, err := s.channel(ctx, c, in.Channel)
	if err != nil {
		return Empty{}, err
	}
	err = s.db.Write(ctx, func(tx *sql.Tx) error {
		if err := meta.DeleteResource(ctx, tx, s.channelARN(row)); err != nil {
			return err
		}
		return meta.DeleteChannel(ctx, tx, row.ID)
	})
	return Empty{}, err
}
