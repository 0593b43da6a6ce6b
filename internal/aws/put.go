package aws

import (
	"context"
	"io"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Put stores an object in the place of one that is there. body is read again when an attempt failed. fault.Invalid: there is
// no such bucket.
func (c *Client) Put(ctx context.Context, bucket, key string, body io.ReadSeeker) error {
	cl, err := c.bucketClient(ctx, bucket)
	if err != nil {
		return err
	}
	if _, err := cl.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: body}); err != nil {
		return wrap("s3:PutObject", bucket+"/"+key, err)
	}
	return nil
}
