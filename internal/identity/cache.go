package identity

import (
	"maps"
	"sync"
	"time"
)

// cacheFor is how long another process that shares the database may still accept a token that was revoked here.
const cacheFor = 10 * time.Second

// cacheSize bounds the memory; when it is reached the cache starts anew.
const cacheSize = 10_000

// entry is a token as it was read from the database.
type entry struct {
	secretHash string
	principal  *Principal
	loaded     time.Time
}

// cache spares the database a query for every request, and collects when tokens were used.
type cache struct {
	mu         sync.Mutex
	entries    map[string]*entry
	used       map[string]time.Time // since the last takeUsed
	generation int                  // how often forget was called
}

func newCache() *cache {
	return &cache{entries: map[string]*entry{}, used: map[string]time.Time{}}
}

// get returns nil when the token must be read from the database; generation belongs into put.
func (c *cache) get(id string, now time.Time) (e *entry, generation int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e = c.entries[id]
	if e != nil && now.Sub(e.loaded) >= cacheFor {
		e = nil
	}
	return e, c.generation
}

// put keeps e unless something was forgotten since it was read: it may be what was revoked.
func (c *cache) put(id string, e *entry, generation int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if generation != c.generation {
		return
	}
	if len(c.entries) >= cacheSize {
		clear(c.entries)
	}
	c.entries[id] = e
}

// forget makes every token be read again. It is called after the database has changed.
func (c *cache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.entries)
	c.generation++
}

func (c *cache) use(id string, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.used[id] = now
}

func (c *cache) lastUsed(id string) (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.used[id]
	return at, ok
}

func (c *cache) takeUsed() map[string]time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	used := maps.Clone(c.used)
	clear(c.used)
	return used
}
