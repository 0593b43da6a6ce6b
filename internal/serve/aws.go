package serve

import (
	"kiroku/internal/awsapi"
	"kiroku/internal/identity"
	"kiroku/internal/lake"
	"kiroku/internal/meta"
)

// newAWS builds the AWS endpoints.
func newAWS(opt Options, db *meta.DB, l *lake.Lake, ingest ingester, keys *identity.AccessKeys) *awsapi.Service {
	c := opt.Config.AWSAPI
	limits := awsapi.DefaultLimits()
	limits.EventDataStores, limits.CountPending, limits.Channels, limits.ChannelsPerSource = c.Limits.EventDataStores, c.Limits.CountPending, c.Limits.Channels, c.Limits.ChannelsPerSource
	limits.Tags, limits.AuditEvents, limits.DeletionDays, limits.Rejected = c.Limits.Tags, c.Limits.AuditEvents, c.Limits.DeletionDays, c.Limits.Rejected
	return awsapi.New(awsapi.Options{DB: db, Lake: l, Ingest: ingest, Keys: keys, Log: opt.Log, Limits: limits, Partition: c.Partition, Region: c.Region,
		Account: c.Account, Sources: c.ChannelSources, Hosts: c.Hosts})
}
