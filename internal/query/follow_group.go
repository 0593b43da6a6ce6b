package query

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/lake/segment"
)

// The memory of what followers have decoded.
const (
	groupCacheBytes = 64 << 20
	groupCacheAge   = 10 * time.Second // since it was last used
	groupCacheEntry = 4 << 10          // of an entry without anything
)

// groupCache keeps what was decoded of row groups, for the next calls of followers and for others at about the same place.
type groupCache struct {
	mu     sync.Mutex
	groups map[*segment.Group]*cachedGroup
	bytes  int
	swept  time.Time
}

// cachedGroup is one row group as followers see it.
type cachedGroup struct {
	g     *segment.Group
	bytes int       // as the cache has counted it; guarded by groupCache.mu
	used  time.Time // guarded by groupCache.mu

	mu      sync.Mutex // held while something is decoded
	order   *seqOrder
	matches map[string]*matched // by Follower.key
	rows    *segment.Rows
}

// get returns the entry of a group.
func (c *groupCache) get(g *segment.Group) *cachedGroup {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.groups == nil {
		c.groups = map[*segment.Group]*cachedGroup{}
	}
	cg := c.groups[g]
	if cg == nil {
		cg = &cachedGroup{g: g, matches: map[string]*matched{}}
		c.groups[g] = cg
	}
	cg.used = time.Now()
	return cg
}

// settle counts what an entry has become, and lets go of the ones that were not used for longest when it is too much. Who
// still has one keeps it.
func (c *groupCache) settle(cg *cachedGroup) {
	cg.mu.Lock()
	n := cg.memory()
	cg.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.groups[cg.g] == cg {
		c.bytes += n - cg.bytes
		cg.bytes = n
	}
	for c.bytes > groupCacheBytes {
		var old *cachedGroup
		for _, o := range c.groups {
			if old == nil || o.used.Before(old.used) {
				old = o
			}
		}
		c.drop(old)
	}
	c.sweepLocked(time.Now())
}

// sweep lets go of what was not used for a while.
func (c *groupCache) sweep() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sweepLocked(time.Now())
}

func (c *groupCache) sweepLocked(now time.Time) {
	if now.Sub(c.swept) < groupCacheAge/4 {
		return
	}
	c.swept = now
	for _, o := range c.groups {
		if now.Sub(o.used) > groupCacheAge {
			c.drop(o)
		}
	}
}

func (c *groupCache) drop(cg *cachedGroup) {
	c.bytes -= cg.bytes
	delete(c.groups, cg.g)
}

func (cg *cachedGroup) memory() int {
	n := groupCacheEntry
	if cg.order != nil {
		n += 8*cap(cg.order.seqs) + 4*cap(cg.order.rows)
	}
	for key, m := range cg.matches {
		n += len(key) + 4*cap(m.rows)
	}
	if cg.rows != nil {
		n += cg.rows.Memory()
	}
	return n
}

// seqOrder is the sequence numbers of a group's rows.
type seqOrder struct {
	n     int
	first int64
	seqs  []int64 // by row; nil: row i has first+i
	rows  []int32 // rows by rising number; nil: they rise
}

func newSeqOrder(seqs []int64) *seqOrder {
	o := &seqOrder{n: len(seqs)}
	if o.n > 0 {
		o.first = seqs[0]
	}
	rising, runs := true, true
	for i := 1; i < len(seqs); i++ {
		rising = rising && seqs[i] > seqs[i-1]
		runs = runs && seqs[i] == seqs[i-1]+1
	}
	if runs {
		return o
	}
	o.seqs = seqs
	if !rising {
		o.rows = make([]int32, len(seqs))
		for i := range o.rows {
			o.rows[i] = int32(i)
		}
		slices.SortFunc(o.rows, func(a, b int32) int { return cmp.Compare(seqs[a], seqs[b]) })
	}
	return o
}

// seq is the number of a row.
func (o *seqOrder) seq(row int32) int64 {
	if o.seqs == nil {
		return o.first + int64(row)
	}
	return o.seqs[row]
}

// row is the i-th row by rising number.
func (o *seqOrder) row(i int) int32 {
	if o.rows == nil {
		return int32(i)
	}
	return o.rows[i]
}

// upTo is how many rows have a number up to last.
func (o *seqOrder) upTo(last int64) int {
	if o.seqs == nil {
		return int(min(max(last-o.first+1, 0), int64(o.n)))
	}
	lo, hi := 0, o.n
	for lo < hi {
		if mid := (lo + hi) / 2; o.seqs[o.row(mid)] <= last {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// matched is the rows of a group that a follower gives, by rising number.
type matched struct {
	all  bool
	rows []int32
}

// sequence returns the numbers of the group's rows.
func (cg *cachedGroup) sequence(m *matcher) (*seqOrder, error) {
	cg.mu.Lock()
	defer cg.mu.Unlock()
	return cg.sequenceLocked(m)
}

func (cg *cachedGroup) sequenceLocked(m *matcher) (*seqOrder, error) {
	if cg.order != nil {
		return cg.order, nil
	}
	seqs, err := m.r.Seqs(cg.g, nil)
	if err == nil {
		cg.order = newSeqOrder(seqs)
	}
	return cg.order, err
}

// matching returns the rows that f gives.
func (cg *cachedGroup) matching(m *matcher, f *Follower) (*matched, error) {
	cg.mu.Lock()
	defer cg.mu.Unlock()
	if found := cg.matches[f.key]; found != nil {
		return found, nil
	}
	set, err := f.match(m, cg.g)
	if err != nil {
		return nil, err
	}
	found := &matched{}
	switch n := set.count(); {
	case n == cg.g.Rows:
		found.all = true
	case n > 0:
		o, err := cg.sequenceLocked(m)
		if err != nil {
			return nil, err
		}
		found.rows = make([]int32, 0, n)
		if o.rows == nil {
			set.each(func(row int) { found.rows = append(found.rows, int32(row)) })
			break
		}
		for _, row := range o.rows {
			if set.has(int(row)) {
				found.rows = append(found.rows, row)
			}
		}
	}
	cg.matches[f.key] = found
	return found, nil
}

// decode reads columns of rows for everybody.
func (cg *cachedGroup) decode(m *matcher, rows []int32, cols []event.Column) (*segment.Rows, error) {
	cg.mu.Lock()
	defer cg.mu.Unlock()
	if cg.rows == nil {
		cg.rows = m.r.Rows(cg.g)
	}
	return cg.rows, cg.rows.Decode(m.r, rows, cols)
}
