// Package cli is what the sub-commands share: finding the server, asking it, and showing answers to people.
//
//	flags, environment, data folder ──Target.Dial──▶ Server ──▶ answer | fault with advice
//	answer ──Table, Bytes, Ago──▶ terminal
//
// Invariants: nothing that came from a record reaches a terminal as a control character; the token of a data folder is sent
// only to the server of that folder unless the person names both.
package cli
