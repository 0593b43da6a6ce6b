package awsapi

import (
	"regexp"
	"strings"
)

// How the delivery of a result stands.
const (
	deliveryPending   = "PENDING"
	deliverySuccess   = "SUCCESS"
	deliveryFailed    = "FAILED"
	deliveryCancelled = "CANCELLED"
)

var (
	deliveryBucketForm = regexp.MustCompile(`^[a-z0-9][.\-a-z0-9]{1,61}[a-z0-9]$`)
	deliveryPrefixForm = regexp.MustCompile(`^[\x20-\x7e]*$`)
)

const maxDelivery = 1024

// checkDelivery checks where a result is to be put: s3://BUCKET or s3://BUCKET/PREFIX.
func checkDelivery(uri string) error {
	if uri == "" {
		return nil
	}
	rest, ok := strings.CutPrefix(uri, "s3://")
	if !ok || len(uri) > maxDelivery {
		return invalid("DeliveryS3Uri must be s3://BUCKET/PREFIX of up to %d characters, not %.100q.", maxDelivery, uri)
	}
	bucket, prefix, _ := strings.Cut(rest, "/")
	if !deliveryBucketForm.MatchString(bucket) {
		return refuse("InvalidS3BucketNameException", "%.100q is not the name of a bucket.", bucket)
	}
	if !deliveryPrefixForm.MatchString(prefix) {
		return refuse("InvalidS3PrefixException", "The prefix %.100q has characters that are not possible.", prefix)
	}
	return nil
}
