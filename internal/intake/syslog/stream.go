package syslog

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"time"

	"kiroku/internal/event"
)

const (
	// settleAfter is how long a frame whose octet count is in doubt waits for the bytes behind it.
	settleAfter = 250 * time.Millisecond
	// shrinkAfter is how long a silent connection keeps a large block.
	shrinkAfter = 5 * time.Second
	// quietReads is how many small reads in a row make a connection's next block smaller.
	quietReads = 16
	// touchEvery is how often a connection marks its sender as recently heard.
	touchEvery = time.Second
)

// stream receives one connection. One goroutine uses it.
type stream struct {
	in   *Input
	conn net.Conn
	from netip.AddrPort
	peer *peer

	framer     framer
	block      *block
	start, end int // block.buf[start:end] is not yet framed

	size     int // wanted size of the next block
	quiet    int // small reads in a row
	lastByte time.Time
	touched  time.Time
	begun    bool // the first bytes are there
	deadline time.Time
}

// newStream takes over conn, which belongs to p.
func (in *Input) newStream(conn net.Conn, from netip.AddrPort, p *peer) *stream {
	return &stream{
		in: in, conn: conn, from: from, peer: p,
		framer:   framer{limit: in.cfg.FrameSize},
		block:    in.blocks.get(0),
		size:     blockSizes[0],
		lastByte: time.Now(),
	}
}

// receive reads until the sender closes, the connection is idle for too long, or the input stops. What is left of a
// frame at the end is a record.
func (s *stream) receive(ctx context.Context) {
	defer func() { s.block.letGo() }()
	for {
		s.makeRoom()
		room := s.block.buf[s.end:]
		s.setDeadline(time.Now())
		n, err := s.conn.Read(room)
		s.end += n
		now := time.Now()
		if n > 0 {
			if !s.begun && s.in.tls == nil && startsTLS(room[:n]) {
				s.in.refuse(ctx, s.peer, s.conn, "connection refused: TLS on a port without TLS; switch the sender to TCP or send to a tls input", nil)
				return
			}
			s.begun = true
			s.lastByte = now
			s.adapt(n, len(room))
		}
		final := err != nil && s.ends(err, now)
		if n > 0 || err != nil {
			if !s.deliver(ctx, now, n, final) || final {
				return
			}
		}
	}
}

// startsTLS says whether a connection begins with the handshake of TLS, which no text does (RFC 8446 section 5.1).
func startsTLS(b []byte) bool { return len(b) >= 3 && b[0] == 22 && b[1] == 3 && b[2] <= 4 }

// ends says whether a read error is the end of the connection. A timeout may only mean that there is something to do.
func (s *stream) ends(err error, now time.Time) bool {
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return true
	}
	if stop := s.in.stopping.Load(); stop != nil {
		return true
	}
	if idle := s.in.cfg.IdleTimeout; idle > 0 && now.Sub(s.lastByte) >= idle {
		return true
	}
	if s.framer.waiting && now.Sub(s.lastByte) >= settleAfter {
		s.framer.settle()
	}
	if now.Sub(s.lastByte) >= shrinkAfter {
		s.size = blockSizes[0]
		s.move()
	}
	return false
}

// setDeadline makes Read return when there is something to do without new bytes.
func (s *stream) setDeadline(now time.Time) {
	var d time.Time
	earlier := func(t time.Time) {
		if d.IsZero() || t.Before(d) {
			d = t
		}
	}
	if idle := s.in.cfg.IdleTimeout; idle > 0 {
		earlier(s.lastByte.Add(idle))
	}
	if s.framer.waiting {
		earlier(s.lastByte.Add(settleAfter))
	}
	if len(s.block.buf) > blockSizes[0] && now.Sub(s.lastByte) < shrinkAfter {
		earlier(s.lastByte.Add(shrinkAfter))
	}
	if !d.Equal(s.deadline) {
		s.deadline = d
		_ = s.conn.SetReadDeadline(d) // a closed connection shows in Read
	}
	// The input sets every connection's deadline when it stops; it may have done so just before the line above.
	if stop := s.in.stopping.Load(); stop != nil {
		_ = s.conn.SetReadDeadline(*stop)
	}
}

// adapt chooses the size of the next block by how well reads fill their room.
func (s *stream) adapt(n, room int) {
	switch {
	case n == room && room >= len(s.block.buf)/4:
		s.quiet = 0
		s.size = min(max(s.size, len(s.block.buf)+1), s.in.blocks.largest())
	case n > s.size/16:
		s.quiet = 0
	default:
		if s.quiet++; s.quiet >= quietReads {
			s.quiet = 0
			s.size = max(s.size/8, blockSizes[0])
		}
	}
}

// makeRoom sees to it that there is room to read into, and for the rest of a frame that has begun.
func (s *stream) makeRoom() {
	if s.start == s.end && s.block.alone() && len(s.block.buf) >= s.size {
		s.start, s.end = 0, 0
		return
	}
	if free := len(s.block.buf) - s.end; free >= len(s.block.buf)/8 {
		return
	}
	s.move()
}

// move continues in another block, with the bytes that are not yet framed at its front.
func (s *stream) move() {
	rest := s.block.buf[s.start:s.end]
	next := s.in.blocks.get(max(s.size, 2*len(rest)))
	n := copy(next.buf, rest)
	s.block.letGo()
	s.block, s.start, s.end = next, 0, n
}

// deliver hands over the frames that are complete. It returns false when the sink takes no more.
func (s *stream) deliver(ctx context.Context, now time.Time, n int, final bool) bool {
	in, before, first := s.in, s.framer.stats, s.start
	p := in.pack(s.block)
	excluded := s.cut(p, now, final)
	records := uint64(len(p.records))
	ok := in.offer(ctx, p, int64(s.start-first))
	dropped := uint64(0)
	if !ok {
		dropped = records
	}
	for _, c := range [...]*counters{&in.total, &s.peer.counters} {
		if n > 0 {
			c.seen(now)
		}
		c.records.Add(records)
		c.dropped.Add(dropped)
		c.bytes.Add(uint64(n))
		c.excluded.Add(excluded)
		c.framed(s.framer.stats, before)
	}
	if now.Sub(s.touched) >= touchEvery {
		s.touched = now
		in.peers.touch(s.peer)
	}
	return ok
}

// cut appends the complete frames to p and returns how many records the filter excluded.
func (s *stream) cut(p *parcel, now time.Time, final bool) (excluded uint64) {
	for s.start < s.end {
		fr, n := s.framer.next(s.block.buf[s.start:s.end], final)
		if n == 0 {
			return excluded
		}
		s.start += n
		if fr.data == nil {
			continue
		}
		data, keep := s.in.filter(fr.data)
		if !keep {
			excluded++
			continue
		}
		p.records = append(p.records, event.Record{
			Data: data, Received: now, Peer: s.from, Origin: s.in.cfg.Origin,
			Truncated: fr.truncated, Malformed: fr.malformed,
		})
	}
	return excluded
}

func (in *Input) filter(data []byte) ([]byte, bool) {
	if in.cfg.Filter == nil {
		return data, true
	}
	return in.cfg.Filter(data)
}
