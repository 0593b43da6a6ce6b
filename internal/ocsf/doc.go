// Package ocsf checks objects against the Open Cybersecurity Schema Framework 1.8.0, whose compiled schema it embeds
// (see NOTICE). It imports only the standard library.
//
//	decoded JSON object ──Validator.Validate──▶ []Issue
//
// The codes are those of the schema server's validator (ocsf/ocsf-server, lib/schema/validator2.ex), so that results
// compare. An attribute that belongs to a profile exists only where metadata.profiles names that profile; this alone
// makes "cloud" and "osint", which the schema lists as required everywhere, required only with their profile.
//
// Invariants: the schema is read once per Validator, at first use, and never changes; a Validator serves any number of
// goroutines; checking costs memory only for the issues found.
package ocsf
