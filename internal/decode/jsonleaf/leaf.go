package jsonleaf

import "fmt"

// Kind is the type of a value.
type Kind uint8

// The kinds of value.
const (
	String Kind = iota
	Number
	Bool
	Null
	Array
	Object
)

// Error says where a document stops being JSON, or goes over a limit.
type Error struct {
	Offset int // bytes from the start of the document
	Cause  string
}

func (e *Error) Error() string { return fmt.Sprintf("parse JSON at byte %d: %s", e.Offset, e.Cause) }

// The causes of an Error that callers tell apart.
const (
	CauseDepth  = "nested too deeply"
	CauseLeaves = "too many values"
)
