package aws

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"kiroku/internal/fault"
)

// callError is an answer that says no.
type callError struct {
	action   string // the permission that the call needs, for example s3:GetObject
	resource string
	code     string // AWS's own
	err      error
}

func (e *callError) Error() string {
	if e.resource == "" {
		return fmt.Sprintf("%s: %v", e.action, e.err)
	}
	return fmt.Sprintf("%s %q: %v", e.action, e.resource, e.err)
}

func (e *callError) Unwrap() error { return e.err }

// Missing returns the permission for want of which AWS refused, or "".
func Missing(err error) string {
	var e *callError
	if fault.KindOf(err) == fault.Denied && errors.As(err, &e) {
		return e.action
	}
	return ""
}

// wrap makes a fault of an error of the SDK.
func wrap(action, resource string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	e := &callError{action: action, resource: resource, err: err}
	status := 0
	var res *awshttp.ResponseError
	if errors.As(err, &res) {
		status = res.HTTPStatusCode()
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		e.code = api.ErrorCode()
		e.err = plain{api.ErrorCode(), api.ErrorMessage(), err}
	}
	var unreachable *net.OpError
	if e.code == "" && errors.As(err, &unreachable) {
		e.err = unreachable
		return fault.New(fault.Other, e, "Nobody answers there: check endpoint, region and the way to the network.")
	}
	switch code := e.code; {
	case code == "NoSuchBucket":
		return fault.New(fault.Invalid, e, "Check the name of the bucket, and the partition or endpoint.")
	case code == "NoSuchKey", code == "NoSuchVersion", code == "NotFound" && strings.HasPrefix(action, "s3:"), status == http.StatusNotFound && action == "s3:GetObject":
		return fault.New(fault.NotFound, e, "")
	case code == "InvalidObjectState":
		return fault.New(fault.Conflict, e, "The object is archived: restore it, and it will be read at the next look at its day.")
	case strings.Contains(code, "NonExistentQueue"), code == "QueueDoesNotExist":
		return fault.New(fault.Invalid, e, "Check queue_url and region of the input.")
	case code == "TrailNotFoundException", code == "AWSOrganizationsNotInUseException":
		return fault.New(fault.NotFound, e, "")
	case isCredential(code):
		return fault.New(fault.NoToken, e, "AWS does not know these credentials: check the keys, profile or role of the input.")
	case status == http.StatusForbidden, strings.Contains(code, "AccessDenied"), code == "UnauthorizedOperation", code == "KMS.AccessDeniedException":
		return fault.New(fault.Denied, e, fmt.Sprintf("Allow %s to the principal that Kiroku uses; for objects encrypted with a KMS key also kms:Decrypt.", action))
	}
	return e
}

func isCredential(code string) bool {
	switch code {
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "ExpiredTokenException", "InvalidToken", "InvalidClientTokenId", "UnrecognizedClientException",
		"IncompleteSignature", "MissingAuthenticationToken", "TokenRefreshRequired", "RequestTimeTooSkewed":
		return true
	}
	return false
}

// plain words an answer without the SDK's frames around it.
type plain struct {
	code, message string
	err           error
}

func (p plain) Error() string {
	if p.message == "" || p.message == p.code {
		return p.code
	}
	return p.code + ": " + p.message
}

func (p plain) Unwrap() error { return p.err }
