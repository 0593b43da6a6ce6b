package sigv4

import (
	"fmt"
	"net/http"
)

// Code is the name of an error as SDKs know it.
type Code string

// The errors of verification. All but one have the HTTP status 403; MissingAuthenticationToken stands for requests that
// carry no signature at all.
const (
	MissingAuthenticationToken Code = "MissingAuthenticationTokenException"
	IncompleteSignature        Code = "IncompleteSignatureException" // 400: the header cannot be read
	InvalidSignature           Code = "InvalidSignatureException"    // wrong, out of time, or for another service
	UnrecognizedClient         Code = "UnrecognizedClientException"  // no such access key
)

// Error says why a request is refused, in words for the caller. It holds nothing secret.
type Error struct {
	Code    Code
	Message string
}

func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// Status is the HTTP status of the answer.
func (e *Error) Status() int {
	if e.Code == IncompleteSignature {
		return http.StatusBadRequest
	}
	return http.StatusForbidden
}

func refuse(c Code, format string, args ...any) error {
	return &Error{c, fmt.Sprintf(format, args...)}
}
