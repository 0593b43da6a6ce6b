package pipeline

import (
	"crypto/rand"
	"encoding/binary"
	"net/netip"
	"time"

	"kiroku/internal/event"
)

// idMaker makes UUIDs of version 7 (RFC 9562 §5.7): 48 bits of milliseconds, a counter of 26 bits in place of the first
// random bits (method 1 of §6.2), 48 random bits that stay the same for one worker. They rise, and texts that differ in
// few places compress to about three bytes.
type idMaker struct {
	counter uint32
	node    uint64
}

func newIDMaker(worker int) idMaker {
	var b [12]byte
	_, _ = rand.Read(b[:]) // it never fails: see crypto/rand
	return idMaker{counter: binary.LittleEndian.Uint32(b[:]) >> 7, node: (binary.LittleEndian.Uint64(b[4:])&^0xff | uint64(worker&0xff)) & (1<<48 - 1)}
}

const hexDigits = "0123456789abcdef"

func (m *idMaker) next(e *event.Event, t time.Time) string {
	m.counter++
	c := uint64(m.counter & (1<<26 - 1))
	hi := uint64(t.UnixMilli())<<16 | 7<<12 | c>>14
	lo := 2<<62 | (c&(1<<14-1))<<48 | m.node
	var b [36]byte
	at := 0
	put := func(v uint64, digits int) {
		for i := digits - 1; i >= 0; i-- {
			b[at] = hexDigits[v>>(4*i)&15]
			at++
		}
	}
	put(hi>>32, 8)
	b[8], at = '-', 9
	put(hi>>16, 4)
	b[13], at = '-', 14
	put(hi, 4)
	b[18], at = '-', 19
	put(lo>>48, 4)
	b[23], at = '-', 24
	put(lo, 12)
	return e.Keep(b[:])
}

// peerText remembers the text of the last peer's address.
type peerText struct {
	addr netip.Addr
	str  string
}

func (p *peerText) text(a netip.Addr) string {
	if a != p.addr || p.str == "" {
		p.addr, p.str = a, a.Unmap().String()
	}
	return p.str
}
