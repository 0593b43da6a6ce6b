// Package iceberg proves that other programs read our tables unchanged: PyIceberg through the same SQL catalog, DuckDB the
// data files. The test has the build tag "integration" and needs Python with pyiceberg and duckdb; KIROKU_PYTHON names
// the interpreter (default python3).
//
//	table.Append ─▶ warehouse + SQLite catalog ─▶ read.py (PyIceberg, DuckDB) ─▶ JSON ─▶ compared here
package iceberg
