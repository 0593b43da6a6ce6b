// Package table keeps one Apache Iceberg table (format version 2) for each event data store. It is the only package that
// knows the Iceberg library; everybody else speaks of stores, data files and snapshots.
//
//	publish ──data files that lie in the folder──▶ Append ─▶ manifest ─▶ manifest list ─▶ metadata.json ─▶ row of the catalog
//	compaction ──────────────────────────────────▶ Replace                                                    │
//	retention ──▶ DeleteDay, DeleteFiles    housekeeping ──▶ Expire, Orphans           Files, Snapshots ◀──────┘
//
// The folder of a store is <warehouse>/<namespace>/<store>, with data/time_day=2006-01-02/*.parquet and metadata/*. The
// catalog is the SQL catalog that PyIceberg, Java and iceberg-go share: the tables iceberg_tables and
// iceberg_namespace_properties, catalog name and namespace "kiroku".
//
// Invariants:
//   - The row of the catalog is the commit. Everything it leads to (metadata.json, manifest list, manifests, data files,
//     and the names of all of them in their folders) was forced to disk before the row is written. The database must
//     force its own commits to disk: SQLite with synchronous=FULL.
//   - A commit that fails leaves the old table. What it had written is removed again, or, after a kill, found by Orphans.
//   - A commit never opens a data file: its statistics come from who wrote it.
//   - Every file of a data file's day has rows of that day only (UTC), sorted by time, and the field ids of event.Columns
//     and FieldID, ElementID, KeyID, ValueID.
//   - Field ids are never given twice. A column that this version has more is added to a table when it is opened.
//
// All methods of Catalog may be called by several goroutines at once. Commits to one store are done one after the other;
// a writer in another process is noticed by the row, and the commit is made again on top of what it wrote.
package table
