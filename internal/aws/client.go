package aws

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"kiroku/internal/fault"
)

// Options say who we are and where. What is empty is taken from where the AWS CLI takes it: environment, profile, the
// machine's or container's role.
type Options struct {
	Region  string // also decides the partition: us-gov-west-1, cn-north-1; empty everywhere: us-east-1
	Profile string // of ~/.aws/config

	AccessKeyID     string // static keys
	SecretAccessKey string
	SessionToken    string

	RoleARN     string // role to assume with the credentials found
	ExternalID  string // what the role's trust policy asks for
	SessionName string // default "kiroku"
	// WebIdentityTokenFile, when not empty, is used to assume the role instead of credentials.
	WebIdentityTokenFile string

	Endpoint  string    // of all services; empty: AWS
	Endpoints Endpoints // of single services, before Endpoint
	PathStyle bool      // http://host/bucket/key in place of http://bucket.host/key
}

// Endpoints are URLs of single services.
type Endpoints struct{ S3, SQS, CloudTrail, Organizations, STS string }

// Client calls AWS. It is safe for concurrent use.
type Client struct {
	opt Options
	cfg sdk.Config

	mu      sync.Mutex
	regions map[string]string      // of buckets
	s3      map[string]*s3.Client  // by region
	sqs     map[string]*sqs.Client // by region and endpoint
}

// attempts is how often the SDK tries before it gives up, and maxBackoff how long it waits at most in between.
const (
	attempts   = 5
	maxBackoff = 5 * time.Second
)

// connections to one host are kept for the next request. More than ten objects are read at the same time.
const connections = 64

// Open reads profiles and the environment; it sends nothing. The error is a fault.Invalid.
func Open(ctx context.Context, opt Options) (*Client, error) {
	client := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.MaxIdleConnsPerHost = connections })
	load := []func(*config.LoadOptions) error{
		config.WithHTTPClient(client),
		config.WithRetryer(func() sdk.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = attempts, maxBackoff })
		}),
	}
	if opt.Region != "" {
		load = append(load, config.WithRegion(opt.Region))
	}
	if opt.Profile != "" {
		load = append(load, config.WithSharedConfigProfile(opt.Profile))
	}
	if opt.AccessKeyID != "" {
		load = append(load, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(opt.AccessKeyID, opt.SecretAccessKey, opt.SessionToken)))
	}
	if opt.Endpoint != "" {
		load = append(load, config.WithBaseEndpoint(opt.Endpoint))
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return nil, fault.New(fault.Invalid, fmt.Errorf("read AWS configuration: %w", err), "Check region and profile of the input, and the files in ~/.aws.")
	}
	if cfg.Region == "" {
		cfg.Region = "us-east-1"
	}
	c := &Client{opt: opt, cfg: cfg, regions: map[string]string{}, s3: map[string]*s3.Client{}, sqs: map[string]*sqs.Client{}}
	if opt.RoleARN != "" {
		c.cfg.Credentials = sdk.NewCredentialsCache(c.role())
	}
	return c, nil
}

// role assumes the configured role.
func (c *Client) role() sdk.CredentialsProvider {
	name := c.opt.SessionName
	if name == "" {
		name = "kiroku"
	}
	if c.opt.WebIdentityTokenFile != "" {
		return stscreds.NewWebIdentityRoleProvider(c.newSTS(), c.opt.RoleARN, stscreds.IdentityTokenFile(c.opt.WebIdentityTokenFile),
			func(o *stscreds.WebIdentityRoleOptions) { o.RoleSessionName = name })
	}
	return stscreds.NewAssumeRoleProvider(c.newSTS(), c.opt.RoleARN, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = name
		if c.opt.ExternalID != "" {
			o.ExternalID = &c.opt.ExternalID
		}
	})
}

func (c *Client) newSTS() *sts.Client {
	return sts.NewFromConfig(c.cfg, func(o *sts.Options) { override(&o.BaseEndpoint, c.opt.Endpoints.STS) })
}

// override sets an endpoint that is configured.
func override(endpoint **string, url string) {
	if url != "" {
		*endpoint = &url
	}
}

// Region is the region that calls go to, unless they are about something in another one.
func (c *Client) Region() string { return c.cfg.Region }

// Partition is the part of AWS that the region belongs to, as ARNs name it: aws, aws-us-gov, aws-cn.
func (c *Client) Partition() string {
	switch r := c.cfg.Region; {
	case strings.HasPrefix(r, "us-gov-"):
		return "aws-us-gov"
	case strings.HasPrefix(r, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(r, "eusc-"):
		return "aws-eusc"
	case strings.HasPrefix(r, "us-iso-"):
		return "aws-iso"
	case strings.HasPrefix(r, "us-isob-"):
		return "aws-iso-b"
	}
	return "aws"
}

// Scope is what makes the name of a bucket unique: the partition, or the address of another server.
func (c *Client) Scope() string {
	for _, url := range []string{c.opt.Endpoints.S3, c.opt.Endpoint} {
		if url != "" {
			return strings.TrimSuffix(url, "/")
		}
	}
	return c.Partition()
}

// Identity is who we are.
type Identity struct {
	Account string
	ARN     string // of the user, or of the role's session
}

// Identity asks STS who we are. Nobody needs a permission for that.
func (c *Client) Identity(ctx context.Context) (Identity, error) {
	out, err := c.newSTS().GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return Identity{}, wrap("sts:GetCallerIdentity", "", err)
	}
	return Identity{Account: sdk.ToString(out.Account), ARN: sdk.ToString(out.Arn)}, nil
}
