// Package receive is a receiver for SIEM agents: it shows what arrives over UDP, TCP, TLS, RELP and HTTP, and keeps receipts.
//
//	socket ──first bytes──▶ syslog, RELP, HTTP, each with TLS or without ──frames──▶ Record ──▶ Handle, receipt on disk,
//	                                                                               then the answer of the protocol
//
// One port takes everything, on IPv4 and IPv6: the first bytes of a connection say what it speaks.
//
// Invariants: what RELP or HTTP answers, and a TCP connection that we close at its end, has a receipt on disk before; a
// record is at most Options.MaxBytes long; connections and what is read of each are bounded.
package receive
