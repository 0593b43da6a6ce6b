package search

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// Code names what is wrong with a query, for translations and tests. Codes are part of the API: they do not change.
type Code string

// The codes.
const (
	ExpectedValue   Code = "expected_value"
	ExpectedTerm    Code = "expected_term"
	ExpectedColon   Code = "expected_colon"
	UnclosedParen   Code = "unclosed_paren"
	UnclosedRange   Code = "unclosed_range"
	UnclosedQuote   Code = "unclosed_quote"
	UnclosedField   Code = "unclosed_field"
	UnbalancedParen Code = "unbalanced_paren"
	Dangling        Code = "dangling_operator"
	Unexpected      Code = "unexpected_character"
	RangeNeedsTo    Code = "range_needs_to"
	SetIsOrOnly     Code = "set_is_or_only"
	RegexQuotes     Code = "regex_needs_quotes"
	BadRegex        Code = "bad_regex"
	NotANumber      Code = "not_a_number"
	BadUnit         Code = "bad_unit"
	NotATime        Code = "not_a_time"
	NotABoolean     Code = "not_a_boolean"
	NotANetwork     Code = "not_a_network"
	NotAnAddress    Code = "not_an_address"
	NotComparable   Code = "not_comparable"
	NotText         Code = "not_text"
	UnknownLevel    Code = "unknown_level"
	UnknownName     Code = "unknown_name"
	UnknownVariable Code = "unknown_variable"
	BadEncoding     Code = "bad_encoding"
	TooLong         Code = "too_long"
	TooDeep         Code = "too_deep"
	TooManyClauses  Code = "too_many_clauses"
	TooManyMembers  Code = "too_many_members"
)

// SyntaxError says what is wrong with a query and where. From and To are byte offsets in the text as it was typed.
type SyntaxError struct {
	Code    Code   `json:"code"`
	From    int    `json:"from"`
	To      int    `json:"to"`
	Message string `json:"message"`        // one sentence without full stop, lower case
	Hint    string `json:"hint,omitempty"` // what to write instead

	char int // From in characters, for people
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("read search at %d: %s", e.char, e.Message)
}

// locate counts the characters in front of an error in text.
func locate(text string, err error) error {
	var e *SyntaxError
	if errors.As(err, &e) {
		e.char = utf8.RuneCountInString(text[:e.From])
	}
	return err
}

func fail(at Span, code Code, hint, format string, args ...any) *SyntaxError {
	return &SyntaxError{Code: code, From: at.From, To: at.To, Message: fmt.Sprintf(format, args...), Hint: hint}
}
