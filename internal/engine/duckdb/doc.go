// Package duckdb is the embedded SQL engine: DuckDB in this process, in memory, over the lake's Parquet files. It is the
// only package that imports DuckDB, and it uses its C interface directly: results are streamed and turned into Go
// values without database/sql between.
//
//	Query ─▶ sandbox.go: parse, walk, allow ─▶ instance.go: a connection ─▶ views.go: one view per relation
//	      ─▶ conn.go: prepare, bind, run ─▶ rows.go, value.go: chunks to Go values
//
// User SQL is held back twice. First the statement is parsed by DuckDB itself and its tree walked: only a single SELECT
// made of known nodes, known relations and listed functions goes on (functions_allowed.txt; a function that a new DuckDB
// brings stays out until somebody has judged it). Then the instance would refuse too: it reads no files but those below
// Options.Dirs, loads no extensions, and its configuration is locked.
//
// Functions of our own stand beside DuckDB's: addresses in networks (ipin.go), JSON and numbers as Trino reads and writes
// them (jsonfunctions.go, doubletext.go). They compute from their arguments alone.
//
// Invariants: the text that was checked is the text that runs; a view never names a file outside Options.Dirs; nothing
// is cached under a file's name that could change, because files never do. Parquet footers are cached without asking the
// file system again: that is what makes a warm count take one millisecond.
//
// DuckDB's memory limit is that of an instance, not of a query. A query with its own Limits.MemoryBytes therefore runs
// on an instance of its own, which starts with an empty footer cache.
package duckdb
