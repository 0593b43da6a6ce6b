package awsapi

import (
	"context"
	"encoding/json"
	"errors"

	"kiroku/internal/meta"
)

const actionPut = "cloudtrail-data:PutAuditEvents"

func checkSelectors([]byte) error { return nil }

func checkPolicy(text, _ string) error {
	if !json.Valid([]byte(text)) {
		return errors.New("not JSON")
	}
	return nil
}

func (s *Service) permitStore(_ context.Context, c Caller, row meta.EventDataStore, _ string) error {
	if row.Account != c.Account {
		return noStore(row.ID)
	}
	return nil
}

func (s *Service) permitted(_ context.Context, c Caller, _, owner, _, _ string) (bool, error) {
	return c.Account == owner, nil
}
