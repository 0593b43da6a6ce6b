package syslog

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"time"

	"golang.org/x/net/ipv4"

	"kiroku/internal/event"
	"kiroku/internal/logkey"
)

const (
	// datagramsPerRead is how many datagrams one system call receives at most.
	datagramsPerRead = 64
	// maxDatagram is the largest payload of a UDP datagram, and one byte.
	maxDatagram = 64 << 10
	// receiveBuffer is what is asked of the system to hold bursts.
	receiveBuffer = 16 << 20
	// readPause is how long a failing socket is left alone.
	readPause = 100 * time.Millisecond
)

// datagrams receives one UDP socket. One goroutine uses it.
type datagrams struct {
	in       *Input
	conn     *ipv4.PacketConn
	messages []ipv4.Message
	block    *block
	used     int // block.buf[:used] belongs to batches
	last     *peer
	lost     uint32 // datagrams the system has dropped so far, as it counts them
}

// runDatagrams receives datagrams until ctx ends. One datagram is one record (RFC 5426 §3.1), whatever it contains:
// lines in it may be text that somebody else chose.
func (in *Input) runDatagrams(ctx context.Context) error {
	defer func() { _ = in.packets.Close() }()
	size := enlargeReceiveBuffer(in.packets, receiveBuffer)
	countSystemDrops(in.packets)
	in.log.LogAttrs(ctx, slog.LevelInfo, "receive buffer", slog.Int(logkey.Bytes, size))
	d := &datagrams{in: in, conn: ipv4.NewPacketConn(in.packets), block: in.blocks.get(0)}
	defer func() { d.block.letGo() }()
	d.messages = make([]ipv4.Message, datagramsPerRead)
	for i := range d.messages {
		d.messages[i].Buffers = [][]byte{make([]byte, maxDatagram)} // all of it, so that what is cut can be counted
		d.messages[i].OOB = make([]byte, controlSpace)
	}
	unhook := context.AfterFunc(ctx, func() {
		in.beginStop()
		_ = in.packets.SetReadDeadline(*in.stopping.Load()) // a closed socket shows in ReadBatch
	})
	defer unhook()
	for {
		n, err := d.conn.ReadBatch(d.messages, 0)
		if n > 0 {
			d.receive(ctx, time.Now(), d.messages[:n])
		}
		switch {
		case err == nil:
		case ctx.Err() != nil && errors.Is(err, os.ErrDeadlineExceeded):
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		default:
			in.warner.warn(ctx, "receive datagrams", slog.Any(logkey.Err, err))
			sleep(ctx, readPause)
		}
	}
}

// receive hands over one read's datagrams, in as many batches as blocks are needed to hold them.
func (d *datagrams) receive(ctx context.Context, now time.Time, messages []ipv4.Message) {
	d.countLost(messages[len(messages)-1])
	for len(messages) > 0 {
		n, sum := 1, d.kept(&messages[0])
		for n < len(messages) && sum+d.kept(&messages[n]) <= d.in.blocks.largest() {
			sum += d.kept(&messages[n])
			n++
		}
		d.makeRoom(sum)
		d.deliver(ctx, now, messages[:n])
		messages = messages[n:]
	}
}

// kept is how much of a datagram is kept at most.
func (d *datagrams) kept(m *ipv4.Message) int { return min(m.N, d.in.cfg.FrameSize) }

// deliver hands over a batch. When the sink is full it is dropped: a sender of datagrams cannot be told to wait.
func (d *datagrams) deliver(ctx context.Context, now time.Time, messages []ipv4.Message) {
	in, first := d.in, d.used
	p := in.pack(d.block)
	for i := range messages {
		d.add(ctx, p, &messages[i], now)
	}
	if len(p.records) == 0 {
		p.unpack()
		return
	}
	if bytes := int64(d.used - first); in.queue.TryAcquire(bytes) {
		p.weight = bytes
		if in.sink.TryOffer(p.batch()) {
			return
		}
	}
	for i := range p.records {
		d.peer(p.records[i].Peer.Addr()).dropped.Add(1)
	}
	in.total.dropped.Add(uint64(len(p.records)))
	p.unpack()
	d.used = first
	in.warner.warn(ctx, "datagrams dropped: the queue is full")
}

// add copies a datagram behind the others of its batch: the buffers to receive into are large, most datagrams small.
func (d *datagrams) add(ctx context.Context, p *parcel, m *ipv4.Message, now time.Time) {
	addr, ok := m.Addr.(*net.UDPAddr)
	if !ok {
		return
	}
	in, from := d.in, unmapped(addr.AddrPort())
	sender := d.peer(from.Addr())
	if !in.networks.admit(from.Addr()) {
		in.total.refused.Add(1)
		sender.refused.Add(1)
		in.warner.warn(ctx, "datagram refused: address not allowed", slog.String(logkey.Peer, from.Addr().String()))
		return
	}
	for _, c := range [...]*counters{&in.total, &sender.counters} {
		c.seen(now)
		c.bytes.Add(uint64(m.N))
	}
	data := trim(m.Buffers[0][:m.N])
	truncated := len(data) > in.cfg.FrameSize
	if truncated {
		head := headOf(data, in.cfg.FrameSize)
		for _, c := range [...]*counters{&in.total, &sender.counters} {
			c.oversized.Add(1)
			c.discarded.Add(uint64(len(data) - len(head)))
		}
		data = head
	}
	if len(data) == 0 {
		return
	}
	data, keep := in.filter(data)
	if !keep {
		in.total.excluded.Add(1)
		sender.excluded.Add(1)
		return
	}
	if len(data) <= len(d.block.buf)-d.used {
		n := copy(d.block.buf[d.used:], data)
		data = d.block.buf[d.used : d.used+n : d.used+n]
		d.used += n
	} else { // a filter made the datagram longer than it came
		data = append([]byte(nil), data...)
	}
	in.total.records.Add(1)
	sender.records.Add(1)
	p.records = append(p.records, event.Record{Data: data, Received: now, Peer: from, Origin: in.cfg.Origin, Truncated: truncated})
}

// makeRoom sees to it that the block has room for n bytes, which are never more than the largest block holds.
func (d *datagrams) makeRoom(n int) {
	if d.block.alone() {
		d.used = 0
	}
	if n <= len(d.block.buf)-d.used {
		return
	}
	d.block.letGo()
	d.block, d.used = d.in.blocks.get(max(n, min(4*n, d.in.blocks.largest()))), 0
}

// peer is the sender at addr; datagrams often come in runs from one sender.
func (d *datagrams) peer(addr netip.Addr) *peer {
	if d.last == nil || d.last.addr != addr {
		d.last = d.in.peers.get(addr)
	}
	return d.last
}

// countLost adds what the system has dropped because the socket's buffer was full. Its senders are not known.
func (d *datagrams) countLost(m ipv4.Message) {
	if lost, ok := systemDrops(m.OOB[:m.NN]); ok {
		d.in.total.dropped.Add(uint64(lost - d.lost)) // the system's counter wraps
		d.lost = lost
	}
}
