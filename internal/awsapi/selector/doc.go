// Package selector reads advanced event selectors and says which events they keep.
//
//	JSON ──▶ Parse ──▶ Set ──Match(Event)──▶ kept or not
//	                    └──Explain(Event)──▶ the same, and for each selector the field that refused it
//
// An event is kept when one selector keeps it, and a selector keeps it when all its fields do. A field with Equals,
// StartsWith or EndsWith must be like one of their values; with NotEquals, NotStartsWith or NotEndsWith it must be like none. Values
// are compared with case and have no wildcards. A field that an event has not is like no value.
//
//	eventCategory                                   fields beside it
//	Management                                      readOnly eventSource eventName eventType sessionCredentialFromConsole userIdentity.arn
//	Data                                            the same, resources.type (required), resources.ARN
//	NetworkActivity                                 eventSource (required), eventName, errorCode, vpcEndpointId
//	Insight ConfigurationItem Evidence ActivityAuditLog   none
//
// These are the fields of event data stores; trails have fewer. Event data stores have no basic event selectors.
//
// Sources: AWS CloudTrail API Reference, AdvancedEventSelector and AdvancedFieldSelector; service model cloudtrail 2013-11-01;
// CloudTrail User Guide, "Filtering data events by using advanced event selectors".
package selector
