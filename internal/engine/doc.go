// Package engine says what an SQL engine does for Kiroku: run one read-only statement over Parquet files.
//
//	search, query ──SQL, []Table──▶ Engine (duckdb | trino) ──Rows──▶ search, query
//
// Every Table becomes a relation with the columns of the event table (event.Columns). Unless a Table has that name, two
// more relations are there: "events", all tables together with a first column "store" that says where a row comes from,
// and "ocsf", the same rows with the columns nested back into OCSF objects.
//
// Invariants: user SQL can read those relations, without the columns of Limits.Hide, and nothing else, and can change
// nothing; a file that was named once
// never changes and its name is never used again; an error that the author of the statement can mend is a fault.Invalid
// with advice; no error shows the name of a file.
package engine
