// Package deliver sends records to one destination, in order, and says which have arrived.
//
//	Record ──Send──▶ queue ──session──▶ frames ──udp, tcp, tls, relp, http, file──▶ SIEM ──proof of arrival──▶ Confirmed(n)
//
// Run makes one session after the other; a session connects, sends and confirms until something fails. Then everything that
// is not confirmed is sent again, and after a sign that the receiver was restarted (refused, reset, an end that we did not
// ask for) also what was confirmed last: the receiver may have taken it and not stored it.
//
// What confirms, and what that is worth:
//   - relp, http: the receiver's own answer. Lost is only what a receiver answers for and does not store: rsyslog with a
//     queue in memory does that when it is killed.
//   - halfclose: the receiver has read to our end, closed its own side cleanly, and takes a new connection at once. At most
//     500 records or 5 seconds between two. Lost is only what a receiver held in its own memory, beyond the 256 KiB that are
//     sent again. A receiver that closes each connection within 10 ms of a record is never believed: a port that is no
//     receiver does the same (foreign.go).
//   - window: so much lies behind what the receiver's kernel has acknowledged that the receiver must have read it; the whole
//     window is sent again. For receivers that do not close at our end. With one that ends connections by itself before it
//     has read a window, nothing is ever confirmed: that needs halfclose.
//   - none: it was sent.
//
// What arrives twice, at most, for one fault of the receiver: what was sent and not confirmed (halfclose: a batch of 500
// records; http: a request; relp: 128; window: all that lies in the window), and, only after a sign of a restart, what was
// confirmed last: 256 KiB of lines with halfclose, 4 MiB with window. That comes once: further signs, also of further
// restarts, go back only over what was confirmed since. For a crash of our own process see Options.Bounded.
//
// A record that the receiver will never take must not keep the others back: HTTP says so itself (4xx), and with RELP, HTTP and
// half-close one that alone fails again and again for two minutes, while the receiver confirms others right then, goes to
// the dead letters (poison.go). While it confirms nothing, that is an outage, and nothing is dropped. With window and none
// nothing tells which record it was.
//
// A Deliverer tries again for ever, 1 s to 60 s apart, and sees a stall by the lack of progress, not by a deadline: a slow
// receiver is only slow. It holds a bounded number of bytes and makes its caller wait: that is how the server learns to give
// nothing more.
//
// Invariants: Confirmed never names a record that the way of confirming does not vouch for; first deliveries are in order; a
// record is confirmed once; every connection is always read, so that an end or a late alert of TLS is seen at once.
package deliver
