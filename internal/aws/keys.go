package aws

import (
	"context"
	"errors"
	"fmt"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
)

// PublicKey is the public half of a key with which CloudTrail signs digests.
type PublicKey struct {
	Fingerprint string
	From, To    time.Time // in which it is valid
	Value       []byte    // DER, PKCS #1
}

// maxKeyPages is how many pages of keys are asked for: a region has a key or two at a time.
const maxKeyPages = 100

// PublicKeys asks CloudTrail for the keys of a region that were valid at some time of a period. Every account of a region is
// told the same keys.
func (c *Client) PublicKeys(ctx context.Context, region string, from, to time.Time) ([]PublicKey, error) {
	const action = "cloudtrail:ListPublicKeys"
	client := c.newCloudTrail(region)
	in := &cloudtrail.ListPublicKeysInput{StartTime: &from, EndTime: &to}
	var all []PublicKey
	for range maxKeyPages {
		out, err := client.ListPublicKeys(ctx, in)
		if err != nil {
			return nil, wrap(action, "", err)
		}
		for _, k := range out.PublicKeyList {
			all = append(all, PublicKey{Fingerprint: sdk.ToString(k.Fingerprint), From: sdk.ToTime(k.ValidityStartTime), To: sdk.ToTime(k.ValidityEndTime), Value: k.Value})
		}
		if in.NextToken = out.NextToken; sdk.ToString(in.NextToken) == "" {
			return all, nil
		}
	}
	return nil, fmt.Errorf("%s: %w", action, errors.New("the answer does not end"))
}
