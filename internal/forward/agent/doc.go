// Package agent is the SIEM agent: it pulls records from the server, has them delivered, and acknowledges what has arrived.
//
//	server ──Config──▶ Agent ──one loop a destination: Pull──▶ deliver ──Confirmed──▶ Ack
//
// It keeps no state on disk: what it has not acknowledged, it gets again. With a spool it acknowledges what is on its disk, and
// the destination gets it out of there, also while the server cannot be asked.
package agent
