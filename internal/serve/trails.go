package serve

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"golang.org/x/sync/errgroup"

	"kiroku/internal/aws"
	"kiroku/internal/config"
	"kiroku/internal/event"
	"kiroku/internal/intake/s3"
	"kiroku/internal/logkey"
)

// counted is an input to which its records are attributed when they are mapped.
type counted interface {
	Parsed(peer netip.Addr, n uint64)
	Unparsed(peer netip.Addr, n uint64)
}

// openTrails builds the inputs that read CloudTrail's files. Nothing is asked of AWS yet.
func (s *Server) openTrails(ctx context.Context) error {
	progress := s3.NewProgress(s.db)
	for i := range s.opt.Config.Inputs {
		c := &s.opt.Config.Inputs[i]
		if c.Type != config.CloudTrail {
			continue
		}
		client, err := aws.Open(ctx, awsOptions(c))
		if err != nil {
			return fmt.Errorf("open input %q: %w", c.Name, err)
		}
		since, err := c.SinceTime(time.Now())
		if err != nil {
			return fmt.Errorf("open input %q: %w", c.Name, err)
		}
		in := s3.New(s3.Config{
			Name:   c.Name,
			Origin: &event.Origin{Input: c.Name, Source: event.CloudTrail, Service: c.Service, Tags: c.Tags, Store: c.Store},
			Bucket: c.Bucket, Prefix: c.Prefix, Queue: c.QueueURL, Discover: c.Discover, Keys: c.VerifyDigests != config.Off && len(c.DigestKeys) == 0,
			Since: since, PollInterval: c.PollInterval.Std(), Visibility: c.VisibilityTimeout.Std(), InFlight: int64(c.Queue),
		}, s3.Cloud{Buckets: client, Queues: client, Account: client}, progress, s.pipe, s.opt.Log)
		s.trails = append(s.trails, in)
		s.byName[in.Name()] = in
	}
	return nil
}

func awsOptions(c *config.Input) aws.Options {
	a := c.AWS
	o := aws.Options{
		Region: a.Region, Profile: a.Profile, AccessKeyID: a.AccessKeyID, SecretAccessKey: a.SecretAccessKey, SessionToken: a.SessionToken,
		RoleARN: a.RoleARN, ExternalID: a.ExternalID, SessionName: a.SessionName, WebIdentityTokenFile: a.WebIdentityTokenFile,
		Endpoint: a.Endpoint, PathStyle: a.PathStyle,
		Endpoints: aws.Endpoints{S3: a.Endpoints.S3, SQS: a.Endpoints.SQS, CloudTrail: a.Endpoints.CloudTrail, Organizations: a.Endpoints.Organizations, STS: a.Endpoints.STS},
	}
	if o.Region == "" {
		o.Region = aws.QueueRegion(c.QueueURL)
	}
	return o
}

// remembered is how long events of before the start are recognised when they come again. It is as long as the pipeline
// remembers those of after it.
const remembered = 12 * time.Hour

// runTrails makes the pipeline remember what was stored lately, and then reads: the same event may be in files before and
// after a restart.
func (s *Server) runTrails(ctx context.Context) error {
	if len(s.trails) == 0 {
		return nil
	}
	if err := s.remember(ctx); err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	for _, in := range s.trails {
		g.Go(func() error { return ended(in.Run(gctx)) })
	}
	return g.Wait()
}

// remember reads the identities of the latest events back from the lake.
func (s *Server) remember(ctx context.Context) error {
	sources, cols := s.pipe.Identities()
	if len(sources) == 0 {
		return nil
	}
	began, n := time.Now(), 0
	err := s.storage.lake.Recent(ctx, began.Add(-remembered), cols, func(store string, e *event.Event) bool {
		n++
		return s.pipe.Remember(store, e, began)
	})
	if err != nil && ctx.Err() == nil {
		// A damaged file is fsck's business; without it some events may come twice.
		s.opt.Log.LogAttrs(ctx, slog.LevelWarn, "not all recent events are remembered", slog.Any(logkey.Err, err))
	}
	s.opt.Log.LogAttrs(ctx, slog.LevelDebug, "recent events remembered", slog.Int(logkey.Events, n), slog.Duration(logkey.Took, time.Since(began)))
	return ctx.Err()
}
