// Package accessgateway maps the logs of Okta Access Gateway: the audit, access and monitor feeds of its log forwarder,
// and the files that its Log Storage page offers for download.
//
//	Record ──envelope──▶ stamp, host ──columns──▶ level, event ──data──▶ pairs, message ──▶ Line ──Map──▶ Event
//	                                                                                          └─Attributes──▶ map
//
// The vendor documents one line layout of ten columns and shows lines that break it in thirty ways. Parse accepts all
// of them: it anchors on the level, lets columns be absent, and notes every oddity in Line.Irregular instead of
// rejecting a line. Feeds cannot be told apart by port, so everything is decided by content.
//
// Invariants: parsing takes time linear in the length of the line; the strings of a Line are parts of the line; every
// non-empty value of the line stands in a column or in unmapped; and a secret that the gateway wrote in clear, mostly
// into REASON, leaves Map only as "[redacted]". Attributes shows the line as it is.
package accessgateway
