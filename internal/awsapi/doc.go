// Package awsapi answers the APIs of AWS CloudTrail Lake: cloudtrail (awsJson1.1) and cloudtrail-data (restJson1), so that
// AWS's own SDKs and CLI work with nothing changed but the endpoint.
//
//	POST /                ──▶ sigv4: who ──▶ operation by X-Amz-Target ──▶ event data stores, channels, tags, policies (meta)
//	POST /PutAuditEvents  ──▶ sigv4: who ──▶ channel, policy ──▶ check each event ──┬─▶ pipeline ──▶ durable ──▶ successful
//	                                                                                └─▶ list of rejected events ──▶ failed
//	StartQuery ──▶ trino: SQL of the engine ──▶ queue ──▶ engine ──▶ file of rows ─┬─▶ GetQueryResults
//	                                                                              └─▶ CSV files in a bucket, signed
//	StartImport ──▶ files of a bucket ──trailfile──▶ pipeline ──▶ event data store, with what of each file is stored
//	LookupEvents ──▶ query: the lake's columns ──▶ records that have the attribute
//	insights ──counts per minute──▶ insight: what is unusual ──▶ pipeline ──▶ the Insights events' store
//	dashboards ──schedule, StartDashboardRefresh──▶ StartQuery of each widget
//
// Names, limits and errors are those of the service models cloudtrail 2013-11-01 and cloudtrail-data 2021-08-11 and of the
// CloudTrail user guide. Clients decide by the name of an error, not by its status, so all errors of a caller are 400 but
// those of the signature; 5xx, which SDKs try again, is only for faults of ours.
//
// An event data store is a store of the lake with a row that says what AWS's API needs to know. A store that is deleted is
// kept for seven days; Run then removes it.
//
// Invariants: nothing is answered without a valid signature; a resource of another account is never found, except through
// its policy; an audit event stands in successful only after the lake has made it durable in every destination of its
// channel; one that is refused is kept with its reason and can be sent again; a query that is FINISHED has its rows on disk;
// an import stores each event once, whenever it is stopped or the process ends.
package awsapi
