// Package agent is the SIEM agent: it pulls records from the server, has them delivered, and acknowledges what has arrived.
//
//	server ──Config──▶ Agent ──one loop a destination: Pull──▶ deliver ──Confirmed──▶ Ack
//
// It keeps no state on disk: what it has not acknowledged, it gets again. So an agent that is killed makes arrive twice at most
// what was sent beyond the last acknowledgment that the server stored: two batches, 1,000 records (twice the batch of HTTP,
// where that is more). The sender waits at this bound; with a server that takes a time t to acknowledge, a destination gets no
// more than 1,000/t records a second. Confirmed by window the bound is that of the window, see package deliver.
//
// With a spool it acknowledges what is on its disk, and the destination gets it out of there, also while the server cannot be
// asked; the sender waits at the same bound beyond what the disk knows to be confirmed.
package agent
