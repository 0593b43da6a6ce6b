package pipeline

import (
	"hash/maphash"
	"sync"
	"time"

	"kiroku/internal/event"
)

// seen remembers which records with an id of their own were stored, for 12 to 24 hours and at most 2 to 4 million of
// them (64 MB), since the start of the process.
type seen struct {
	seed   maphash.Seed
	shards [16]seenShard
}

type seenShard struct {
	mu       sync.Mutex
	new, old table
	turned   time.Time
}

const (
	seenFor      = 12 * time.Hour
	seenPerShard = 1 << 17 // of one generation
)

func newSeen() *seen { return &seen{seed: maphash.MakeSeed()} }

// before says whether a record with the same id and the same bytes was here before for the same store, and remembers this
// one. An input may ask for several stores: each gets its own.
func (s *seen) before(e *event.Event, rec *event.Record) bool {
	uid := e.GetStr(event.ColMetadataUID)
	if uid == "" {
		return false
	}
	h := maphash.String(s.seed, uid) ^ 3*maphash.Bytes(s.seed, rec.Data) ^ 5*maphash.String(s.seed, rec.From().Store)
	sh := &s.shards[h>>60]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.new.has(h) || sh.old.has(h) {
		return true
	}
	if now := rec.Received; sh.new.n >= seenPerShard || now.Sub(sh.turned) > seenFor {
		sh.new, sh.old, sh.turned = table{}, sh.new, now
	}
	sh.new.add(h)
	return false
}

// table is a set of hashes.
type table struct {
	slots []uint64
	n     int
}

func (t *table) has(h uint64) bool {
	if t.n == 0 {
		return false
	}
	mask := uint64(len(t.slots) - 1)
	for i := h & mask; t.slots[i] != 0; i = (i + 1) & mask {
		if t.slots[i] == h {
			return true
		}
	}
	return false
}

func (t *table) add(h uint64) {
	if h == 0 {
		return // never a duplicate, which is safe
	}
	if 4*(t.n+1) > 3*len(t.slots) {
		old := t.slots
		t.slots, t.n = make([]uint64, max(256, 2*len(old))), 0
		for _, v := range old {
			if v != 0 {
				t.add(v)
			}
		}
	}
	mask := uint64(len(t.slots) - 1)
	i := h & mask
	for t.slots[i] != 0 {
		i = (i + 1) & mask
	}
	t.slots[i] = h
	t.n++
}
