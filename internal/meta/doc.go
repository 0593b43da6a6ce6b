// Package meta is the metadata database: everything that must be agreed on besides the events themselves.
//
//	identity ──users, tokens──────────────┐
//	lake     ──stores, segments, files────┤──▶ DB.Write (one transaction, fsynced) ──▶ SQLite
//	intake   ──checkpoints, bucket folders┘    DB.Read (pool, never waits for writers)
//
// One file holds one noun: its row type and its queries. The tables come from migrations/, which run when the database is
// opened. The SQL is what SQLite and Postgres both understand: $1 parameters in rising order, TEXT, BIGINT, BOOLEAN;
// times are microseconds since 1970 UTC, 0 for none; lists are JSON text.
//
// Invariants: there is one writer at a time; when Write returns nil its changes survive a power cut; readers see whole
// transactions only.
package meta
