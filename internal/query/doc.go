// Package query answers questions about the lake: pages of events newest first, counts, histograms, facets, the field
// catalogue, exports, the live tail, events in the order of their sequence numbers, and SQL jobs.
//
//	Request ──search──▶ predicates ──▶ row groups, newest first ──▶ rows
//	FollowRequest, position ──▶ row groups whose numbers overlap, merged ──▶ events, the next position
//	SQLRequest ──▶ engine (over published data files and fresh segments) ──▶ Job ──▶ rows
package query
