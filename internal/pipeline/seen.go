package pipeline

import (
	"hash/maphash"
	"sync"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/source"
)

// seen remembers which events were stored, for 12 to 24 hours and at most 2 to 4 million of them (64 MB), since the start
// of the process; those of sources with an identity also from before it, see Pipeline.Remember.
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

// before says whether the event was stored before in the same store, and remembers this one. Which event it is, the source
// says: see source.Source.Identity. An input may ask for several stores: each gets its own.
func (s *seen) before(e *event.Event, rec *event.Record, src *source.Source, store string) bool {
	h, identity := uint64(0), src.Identity
	switch uid := e.GetStr(event.ColMetadataUID); {
	case src.Hashed, identity == nil && uid == "", e.Has(event.ColParseError):
		return false
	case identity == nil:
		h = maphash.String(s.seed, uid) ^ 3*maphash.Bytes(s.seed, rec.Data)
	case e.GetStr(identity[len(identity)-1]) == "":
		h = 7 * maphash.Bytes(s.seed, rec.Data)
	default:
		h = s.of(e, identity)
	}
	return s.put(h^5*maphash.String(s.seed, store), rec.Received)
}

// of is the hash of an event by its columns.
func (s *seen) of(e *event.Event, identity []event.Column) uint64 {
	var m maphash.Hash
	m.SetSeed(s.seed)
	for _, c := range identity {
		_, _ = m.WriteString(e.GetStr(c)) // it never fails
		_ = m.WriteByte(0)
	}
	return m.Sum64()
}

// put adds a hash and says whether it was there.
func (s *seen) put(h uint64, now time.Time) bool {
	sh := &s.shards[h>>60]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.new.has(h) || sh.old.has(h) {
		return true
	}
	if sh.new.n >= seenPerShard || now.Sub(sh.turned) > seenFor {
		sh.new, sh.old, sh.turned = table{}, sh.new, now
	}
	sh.new.add(h)
	return false
}

// recall adds a hash from before the start, unless there are as many as one generation holds.
func (s *seen) recall(h uint64, now time.Time) bool {
	sh := &s.shards[h>>60]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.new.n+sh.old.n >= seenPerShard {
		return false
	}
	if sh.turned.IsZero() {
		sh.turned = now
	}
	if !sh.new.has(h) {
		sh.new.add(h)
	}
	return true
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
