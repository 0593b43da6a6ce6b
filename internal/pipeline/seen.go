package pipeline

import (
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/source"
)

// seen remembers which events were stored, for 12 to 24 hours and at most 2 to 4 million of them (64 MB), since the start
// of the process; those of sources with an identity also from before it, see Pipeline.Remember.
type seen struct {
	seed    maphash.Seed
	mu      sync.Mutex
	shards  [16]seenShard // so that none is long in growing
	fetched uint64
}

type seenShard struct {
	new, old table
	turned   time.Time
}

const (
	seenFor      = 12 * time.Hour
	seenPerShard = 1 << 17 // of one generation
)

func newSeen() *seen { return &seen{seed: maphash.MakeSeed()} }

// key is the hash of an event, or 0 when it is not recognised. Which event it is, the source says: see
// source.Source.Identity.
func (s *seen) key(e *event.Event, rec *event.Record, src *source.Source) uint64 {
	identity := src.Identity
	switch uid := e.GetStr(event.ColMetadataUID); {
	case src.Hashed, identity == nil && uid == "", e.Has(event.ColParseError):
		return 0
	case identity == nil:
		return maphash.String(s.seed, uid) ^ 3*maphash.Bytes(s.seed, rec.Data)
	case e.GetStr(identity[len(identity)-1]) == "":
		return 7 * maphash.Bytes(s.seed, rec.Data)
	}
	return s.of(e, identity)
}

// in is the hash of an event in a store: an input may ask for several, and each gets its own.
func (s *seen) in(store string, key uint64) uint64 {
	if key == 0 {
		return 0
	}
	return key ^ 5*maphash.String(s.seed, store)
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

// drop takes the copies away that were stored before in the same store, and remembers the others. Those that come together
// cost less: the memory of all their places is waited for at once.
func (s *seen) drop(copies []placed, now time.Time) []placed {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range copies {
		sh := &s.shards[copies[i].hash>>60]
		s.fetched += sh.new.at(copies[i].hash) + sh.old.at(copies[i].hash)
	}
	return slices.DeleteFunc(copies, func(c placed) bool { return s.put(c.hash, now) })
}

// put adds a hash and says whether it was there. 0 never is.
func (s *seen) put(h uint64, now time.Time) bool {
	if h == 0 {
		return false
	}
	sh := &s.shards[h>>60]
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
	s.mu.Lock()
	defer s.mu.Unlock()
	sh := &s.shards[h>>60]
	if sh.new.n+sh.old.n >= seenPerShard {
		return false
	}
	if sh.turned.IsZero() {
		sh.turned = now
	}
	if h != 0 && !sh.new.has(h) {
		sh.new.add(h)
	}
	return true
}

// table is a set of hashes.
type table struct {
	slots []uint64
	n     int
}

// at is what stands where h would.
func (t *table) at(h uint64) uint64 {
	if t.n == 0 {
		return 0
	}
	return t.slots[h&uint64(len(t.slots)-1)]
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
