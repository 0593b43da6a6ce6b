package bucket

import (
	"context"
	"errors"
	"time"

	"kiroku/internal/aws"
	"kiroku/internal/cloudtrail/digest"
	"kiroku/internal/fault"
)

// KeyClient is what is needed of CloudTrail.
type KeyClient interface {
	PublicKeys(ctx context.Context, region string, from, to time.Time) ([]aws.PublicKey, error)
}

var (
	_ KeyClient     = (*aws.Client)(nil)
	_ digest.Lister = Lister{}
)

// Lister asks CloudTrail for public keys with the first of the clients that is answered: each region has its own keys, and all
// accounts are told the same.
type Lister []KeyClient

// ListPublicKeys implements digest.Lister.
func (l Lister) ListPublicKeys(ctx context.Context, region string, from, to time.Time) ([]digest.PublicKey, error) {
	var errs []error
	for _, client := range l {
		found, err := client.PublicKeys(ctx, region, from, to)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		keys := make([]digest.PublicKey, len(found))
		for i, k := range found {
			keys[i] = digest.PublicKey{Fingerprint: k.Fingerprint, ValidityStartTime: digest.Instant{Time: k.From.UTC()}, ValidityEndTime: digest.Instant{Time: k.To.UTC()}, Value: k.Value}
		}
		return keys, nil
	}
	err := errors.Join(errs...)
	next := `Write them to a file with "aws cloudtrail list-public-keys --start-time …" where that works, and give the file.`
	kind := fault.KindOf(err)
	if kind == fault.Denied {
		next = "Allow cloudtrail:ListPublicKeys to the principal that Kiroku uses, or give a file that \"aws cloudtrail list-public-keys --start-time …\" printed."
	}
	return nil, fault.New(kind, err, next)
}
