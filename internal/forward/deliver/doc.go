// Package deliver sends records to one destination, in order, and says which have arrived.
//
//	Record ──Deliver──▶ frame ──udp, tcp, tls, relp, http──▶ SIEM ──proof of arrival──▶ Confirmed(n)
//
// A Deliverer connects again for ever, sends again what is not confirmed, and after every sign that the receiver was
// restarted also a little of what was. It holds a bounded number of bytes and makes its caller wait: that is how the server
// learns to give nothing more.
//
// Invariants: Confirmed never names a record that the way of confirming does not vouch for; first deliveries are in order.
package deliver
