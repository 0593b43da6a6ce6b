// Package policy reads and evaluates the resource policies of CloudTrail's channels, event data stores and dashboards.
//
//	JSON + ARN of the resource ──▶ Parse ──▶ Policy ──Evaluate(Request)──▶ Decision: allowed, denied, and why
//
// A policy is the JSON of IAM with what the CloudTrail user guide allows for each kind of resource:
//
//	             channel                          event data store                     dashboard
//	action       cloudtrail-data:PutAuditEvents   cloudtrail:StartQuery … (patterns)   cloudtrail:StartDashboardRefresh
//	principal    AWS                              AWS, Service, "*"                    Service
//	condition    cloudtrail:ExternalId            aws:SourceArn, aws:SourceAccount     aws:SourceArn, aws:SourceAccount
//	operator     StringEquals                     StringEquals, StringLike, ArnEquals, ArnLike
//
// Whatever is not in this table is refused when the policy is put, with the place and the reason. Nothing is ignored: a
// condition that is ignored opens what it was written to close. That is also why names are compared exactly and a member that
// stands twice is refused, where encoding/json would take the last.
//
// Evaluation is IAM's: a statement that denies wins; the resource's owner may without a statement; nobody else may without
// one that allows. What the caller's own account lets it do is not looked at: here it has no identity policies.
//
// Sources: CloudTrail User Guide, "CloudTrail resource-based policy examples"; IAM User Guide, "Grammar of the IAM JSON policy
// language", "AWS JSON policy elements: Principal", "IAM JSON policy elements: Condition operators".
package policy
