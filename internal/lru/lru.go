package lru

import "container/list"

// Cache is values in the order of their last use. It is not safe for concurrent use.
type Cache[K comparable, V any] struct {
	limit  int // bytes
	bytes  int
	order  *list.List // of entry[K, V], the last used in front
	places map[K]*list.Element
}

type entry[K comparable, V any] struct {
	key   K
	value V
	cost  int
}

// overhead is about what an entry costs beside its value.
const overhead = 256

// New makes an empty cache that holds at most so many bytes.
func New[K comparable, V any](limit int) *Cache[K, V] {
	return &Cache[K, V]{limit: limit, order: list.New(), places: map[K]*list.Element{}}
}

// Get returns the value of key and notes that it was used.
func (c *Cache[K, V]) Get(key K) (value V, ok bool) {
	e := c.places[key]
	if e == nil {
		return value, false
	}
	c.order.MoveToFront(e)
	return e.Value.(entry[K, V]).value, true
}

// Put sets the value of key, which takes about cost bytes, and drops those that were used longest ago if need be.
func (c *Cache[K, V]) Put(key K, value V, cost int) {
	c.Remove(key)
	c.places[key] = c.order.PushFront(entry[K, V]{key, value, cost + overhead})
	for c.bytes += cost + overhead; c.bytes > c.limit; {
		c.Remove(c.order.Back().Value.(entry[K, V]).key)
	}
}

// Remove drops key and says whether it was there.
func (c *Cache[K, V]) Remove(key K) bool {
	e := c.places[key]
	if e == nil {
		return false
	}
	c.bytes -= c.order.Remove(e).(entry[K, V]).cost
	delete(c.places, key)
	return true
}

// Bytes is about how many bytes the values take.
func (c *Cache[K, V]) Bytes() int { return c.bytes }
