// Package wire is what the server and its SIEM agents say to each other: the agent protocol, version 1.
//
//	agent ──Hello──▶ Config     agent ──Pull──▶ Batch (header, records)     agent ──Ack──▶ positions stored
//	      ──Notify, Dead, Heartbeat, Complete──▶
//
// All requests are POST below BasePath, with the token of the agent in "Authorization: Token TOKEN" and, but for Hello, the
// session that Hello gave in the header SessionHeader. Bodies are JSON; the answer of Pull is a header line of JSON followed by
// records in a form of their own (ReadBatch, AppendRecord). A refusal is a Refusal with the status 400, 401, 403, 409, 410 or 429.
//
// The server owns the positions: it moves them only on an Ack, which names how far a destination has confirmed. A position is
// the sequence number of the last event, by event data store; so the position of a destination is a map. Dead letters that are
// sent again come as records of a store of their own, "dead:letters", with numbers of their own; agents need not know of it.
package wire
