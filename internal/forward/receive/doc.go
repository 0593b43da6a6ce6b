// Package receive is a receiver for SIEM agents: it shows what arrives over UDP, TCP, TLS, RELP and HTTP, and keeps receipts.
//
//	connection ──frames──▶ record ──▶ line on a terminal, receipt on disk, then the answer of the protocol
package receive
