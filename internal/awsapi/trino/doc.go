// Package trino runs the SQL of CloudTrail Lake, which is a part of Trino's, on our own engine: it compiles a statement
// to one SELECT of DuckDB over the tables of event data stores.
//
//	text ─▶ lexer.go: tokens ─▶ parse_*.go: AST with positions ─▶ bind_*.go: names, types ─▶ SQL of DuckDB, columns
//	                                  │                               ▲
//	                              print*.go                Catalog, schema*.go, functions.txt
//
//	engine.Rows ─▶ AppendCell: text as CloudTrail Lake writes it
//
// The columns of a store are those that CloudTrail Lake documents (schema*.go). Each is an expression over the lake's flat
// columns where one of these holds the same value, so that comparisons of eventTime, eventName and their like leave files
// and row groups out; the others are read from raw_data, the record itself. Rows such as userIdentity are not built unless
// a whole one is asked for.
//
// What differs from Trino, as CloudTrail Lake does: an event data store's ID stands bare as a table; times are compared
// with text, and text with true and false. What differs from CloudTrail Lake stands in docs/guide/cloudtrail-lake-sql.md.
//
// A lambda of the statement that uses columns of a query around, or of a table before UNNEST, gets them as a struct (see
// binder.carry): the engine does not find them in the body of a lambda.
//
// Invariants: translation works on the AST, never on text; every name in the translation is made here, so a statement can
// reach only the stores that the Catalog gave it; whatever cannot be translated is an *Error with line, column and advice;
// nesting, length and work are bounded. Errors travel inside the package as panics of type problem and never leave it.
//
// Sources: CloudTrail user guide, "CloudTrail Lake SQL constraints", "event data store schemas"; Trino documentation,
// "SQL statement syntax: SELECT", "Functions and operators".
package trino
