// Package forward is the server's side of SIEM agents: who they are, how far each of their destinations has confirmed, how
// they do, and what people are told about it.
//
//	Agent (meta) ──Pull──▶ events of the lake by sequence number ──filter, format──▶ records
//	             ──Ack───▶ position stored, notifications cleared
//	             ──Notify, silence──▶ notifications, states, system alerts as events of the lake
//
// Invariants:
//   - A position moves only by an Ack of the session that counts, never back, never beyond what was pulled.
//   - Between two positions of a store no event that passes the filter is left out.
//   - A recovery agent reads and changes nothing of the agent that it is like.
package forward
