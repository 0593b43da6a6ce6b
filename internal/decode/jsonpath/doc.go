// Package jsonpath takes one value out of a JSON text, named by a path as SQL's json_extract writes it.
//
//	text ──Parse──▶ Path ──Find(doc)──▶ Value ──AppendText, AppendJSON, Members, Elements──▶ its text and its parts
//
// The document is read from its start up to the value and no further, without building a tree. Numbers stay text, so that
// no digit of a long id is lost.
//
// Invariants: Find never panics and never recurses; what it returns is a part of the document; the time is linear in the
// document's length.
package jsonpath
