// Package syslog receives records over UDP, TCP and TLS.
//
//	socket ──bytes──▶ stream (TCP, TLS) ──block──▶ framer ──frames──▶ event.Batch ──▶ Sink
//	socket ──datagrams──▶ datagram (UDP) ──────────────────────────▶ event.Batch ──▶ Sink
//
// A stream is read into blocks. The framer finds the frames in a block without copying them; the records of a batch
// point into the block, and the block goes back to its pool when the batch's Release is called. One Read makes one
// batch, so that nothing waits for more to come. A datagram is one record.
//
// Invariants:
//   - Every byte received is emitted in a record, or is framing (counts, delimiters), or is counted as discarded. That is
//     so of frames and datagrams alike: of one longer than Config.FrameSize the head is emitted, flagged as truncated.
//   - How a stream is cut into reads never changes its records.
//   - Memory is bounded: a frame by Config.FrameSize, what is underway by Config.Queue, connections by
//     Config.MaxConnections, peers by maxPeers.
//   - A stream stops being read while its sink is full; a datagram that finds the sink full is dropped and counted.
package syslog
