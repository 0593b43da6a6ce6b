// Package defender maps what Microsoft Defender for Cloud Apps says: the CEF of its SIEM agents (all versions from 0.97 to
// 0.298), and the CloudAppEvents of its streaming API.
//
//	[<PRI>]TIME [HOST] CEF:0|MCAS|SIEM_Agent|… ──Line──▶ keys in their order ──Map──▶ event
//	                                              Line ──Append──▶ the same bytes
package defender
