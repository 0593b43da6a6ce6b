package syslog

import (
	"cmp"
	"container/list"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"kiroku/internal/intake"
)

// maxPeers is how many senders of an input are remembered; the one that was silent the longest goes first.
const maxPeers = 1000

// shownPeers is how many of them a status names.
const shownPeers = 100

// counters are intake.Counters that several goroutines count into.
type counters struct {
	records, bytes, dropped, malformed, miscounted, oversized, discarded, refused, excluded, parsed, unparsed atomic.Uint64

	lastSeen atomic.Int64 // nanoseconds since 1970; 0: never
}

func (c *counters) seen(t time.Time) { c.lastSeen.Store(t.UnixNano()) }

func (c *counters) lastSeenTime() time.Time {
	if ns := c.lastSeen.Load(); ns != 0 {
		return time.Unix(0, ns).UTC()
	}
	return time.Time{}
}

func (c *counters) snapshot() intake.Counters {
	return intake.Counters{
		Records:    c.records.Load(),
		Bytes:      c.bytes.Load(),
		Dropped:    c.dropped.Load(),
		Malformed:  c.malformed.Load(),
		Miscounted: c.miscounted.Load(),
		Oversized:  c.oversized.Load(),
		Discarded:  c.discarded.Load(),
		Refused:    c.refused.Load(),
		Excluded:   c.excluded.Load(),
		Parsed:     c.parsed.Load(),
		Unparsed:   c.unparsed.Load(),
	}
}

// framed adds what a framer counted since before.
func (c *counters) framed(now, before framingStats) {
	c.malformed.Add(now.malformed - before.malformed)
	c.miscounted.Add(now.miscounted - before.miscounted)
	c.oversized.Add(now.oversized - before.oversized)
	c.discarded.Add(now.discarded - before.discarded)
}

// peer is one sender: an address whatever its port.
type peer struct {
	addr netip.Addr
	counters
}

// peers are the senders of an input that were heard last.
type peers struct {
	mu     sync.Mutex
	byAddr map[netip.Addr]*list.Element // of *peer
	order  *list.List                   // newest first
}

func newPeers() *peers { return &peers{byAddr: map[netip.Addr]*list.Element{}, order: list.New()} }

// get returns the peer at addr and marks it as the newest.
func (ps *peers) get(addr netip.Addr) *peer {
	addr = addr.Unmap()
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if e, ok := ps.byAddr[addr]; ok {
		ps.order.MoveToFront(e)
		return e.Value.(*peer)
	}
	p := &peer{addr: addr}
	ps.insert(p)
	return p
}

// find returns the peer at addr, or nil when it is unknown or forgotten.
func (ps *peers) find(addr netip.Addr) *peer {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if e, ok := ps.byAddr[addr.Unmap()]; ok {
		return e.Value.(*peer)
	}
	return nil
}

// touch marks p as the newest, and remembers it again should it have been forgotten: a long connection counts into
// the peer that it began with.
func (ps *peers) touch(p *peer) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if e, ok := ps.byAddr[p.addr]; ok {
		ps.order.MoveToFront(e)
		return
	}
	ps.insert(p)
}

func (ps *peers) insert(p *peer) {
	if ps.order.Len() >= maxPeers {
		oldest := ps.order.Back()
		delete(ps.byAddr, oldest.Value.(*peer).addr)
		ps.order.Remove(oldest)
	}
	ps.byAddr[p.addr] = ps.order.PushFront(p)
}

// newest are the peers that were heard last, newest first.
func (ps *peers) newest() []intake.Peer {
	ps.mu.Lock()
	shown := make([]intake.Peer, 0, ps.order.Len())
	for e := ps.order.Front(); e != nil; e = e.Next() {
		p := e.Value.(*peer)
		shown = append(shown, intake.Peer{Address: p.addr.String(), LastSeen: p.lastSeenTime(), Counters: p.snapshot()})
	}
	ps.mu.Unlock()
	slices.SortStableFunc(shown, func(a, b intake.Peer) int { return cmp.Compare(b.LastSeen.UnixNano(), a.LastSeen.UnixNano()) })
	return shown[:min(len(shown), shownPeers)]
}
