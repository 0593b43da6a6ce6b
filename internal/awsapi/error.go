package awsapi

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"kiroku/internal/awsapi/sigv4"
	"kiroku/internal/fault"
)

// Error is an error that a client knows by name.
type Error struct {
	Code    string // as in the service model, for example ChannelNotFoundException
	Message string
	status  int // 0: 400
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// As makes the error a fault.Error for our own API.
func (e *Error) As(target any) bool {
	f, ok := target.(**fault.Error)
	if ok {
		*f = &fault.Error{Kind: e.kind(), Err: e, Next: e.next()}
	}
	return ok
}

func (e *Error) kind() fault.Kind {
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(e.Code, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has("NotFound"):
		return fault.NotFound
	case has("AccessDenied", "InsufficientPermission"):
		return fault.Denied
	case has("AlreadyExists", "Conflict", "Inactive", "Status", "Protected", "Exists", "LimitExceeded"):
		return fault.Conflict
	case e.status >= http.StatusInternalServerError:
		return fault.Busy
	}
	return fault.Invalid
}

// refuse makes an Error of the caller's.
func refuse(code, format string, args ...any) error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// next is what a person does about the error.
func (e *Error) next() string {
	switch {
	case strings.Contains(e.Code, "LimitExceeded"):
		return "Delete what is not needed any more, or raise the quota under aws_api.limits in the configuration."
	case strings.Contains(e.Code, "NotFound"):
		return "List what there is and check the spelling."
	case e.Code == "ChannelAlreadyExistsException":
		return "Choose another name or source, use the channel that is there (kiroku channel list), or allow more under aws_api.limits in the configuration."
	case strings.Contains(e.Code, "AlreadyExists"):
		return "Choose another name, or use what is there."
	case strings.Contains(e.Code, "ChannelExists"):
		return "Delete its channels first: kiroku channel list, kiroku channel delete."
	case strings.Contains(e.Code, "Protected"):
		return "Switch the protection off first: kiroku eds update NAME --protected=false."
	case strings.Contains(e.Code, "Inactive"):
		return "Restore the event data store first."
	}
	return "Correct the request as the message says; the guide coming-from-cloudtrail-lake lists what is possible."
}

// invalid says that a member breaks a rule of the service model.
func invalid(format string, args ...any) error {
	return refuse("InvalidParameterException", format, args...)
}

// Names of errors that are not of one operation.
const (
	codeAccessDenied  = "AccessDeniedException"
	codeSerialization = "SerializationException"
	codeThrottling    = "ThrottlingException"
	codeUnknown       = "UnknownOperationException"
	codeUnsupported   = "UnsupportedOperationException"
	codeUnrecognized  = "UnrecognizedClientException"
	codeValidation    = "ValidationException"
)

// answerOf is the code, message and status for a caller. An error that is not the caller's is told without its cause.
func answerOf(err error) (code, message string, status int) {
	var e *Error
	var signature *sigv4.Error
	switch {
	case errors.As(err, &e):
		if e.status == 0 {
			return e.Code, e.Message, http.StatusBadRequest
		}
		return e.Code, e.Message, e.status
	case errors.As(err, &signature):
		return string(signature.Code), signature.Message, signature.Status()
	case fault.KindOf(err) == fault.Busy:
		return "ServiceUnavailableException", "Nothing can be stored at the moment; try again.", http.StatusServiceUnavailable
	}
	return "InternalFailure", "The request could not be carried out because of an unknown error.", http.StatusInternalServerError
}
