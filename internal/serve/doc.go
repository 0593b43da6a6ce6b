// Package serve is the composition root: it builds every part in the order of an event's way, connects them, and stops
// them in the reverse order.
//
//	intake ──▶ pipeline ──▶ lake ◀── query, engine ◀── api
//
// Listening sockets are opened first, so that a port that cannot be had ends the process before anything else starts.
package serve
