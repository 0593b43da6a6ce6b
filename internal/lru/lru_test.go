package lru

import (
	"testing"

	"pgregory.net/rapid"
)

// Whatever is done, the bytes stay below the limit, and what is dropped was used longest ago.
func TestCache(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 5000).Draw(t, "limit")
		c := New[int, int](limit)
		var order []int // the last used at the end
		cost := map[int]int{}
		drop := func(k int) {
			for i, o := range order {
				if o == k {
					order = append(order[:i:i], order[i+1:]...)
				}
			}
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			k := rapid.IntRange(0, 9).Draw(t, "key")
			switch rapid.IntRange(0, 2).Draw(t, "step") {
			case 0:
				n := rapid.IntRange(0, 2000).Draw(t, "cost")
				c.Put(k, n, n)
				drop(k)
				order, cost[k] = append(order, k), n
			case 1:
				if v, ok := c.Get(k); ok {
					if v != cost[k] {
						t.Fatalf("value of %d is %d, want %d", k, v, cost[k])
					}
					drop(k)
					order = append(order, k)
				}
			case 2:
				c.Remove(k)
				drop(k)
			}
			sum := 0
			for _, o := range order {
				sum += cost[o] + overhead
			}
			for sum > limit {
				sum -= cost[order[0]] + overhead
				order = order[1:]
			}
			if c.Bytes() != sum || len(c.places) != len(order) {
				t.Fatalf("%d bytes of %d values, want %d of %d", c.Bytes(), len(c.places), sum, len(order))
			}
			for _, o := range order {
				if c.places[o] == nil {
					t.Fatalf("%d was dropped before what was used longer ago", o)
				}
			}
		}
	})
}
