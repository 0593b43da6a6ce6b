package serve

import (
	"context"
	"path/filepath"
	"time"

	"kiroku/internal/aws"
	"kiroku/internal/awsapi"
	"kiroku/internal/cloudtrail/digest"
	"kiroku/internal/config"
	"kiroku/internal/event"
	"kiroku/internal/identity"
	"kiroku/internal/lake"
	"kiroku/internal/meta"
	"kiroku/internal/query"
)

// newAWS builds the AWS endpoints.
func newAWS(opt Options, db *meta.DB, l *lake.Lake, ingest ingester, keys *identity.AccessKeys, events *query.Queries, sql *awsapi.SQL) *awsapi.Service {
	c := opt.Config.AWSAPI
	limits := awsapi.DefaultLimits()
	limits.EventDataStores, limits.CountPending, limits.Channels, limits.ChannelsPerSource = c.Limits.EventDataStores, c.Limits.CountPending, c.Limits.Channels, c.Limits.ChannelsPerSource
	limits.Tags, limits.AuditEvents, limits.DeletionDays, limits.Rejected = c.Limits.Tags, c.Limits.AuditEvents, c.Limits.DeletionDays, c.Limits.Rejected
	limits.Dashboards, limits.Widgets = c.Limits.Dashboards, c.Limits.Widgets
	limits.Queries, limits.QueryTime = c.Limits.Queries, time.Duration(c.Limits.QueryTime)
	return awsapi.New(awsapi.Options{DB: db, Lake: l, Ingest: ingest, Keys: keys, Events: events, SQL: sql,
		PublicKeys: keyFile(filepath.Join(opt.Config.DataDir, TrailKeysFile)), Buckets: importBuckets(c.Imports), ImportBuckets: c.ImportBuckets, DeliveryBuckets: c.DeliveryBuckets, Log: opt.Log, Limits: limits, Partition: c.Partition, Region: c.Region,
		Account: c.Account, ManagementAccount: c.ManagementAccount, Sources: c.ChannelSources, Hosts: c.Hosts})
}

// collect names the stores whose selectors keep a CloudTrail record.
func (s *Server) collect(rec *event.Record, e *event.Event) []string {
	if e.GetStr(event.ColSource) != string(event.CloudTrail) || awsapi.Imported(rec.From()) {
		return nil
	}
	return s.aws.StoresFor(rec)
}

// TrailKeysFile in the data folder holds CloudTrail's public keys, as the verification of digests found them.
const TrailKeysFile = "cloudtrail-keys.json"

// keyFile is the name of a file of public keys. It is read anew each time: who verifies digests adds to it.
type keyFile string

// PublicKeys implements awsapi.PublicKeys.
func (f keyFile) PublicKeys(_ context.Context, from, to time.Time) ([]digest.PublicKey, error) {
	ring, err := digest.OpenKeyRing(nil, string(f), nil)
	if err != nil {
		return nil, err
	}
	return ring.Between(from, to), nil
}

// importBuckets opens the buckets of imports.
func importBuckets(c config.AWS) func(ctx context.Context, region, role string) (awsapi.Bucket, error) {
	return func(ctx context.Context, region, role string) (awsapi.Bucket, error) {
		o := awsOptions(&config.Input{AWS: c})
		if o.Region == "" {
			o.Region = region
		}
		elsewhere := (o.Endpoint != "" || o.Endpoints.S3 != "") && o.Endpoints.STS == "" // there is nobody to give us the role
		if o.RoleARN == "" && !elsewhere {
			o.RoleARN = role
		}
		return aws.Open(ctx, o)
	}
}
