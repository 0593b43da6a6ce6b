// Package query answers questions about the lake: pages of events newest first, counts, histograms, facets, the field
// catalogue, exports, the live tail, and SQL jobs.
//
//	Request ──search──▶ predicates ──▶ row groups, newest first ──▶ rows
//	SQLRequest ──▶ engine (over published data files and fresh segments) ──▶ Job ──▶ rows
package query
