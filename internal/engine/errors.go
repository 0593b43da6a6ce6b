package engine

import "errors"

// ErrTimeout is in the chain of an error of a query that ran longer than its Limits.Timeout.
var ErrTimeout = errors.New("time limit reached")

// ErrMemory is in the chain of an error of a query that needed more memory than it may use.
var ErrMemory = errors.New("memory limit reached")

// SQLError is an error in the text of a statement.
type SQLError struct {
	Position int // byte offset in the statement; -1: unknown
	Err      error
}

func (e *SQLError) Error() string { return e.Err.Error() }

func (e *SQLError) Unwrap() error { return e.Err }

// PositionOf is the byte offset of an error in the statement, or -1.
func PositionOf(err error) int {
	var e *SQLError
	if errors.As(err, &e) {
		return e.Position
	}
	return -1
}
