package api

import (
	"context"

	"kiroku/internal/awsapi"
)

// ListChannels answers GET /api/v1/channels.
func (s *server) ListChannels(ctx context.Context, r ListChannelsRequestObject) (ListChannelsResponseObject, error) {
	all, err := s.deps.AWS.Channels(ctx, awsapi.Scope{Account: r.Params.Account, Region: r.Params.Region})
	if err != nil {
		return nil, err
	}
	out := ListChannels200JSONResponse{Channels: make([]Channel, len(all))}
	for i, c := range all {
		out.Channels[i] = channelTo(c)
	}
	return out, nil
}

// GetChannel answers GET /api/v1/channels/{id}.
func (s *server) GetChannel(ctx context.Context, r GetChannelRequestObject) (GetChannelResponseObject, error) {
	c, err := s.channel(ctx, awsapi.Scope{Account: r.Params.Account, Region: r.Params.Region}, r.ID)
	return GetChannel200JSONResponse(c), err
}

func (s *server) channel(ctx context.Context, scope awsapi.Scope, given string) (Channel, error) {
	c, _, err := s.deps.AWS.FindChannel(ctx, scope, given)
	return channelTo(c), err
}

// destinationsFrom finds event data stores by ARN, ID or name.
func (s *server) destinationsFrom(ctx context.Context, owner awsapi.Caller, names []string) ([]awsapi.Destination, error) {
	var out []awsapi.Destination
	for _, name := range names {
		st, _, err := s.deps.AWS.FindStore(ctx, awsapi.Scope{Account: owner.Account, Region: owner.Region}, name)
		if err != nil {
			return nil, err
		}
		out = append(out, awsapi.Destination{Type: "EVENT_DATA_STORE", Location: st.ARN})
	}
	return out, nil
}

// CreateChannel answers POST /api/v1/channels.
func (s *server) CreateChannel(ctx context.Context, r CreateChannelRequestObject) (CreateChannelResponseObject, error) {
	home, err := s.deps.AWS.Home(ctx, awsapi.Scope{Account: r.Params.Account, Region: r.Params.Region})
	if err != nil {
		return nil, err
	}
	b := r.Body
	to, err := s.destinationsFrom(ctx, home, b.Destinations)
	if err != nil {
		return nil, err
	}
	made, err := s.deps.AWS.CreateChannel(ctx, home, &awsapi.CreateChannelInput{Name: b.Name, Source: b.Source, Destinations: to, Tags: awsapi.TagsOf(b.Tags), Deduplicate: b.Deduplicate})
	if err != nil {
		return nil, err
	}
	c, err := s.channel(ctx, awsapi.Scope{}, made.ChannelArn)
	return CreateChannel201JSONResponse(c), err
}

// UpdateChannel answers PATCH /api/v1/channels/{id}.
func (s *server) UpdateChannel(ctx context.Context, r UpdateChannelRequestObject) (UpdateChannelResponseObject, error) {
	c, owner, err := s.deps.AWS.FindChannel(ctx, awsapi.Scope{Account: r.Params.Account, Region: r.Params.Region}, r.ID)
	if err != nil {
		return nil, err
	}
	to, err := s.destinationsFrom(ctx, owner, r.Body.Destinations)
	if err != nil {
		return nil, err
	}
	if _, err := s.deps.AWS.UpdateChannel(ctx, owner, &awsapi.UpdateChannelInput{Channel: c.ARN, Name: r.Body.Name, Destinations: to, Deduplicate: r.Body.Deduplicate}); err != nil {
		return nil, err
	}
	now, err := s.channel(ctx, awsapi.Scope{}, c.ARN)
	return UpdateChannel200JSONResponse(now), err
}

// DeleteChannel answers DELETE /api/v1/channels/{id}.
func (s *server) DeleteChannel(ctx context.Context, r DeleteChannelRequestObject) (DeleteChannelResponseObject, error) {
	c, owner, err := s.deps.AWS.FindChannel(ctx, awsapi.Scope{Account: r.Params.Account, Region: r.Params.Region}, r.ID)
	if err != nil {
		return nil, err
	}
	if _, err := s.deps.AWS.DeleteChannel(ctx, owner, &awsapi.ChannelInput{Channel: c.ARN}); err != nil {
		return nil, err
	}
	return DeleteChannel204Response{}, nil
}

// GetChannelPolicy answers GET /api/v1/channels/{id}/policy.
func (s *server) GetChannelPolicy(ctx context.Context, r GetChannelPolicyRequestObject) (GetChannelPolicyResponseObject, error) {
	c, owner, err := s.deps.AWS.FindChannel(ctx, awsapi.Scope{Account: r.Params.Account, Region: r.Params.Region}, r.ID)
	if err != nil {
		return nil, err
	}
	p, err := s.deps.AWS.GetResourcePolicy(ctx, owner, &awsapi.PolicyInput{ResourceArn: c.ARN})
	return GetChannelPolicy200JSONResponse{Policy: p.ResourcePolicy}, err
}

// PutChannelPolicy answers PUT /api/v1/channels/{id}/policy.
func (s *server) PutChannelPolicy(ctx context.Context, r PutChannelPolicyRequestObject) (PutChannelPolicyResponseObject, error) {
	c, owner, err := s.deps.AWS.FindChannel(ctx, awsapi.Scope{Account: r.Params.Account, Region: r.Params.Region}, r.ID)
	if err != nil {
		return nil, err
	}
	p, err := s.deps.AWS.PutResourcePolicy(ctx, owner, &awsapi.PolicyInput{ResourceArn: c.ARN, ResourcePolicy: r.Body.Policy})
	return PutChannelPolicy200JSONResponse{Policy: p.ResourcePolicy}, err
}

// DeleteChannelPolicy answers DELETE /api/v1/channels/{id}/policy.
func (s *server) DeleteChannelPolicy(ctx context.Context, r DeleteChannelPolicyRequestObject) (DeleteChannelPolicyResponseObject, error) {
	c, owner, err := s.deps.AWS.FindChannel(ctx, awsapi.Scope{Account: r.Params.Account, Region: r.Params.Region}, r.ID)
	if err != nil {
		return nil, err
	}
	if _, err := s.deps.AWS.DeleteResourcePolicy(ctx, owner, &awsapi.PolicyInput{ResourceArn: c.ARN}); err != nil {
		return nil, err
	}
	return DeleteChannelPolicy204Response{}, nil
}

func channelTo(c awsapi.ChannelInfo) Channel {
	to := c.Destinations
	if to == nil {
		to = []string{}
	}
	i := c.Ingestion
	return Channel{ID: c.ID, Arn: c.ARN, Name: c.Name, Account: c.Account, Region: c.Region, Source: c.Source, Destinations: to, Deduplicate: c.Deduplicate,
		Created: c.Created.UTC(), LastSuccess: i.Success.UTC(), LastAttempt: i.Attempt.UTC(), LastErrorCode: i.ErrorCode, Rejected: c.Rejected}
}
