// Package fault says what kind of error something is where somebody acts on it: the HTTP status, the exit code, the
// decision to try again. Every other error is a plain wrapped error.
package fault

import "errors"

// Kind is what a caller can do about an error.
type Kind int

// The kinds. Their order is not stored anywhere.
const (
	Other     Kind = iota // a bug or an unknown failure: HTTP 500, exit 1
	Invalid               // the caller must change the request: HTTP 400, exit 2
	NotFound              // there is no such thing: HTTP 404, exit 1
	Conflict              // it exists already, or is in use: HTTP 409, exit 1
	Denied                // the caller may not: HTTP 403, exit 1
	NoToken               // the caller did not say who it is: HTTP 401, exit 1
	TooLarge              // over a limit: HTTP 413, exit 1
	Busy                  // try again later: HTTP 503 with Retry-After, exit 1
	Cancelled             // the caller gave up: HTTP 499, exit 1
)

// Error is an error that somebody acts on.
type Error struct {
	Kind Kind
	Next string // what to do now, for a person; a full sentence
	Err  error
}

func (e *Error) Error() string { return e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

// New makes an Error.
func New(kind Kind, err error, next string) error { return &Error{kind, next, err} }

// KindOf is the kind of the outermost Error in err's chain.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Other
}

// NextOf is the first advice in err's chain, or "".
func NextOf(err error) string {
	for err != nil {
		var e *Error
		if !errors.As(err, &e) {
			return ""
		}
		if e.Next != "" {
			return e.Next
		}
		err = e.Err
	}
	return ""
}
