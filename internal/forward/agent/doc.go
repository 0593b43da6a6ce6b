// Package agent is the SIEM agent: it pulls records from the server, has them delivered, and acknowledges what has arrived.
//
//	server ──Config──▶ Agent ──one loop a destination: Pull──▶ deliver ──Confirmed──▶ Ack
//
// It keeps no state on disk: what it has not acknowledged, it gets again.
package agent
