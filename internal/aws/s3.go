package aws

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// ObjectInfo is what a listing says about an object.
type ObjectInfo struct {
	Key      string
	ETag     string // without quotes
	Size     int64
	Modified time.Time
	Archived bool // it must be restored before it can be read
}

// Listing is one page of a listing.
type Listing struct {
	Objects  []ObjectInfo
	Prefixes []string // "folders": what is common up to the delimiter
	Next     string   // token of the next page; empty: this was the last
}

// List asks for the keys of a bucket that begin with prefix, in their order. With a delimiter the keys that contain it
// behind the prefix are given as prefixes. next is that of the page before.
func (c *Client) List(ctx context.Context, bucket, prefix, delimiter, next string) (Listing, error) {
	cl, err := c.bucketClient(ctx, bucket)
	if err != nil {
		return Listing{}, err
	}
	in := &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix}
	if delimiter != "" {
		in.Delimiter = &delimiter
	}
	if next != "" {
		in.ContinuationToken = &next
	}
	out, err := cl.ListObjectsV2(ctx, in)
	if err != nil {
		return Listing{}, wrap("s3:ListBucket", bucket, err)
	}
	var l Listing
	for _, o := range out.Contents {
		l.Objects = append(l.Objects, ObjectInfo{Key: sdk.ToString(o.Key), ETag: unquote(o.ETag), Size: sdk.ToInt64(o.Size), Modified: sdk.ToTime(o.LastModified),
			Archived: archived(string(o.StorageClass))})
	}
	for _, p := range out.CommonPrefixes {
		l.Prefixes = append(l.Prefixes, sdk.ToString(p.Prefix))
	}
	if sdk.ToBool(out.IsTruncated) {
		l.Next = sdk.ToString(out.NextContinuationToken)
	}
	return l, nil
}

// archived says whether objects of a storage class cannot be read at once.
func archived(class string) bool {
	return class == string(types.ObjectStorageClassGlacier) || class == string(types.ObjectStorageClassDeepArchive)
}

func unquote(etag *string) string { return strings.Trim(sdk.ToString(etag), `"`) }

// Object is an object with its content. Close its Body.
type Object struct {
	ObjectInfo
	Body     io.ReadCloser
	Metadata map[string]string // the user's, names in lower case
}

// stall is how long a body may say nothing.
const stall = 60 * time.Second

// Get asks for an object. fault.NotFound: there is none; fault.Conflict: it is archived.
func (c *Client) Get(ctx context.Context, bucket, key string) (*Object, error) {
	cl, err := c.bucketClient(ctx, bucket)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	out, err := cl.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		cancel(nil)
		return nil, wrap("s3:GetObject", bucket+"/"+key, err)
	}
	meta := make(map[string]string, len(out.Metadata))
	for k, v := range out.Metadata {
		meta[strings.ToLower(k)] = v
	}
	body := &body{r: out.Body, cancel: cancel, left: sdk.ToInt64(out.ContentLength), known: out.ContentLength != nil}
	body.watch = time.AfterFunc(stall, func() { cancel(errStalled) })
	return &Object{ObjectInfo{key, unquote(out.ETag), sdk.ToInt64(out.ContentLength), sdk.ToTime(out.LastModified), false}, body, meta}, nil
}

var errStalled = errors.New("the server stopped sending")

// body ends with an error when the server stops sending, or sends less than it said.
type body struct {
	r      io.ReadCloser
	cancel context.CancelCauseFunc
	watch  *time.Timer
	left   int64
	known  bool
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.watch.Reset(stall)
	b.left -= int64(n)
	if err == io.EOF && b.known && b.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (b *body) Close() error {
	b.watch.Stop()
	err := b.r.Close()
	b.cancel(nil)
	return err
}

// BucketRegion finds the region of a bucket, once.
func (c *Client) BucketRegion(ctx context.Context, bucket string) (string, error) {
	if c.opt.Endpoint != "" || c.opt.Endpoints.S3 != "" {
		return c.cfg.Region, nil // another server has but one
	}
	c.mu.Lock()
	region := c.regions[bucket]
	c.mu.Unlock()
	if region != "" {
		return region, nil
	}
	region, err := c.askRegion(ctx, bucket)
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	c.regions[bucket] = region
	c.mu.Unlock()
	return region, nil
}

// askRegion asks by GetBucketLocation. Where that is refused, or the bucket is elsewhere, S3 still names the region in a
// header of its answer.
func (c *Client) askRegion(ctx context.Context, bucket string) (string, error) {
	cl := c.newS3(c.cfg.Region)
	out, err := cl.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: &bucket})
	if err == nil {
		return regionOf(string(out.LocationConstraint)), nil
	}
	if region := headerRegion(err); region != "" {
		return region, nil
	}
	if _, herr := cl.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket}); herr == nil {
		return c.cfg.Region, nil
	} else if region := headerRegion(herr); region != "" {
		return region, nil
	}
	return "", wrap("s3:GetBucketLocation", bucket, err)
}

func headerRegion(err error) string {
	var res *awshttp.ResponseError
	if errors.As(err, &res) && res.Response != nil {
		return res.Response.Header.Get("X-Amz-Bucket-Region")
	}
	return ""
}

// regionOf is the region that a LocationConstraint means (Amazon S3 API Reference, GetBucketLocation).
func regionOf(constraint string) string {
	switch constraint {
	case "":
		return "us-east-1"
	case "EU":
		return "eu-west-1"
	}
	return constraint
}

// bucketClient is the client of the region that the bucket is in.
func (c *Client) bucketClient(ctx context.Context, bucket string) (*s3.Client, error) {
	region, err := c.BucketRegion(ctx, bucket)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.s3[region] == nil {
		c.s3[region] = c.newS3(region)
	}
	return c.s3[region], nil
}

func (c *Client) newS3(region string) *s3.Client {
	return s3.NewFromConfig(c.cfg, func(o *s3.Options) {
		o.Region, o.UsePathStyle = region, c.opt.PathStyle
		o.ResponseChecksumValidation = sdk.ResponseChecksumValidationWhenRequired // digests prove more than a CRC
		override(&o.BaseEndpoint, c.opt.Endpoints.S3)
	})
}
