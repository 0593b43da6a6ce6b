package trino

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"kiroku/internal/fault"
)

// Error is a statement that cannot be run: CloudTrail's InvalidQueryStatementException. It is always inside a
// fault.Error of kind fault.Invalid that says what to do.
type Error struct {
	Line, Column int // of the place in the statement, both from 1; the column counts characters
	Message      string
}

func (e *Error) Error() string { return fmt.Sprintf("line %d:%d: %s", e.Line, e.Column, e.Message) }

// place turns a byte offset of the statement into line and column.
func place(text string, offset int) (line, column int) {
	offset = min(max(offset, 0), len(text))
	before := text[:offset]
	start := strings.LastIndexByte(before, '\n') + 1
	return 1 + strings.Count(before, "\n"), 1 + utf8.RuneCountInString(before[start:])
}

// maxMessage is how many characters of a message are kept: the types of rows are long, and an ErrorMessage has up to 1,000
// characters.
const maxMessage = 400

// problem is an Error whose place is still an offset. It travels as a panic inside the package, from deep within the
// parser or the binder to the function that was called from outside, and nowhere else.
type problem struct {
	pos           Pos
	message, next string
}

// fail ends parsing or binding.
func fail(pos Pos, next, format string, args ...any) {
	panic(problem{pos, fmt.Sprintf(format, args...), next})
}

// catch turns a problem into an error; other panics go on.
func catch(text string, err *error) {
	switch p := recover().(type) {
	case nil:
	case problem:
		line, column := place(text, int(p.pos))
		if runes := []rune(p.message); len(runes) > maxMessage {
			p.message = string(runes[:maxMessage]) + "…"
		}
		*err = fault.New(fault.Invalid, &Error{line, column, p.message}, p.next)
	case storeProblem:
		*err = p.err
	default:
		panic(p)
	}
}

// storeProblem is an error of the Catalog on its way out.
type storeProblem struct{ err error }

// PlaceOf is where in the statement an error is, or false when it has no place.
func PlaceOf(err error) (line, column int, ok bool) {
	var e *Error
	if !errors.As(err, &e) {
		return 0, 0, false
	}
	return e.Line, e.Column, true
}
