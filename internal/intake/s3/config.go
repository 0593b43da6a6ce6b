package s3

import (
	"context"
	"time"

	"kiroku/internal/aws"
	"kiroku/internal/event"
)

// Config is one input. Zero values mean the defaults named.
type Config struct {
	Name   string
	Origin *event.Origin

	Bucket string // bucket to look into; empty: none is given
	Prefix string // the trail's, in front of AWSLogs; may go on into it
	Queue  string // URL of a queue that tells of objects; empty: none
	// Discover asks CloudTrail for the trails of the account and looks into their buckets.
	Discover bool
	// Keys says that CloudTrail is asked for the public keys of digests; for the policy that people are told.
	Keys bool

	Since        time.Time     // days before it are not looked at; zero: everything
	PollInterval time.Duration // between looks; 0: 5 minutes
	Visibility   time.Duration // for how long a message is hidden while nothing is heard of us; 0: 2 minutes
	InFlight     int64         // bytes of records that are not durable yet; at least 4 MiB
}

func (c Config) withDefaults() Config {
	if c.PollInterval == 0 {
		c.PollInterval = 5 * time.Minute
	}
	if c.Visibility == 0 {
		c.Visibility = 2 * time.Minute
	}
	c.InFlight = max(c.InFlight, 4*blockSize)
	return c
}

// Sink takes batches. Accept returns nil only when the batch and its checkpoint are durable, and releases the batch before
// that, as soon as its bytes are not needed any more. It is called from many goroutines.
type Sink interface {
	Accept(ctx context.Context, b event.Batch) error
}

// Buckets are where the objects are. *aws.Client satisfies it, and the other two.
type Buckets interface {
	// Scope makes the names of the buckets unique.
	Scope() string
	List(ctx context.Context, bucket, prefix, delimiter, next string) (aws.Listing, error)
	// Get is fault.NotFound where there is no object, and fault.Conflict where it is archived.
	Get(ctx context.Context, bucket, key string) (*aws.Object, error)
}

// Queues tell of objects.
type Queues interface {
	Receive(ctx context.Context, queue string, wait, hidden time.Duration) ([]aws.Message, error)
	Extend(ctx context.Context, queue string, receipts []string, hidden time.Duration) error
	Delete(ctx context.Context, queue string, receipts []string) error
}

// Account knows what there is at AWS.
type Account interface {
	Partition() string
	Identity(ctx context.Context) (aws.Identity, error)
	Trails(ctx context.Context) ([]aws.Trail, error)
	Status(ctx context.Context, t aws.Trail) (aws.TrailStatus, error)
	Organization(ctx context.Context) (string, error)
}

// Cloud is all of them.
type Cloud struct {
	Buckets Buckets
	Queues  Queues
	Account Account
}
