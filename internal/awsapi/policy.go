package awsapi

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"kiroku/internal/awsapi/policy"
	"kiroku/internal/fault"
	"kiroku/internal/meta"
)

// PolicyInput is the input of the operations on policies.
type PolicyInput struct {
	ResourceArn    string
	ResourcePolicy string
}

// PolicyOutput is a resource's policy.
type PolicyOutput struct {
	ResourceArn    string
	ResourcePolicy string
}

// Actions that policies speak of.
const (
	actionPut      = "cloudtrail-data:PutAuditEvents"
	actionGetStore = "cloudtrail:GetEventDataStore"
)

// decide asks the policy of a resource, which may have none.
func (s *Service) decide(ctx context.Context, resource string, r policy.Request) (policy.Decision, error) {
	var p *policy.Policy
	text, err := meta.GetPolicy(ctx, s.db.Read(), resource)
	switch {
	case err == nil:
		p, err = policy.Parse([]byte(text), resource)
	case fault.KindOf(err) == fault.NotFound:
		p, err = policy.Empty(resource)
	}
	if err != nil {
		return policy.Decision{}, fmt.Errorf("read policy of %q: %w", resource, err)
	}
	return p.Evaluate(r), nil
}

// permitStore lets a caller of another account see that a store exists only when its policy does.
func (s *Service) permitStore(ctx context.Context, c Caller, row meta.EventDataStore, action string) error {
	d, err := s.decide(ctx, s.storeARN(row), policy.Request{Account: c.Account, ARN: c.Principal, Action: action})
	switch {
	case err != nil:
		return err
	case d.Allowed():
		return nil
	case row.Account == c.Account:
		return &Error{Code: codeAccessDenied, Message: c.Principal + " may not: the policy of the event data store denies it.", status: http.StatusForbidden}
	}
	return noStore(s.storeARN(row))
}

// PutResourcePolicy gives a resource of the caller's a policy in the place of one that it has.
func (s *Service) PutResourcePolicy(ctx context.Context, c Caller, in *PolicyInput) (PolicyOutput, error) {
	resource, err := s.policedActive(ctx, c, in.ResourceArn)
	if err != nil {
		return PolicyOutput{}, err
	}
	if _, err := policy.Parse([]byte(in.ResourcePolicy), resource); err != nil {
		return PolicyOutput{}, refuse("ResourcePolicyNotValidException", "%v", err)
	}
	err = s.db.Write(ctx, func(tx *sql.Tx) error { return meta.SetPolicy(ctx, tx, resource, in.ResourcePolicy, time.Now()) })
	return PolicyOutput{resource, in.ResourcePolicy}, err
}

// GetResourcePolicy returns the policy of a resource of the caller's.
func (s *Service) GetResourcePolicy(ctx context.Context, c Caller, in *PolicyInput) (PolicyOutput, error) {
	resource, err := s.policed(ctx, c, in.ResourceArn)
	if err != nil {
		return PolicyOutput{}, err
	}
	text, err := meta.GetPolicy(ctx, s.db.Read(), resource)
	return PolicyOutput{resource, text}, noPolicy(err, resource)
}

// DeleteResourcePolicy takes the policy of a resource of the caller's away.
func (s *Service) DeleteResourcePolicy(ctx context.Context, c Caller, in *PolicyInput) (Empty, error) {
	resource, err := s.policedActive(ctx, c, in.ResourceArn)
	if err != nil {
		return Empty{}, err
	}
	return Empty{}, noPolicy(s.db.Write(ctx, func(tx *sql.Tx) error { return meta.DeletePolicy(ctx, tx, resource) }), resource)
}

func noPolicy(err error, resource string) error {
	if fault.KindOf(err) == fault.NotFound {
		return refuse("ResourcePolicyNotFoundException", "%s has no policy.", resource)
	}
	return err
}

// policedActive is policed where the policy is to be changed: that of a store that waits to be deleted cannot be.
func (s *Service) policedActive(ctx context.Context, c Caller, given string) (string, error) {
	resource, err := s.policed(ctx, c, given)
	if err != nil {
		return "", err
	}
	if a, _ := parseARN(resource); a.kind == kindStore {
		row, err := s.store(ctx, c, resource)
		if err != nil {
			return "", noResource(err, given)
		}
		if !row.Deleted.IsZero() {
			return "", refuse("OperationNotPermittedException", "The event data store %s waits to be deleted; restore it first.", row.Name)
		}
	}
	return resource, nil
}

// policed finds a resource of the caller's that can have a policy and returns its ARN.
func (s *Service) policed(ctx context.Context, c Caller, given string) (string, error) {
	kind := ""
	if a, ok := parseARN(given); ok {
		kind = a.kind
	} else if strings.HasPrefix(given, "arn:") || !uuidForm.MatchString(given) {
		return "", refuse("ResourceARNNotValidException", "%.300q is not the ARN of a resource of CloudTrail.", given)
	}
	if kind == "" || kind == kindChannel { // an id alone may be either's
		row, err := s.channel(ctx, c, given)
		if err == nil || kind == kindChannel || !isRefusal(err) {
			return s.channelARN(row), noResource(err, given)
		}
		kind = kindStore
	}
	if kind == kindDashboard {
		d, err := s.dashboard(ctx, c, given)
		return s.dashboardARN(d), noResource(err, given)
	}
	if kind != kindStore {
		return "", refuse("ResourceTypeNotSupportedException", "A %s cannot have a policy.", kind)
	}
	row, err := s.store(ctx, c, given)
	return s.storeARN(row), noResource(err, given)
}

// isRefusal says whether an error is the caller's.
func isRefusal(err error) bool {
	var e *Error
	return errors.As(err, &e)
}

func noResource(err error, given string) error {
	if isRefusal(err) {
		return refuse("ResourceNotFoundException", "There is no resource %.300q.", given)
	}
	return err
}
