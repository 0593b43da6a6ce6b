package api

import (
	"context"

	"kiroku/internal/identity"
)

// ListAccessKeys answers GET /api/v1/access-keys.
func (s *server) ListAccessKeys(ctx context.Context, _ ListAccessKeysRequestObject) (ListAccessKeysResponseObject, error) {
	keys, err := s.deps.AccessKeys.List(ctx)
	if err != nil {
		return nil, err
	}
	out := ListAccessKeys200JSONResponse{AccessKeys: make([]AccessKey, len(keys))}
	for i, k := range keys {
		out.AccessKeys[i] = accessKeyTo(k)
	}
	return out, nil
}

// CreateAccessKey answers POST /api/v1/access-keys.
func (s *server) CreateAccessKey(ctx context.Context, r CreateAccessKeyRequestObject) (CreateAccessKeyResponseObject, error) {
	k, secret, err := s.deps.AccessKeys.Create(ctx, r.Body.Account, r.Body.Principal)
	if err != nil {
		return nil, err
	}
	return CreateAccessKey201JSONResponse{AccessKeyID: k.ID, Account: k.Account, Principal: k.Principal, Created: k.Created.UTC(), SecretAccessKey: secret}, nil
}

// RevokeAccessKey answers DELETE /api/v1/access-keys/{id}.
func (s *server) RevokeAccessKey(ctx context.Context, r RevokeAccessKeyRequestObject) (RevokeAccessKeyResponseObject, error) {
	if err := s.deps.AccessKeys.Revoke(ctx, r.ID); err != nil {
		return nil, err
	}
	return RevokeAccessKey204Response{}, nil
}

func accessKeyTo(k identity.AccessKey) AccessKey {
	return AccessKey{AccessKeyID: k.ID, Account: k.Account, Principal: k.Principal, Created: k.Created.UTC(), LastUsed: k.LastUsed.UTC(), Revoked: k.Revoked.UTC()}
}
