package bucket

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"kiroku/internal/aws"
	"kiroku/internal/fault"
)

// answer is a KeyClient that always says the same.
type answer struct {
	keys []aws.PublicKey
	err  error
}

func (a answer) PublicKeys(context.Context, string, time.Time, time.Time) ([]aws.PublicKey, error) {
	return a.keys, a.err
}

func TestLister(t *testing.T) {
	denied := answer{err: fault.New(fault.Denied, errors.New("AccessDenied"), "")}
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	known := answer{keys: []aws.PublicKey{{Fingerprint: "00ff", From: from, To: from.Add(time.Hour), Value: []byte{1}}}}
	keys, err := Lister{denied, known}.ListPublicKeys(t.Context(), "us-east-1", from, from)
	if err != nil || len(keys) != 1 || keys[0].Fingerprint != "00ff" || !keys[0].ValidityStartTime.Equal(from) || string(keys[0].Value) != "\x01" {
		t.Errorf("%+v, %v", keys, err)
	}
	_, err = Lister{denied, denied}.ListPublicKeys(t.Context(), "us-east-1", from, from)
	if fault.KindOf(err) != fault.Denied || !strings.Contains(fault.NextOf(err), "Allow cloudtrail:ListPublicKeys") {
		t.Errorf("%v, next %q", err, fault.NextOf(err))
	}
}
