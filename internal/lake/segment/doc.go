// Package segment writes and reads Kiroku's Parquet files: fresh segments and the data files of the Iceberg tables.
//
//	Event ──Builder──▶ Group (encoded row group) ──Assemble──▶ Parquet file with an index of our own
//	                                                              │
//	  columns, rows, token blocks ◀──Reader── Group ◀──Open───────┘
//
// A Builder collects one row group column by column and compresses pages as they fill. Groups can be copied from file to
// file as they are. Every reader of Parquet understands the files; our own Reader goes by the index, which stands between
// the last row group and the footer and says where each page is, which tokens the rows hold, and which bytes a column.
// FORMAT.md describes the bytes.
//
// Invariants: a file never changes; rows of a group keep their order; what Builder takes, Reader gives back byte by byte.
package segment
