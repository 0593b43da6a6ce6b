package awsapi

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"kiroku/internal/cloudtrail/digest"
)

// PublicKeys knows the public halves of the keys that sign: CloudTrail's, of digests that were verified.
type PublicKeys interface {
	// PublicKeys returns the keys that were valid at some time from from to to, in any order.
	PublicKeys(ctx context.Context, from, to time.Time) ([]digest.PublicKey, error)
}

// ListPublicKeysInput is the input of ListPublicKeys.
type ListPublicKeysInput struct {
	StartTime *Timestamp // nil: now
	EndTime   *Timestamp // nil: now
	NextToken string
}

// ListPublicKeysOutput is a page of keys.
type ListPublicKeysOutput struct {
	PublicKeyList []PublicKey
	NextToken     string `json:",omitempty"`
}

// PublicKey is a key that signed during its validity.
type PublicKey struct {
	Value             []byte // DER, PKCS #1
	ValidityStartTime *Timestamp
	ValidityEndTime   *Timestamp
	Fingerprint       string
}

// ListPublicKeys lists the keys that were used in a time, the oldest first: CloudTrail's, and our own of query results.
func (s *Service) ListPublicKeys(ctx context.Context, c Caller, in *ListPublicKeysInput) (ListPublicKeysOutput, error) {
	now := Timestamp{time.Now()}
	from, to := orElse(in.StartTime, now), orElse(in.EndTime, now)
	out := ListPublicKeysOutput{PublicKeyList: []PublicKey{}}
	if from.After(to.Time) {
		return out, refuse("InvalidTimeRangeException", "StartTime is after EndTime.")
	}
	var keys []digest.PublicKey
	if s.opt.PublicKeys != nil {
		var err error
		if keys, err = s.opt.PublicKeys.PublicKeys(ctx, from.Time, to.Time); err != nil {
			return out, fmt.Errorf("list public keys: %w", err)
		}
	}
	if s.opt.SQL != nil && s.opt.SQL.Key != nil {
		own, err := s.opt.SQL.Key.between(from.Time, to.Time)
		if err != nil {
			return out, fmt.Errorf("list public keys: %w", err)
		}
		keys = append(keys, own...)
	}
	place := func(k digest.PublicKey) string {
		return k.ValidityStartTime.UTC().Format(time.RFC3339) + " " + k.Fingerprint
	}
	slices.SortFunc(keys, func(a, b digest.PublicKey) int { return cmp.Compare(place(a), place(b)) })
	part, token, err := page(keys, place, c.question("ListPublicKeys"), nil, in.NextToken)
	if err != nil {
		return out, refuse("InvalidTokenException", "NextToken is not one that this operation gave.")
	}
	for _, k := range part {
		out.PublicKeyList = append(out.PublicKeyList, PublicKey{Value: k.Value, ValidityStartTime: stamp(k.ValidityStartTime.Time),
			ValidityEndTime: stamp(k.ValidityEndTime.Time), Fingerprint: k.Fingerprint})
	}
	out.NextToken = token
	return out, nil
}
