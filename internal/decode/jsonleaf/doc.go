// Package jsonleaf reads JSON records in one pass over their bytes, without building a tree and without allocating.
//
//	bytes ──Object.Next──▶ members of one object, nested values as text: for flat records on the hot path
//	bytes ──Walker.Walk──▶ every leaf with its dotted path: for records of any shape
//
// Both accept what encoding/json accepts, and control characters within strings besides, because log writers forget to
// escape them. Numbers stay text, so that no digit of a long id is lost. Bytes that are not UTF-8 pass unchanged.
//
// Invariants: a value without escapes is a part of the document; memory is bounded by the document, depth and number of
// leaves by limits; every error names its byte offset.
package jsonleaf
