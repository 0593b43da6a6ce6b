package syslog

import (
	"sync"
	"sync/atomic"

	"kiroku/internal/event"
)

// block is a piece of memory that bytes are received into. Its reader and every batch whose records point into it hold
// it; when the last one lets go it returns to its pool.
type block struct {
	buf  []byte
	refs atomic.Int32
	home *sync.Pool
}

func (b *block) hold() { b.refs.Add(1) }

func (b *block) letGo() {
	if b.refs.Add(-1) == 0 {
		b.home.Put(b)
	}
}

// alone says that nobody but the caller holds the block, so that it can be filled again from its front.
func (b *block) alone() bool { return b.refs.Load() == 1 }

// blockSizes are the sizes of blocks. A connection begins with the smallest, so that many quiet ones cost little, and
// moves up while its reads fill what they are given.
var blockSizes = [...]int{4 << 10, 32 << 10, 256 << 10}

// blocks are the pools of one input. The largest size holds at least two frames of the input's limit.
type blocks struct {
	sizes   []int
	pools   []sync.Pool
	parcels sync.Pool
}

func newBlocks(limit int) *blocks {
	b := &blocks{sizes: append([]int(nil), blockSizes[:]...)}
	largest := &b.sizes[len(b.sizes)-1]
	*largest = max(*largest, 2*(limit+framingSlack))
	b.pools = make([]sync.Pool, len(b.sizes))
	return b
}

func (b *blocks) largest() int { return b.sizes[len(b.sizes)-1] }

// get returns a block of at least size bytes, or of the largest size.
func (b *blocks) get(size int) *block {
	class := 0
	for class < len(b.sizes)-1 && b.sizes[class] < size {
		class++
	}
	blk, ok := b.pools[class].Get().(*block)
	if !ok {
		blk = &block{buf: make([]byte, b.sizes[class]), home: &b.pools[class]}
	}
	blk.refs.Store(1)
	return blk
}

// parcel is what a batch needs until it is released. It is used again, so that a batch costs no allocation.
type parcel struct {
	records []event.Record
	block   *block
	weight  int64 // bytes of the input's queue that it takes
	input   *Input
	release func()
}

// pack begins a batch whose records will point into blk.
func (in *Input) pack(blk *block) *parcel {
	p, ok := in.blocks.parcels.Get().(*parcel)
	if !ok {
		p = &parcel{input: in}
		p.release = p.unpack
	}
	p.block, p.weight = blk, 0
	blk.hold()
	return p
}

func (p *parcel) batch() event.Batch { return event.Batch{Records: p.records, Release: p.release} }

// unpack is the Release of the parcel's batch.
func (p *parcel) unpack() {
	if p.weight > 0 {
		p.input.queue.Release(p.weight)
	}
	p.block.letGo()
	p.records, p.block = p.records[:0], nil
	p.input.blocks.parcels.Put(p)
}
