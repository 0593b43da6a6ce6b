package query

import (
	"sync"

	"kiroku/internal/lake/segment"
	"kiroku/internal/lru"
	"kiroku/internal/search"
)

// answers keeps which rows of a group match a search: its page, its histogram, its facets and its count are asked for one
// after the other, and again at the next refresh. Groups never change, and what a search means does not either.
type answers struct {
	mu   sync.Mutex
	rows *lru.Cache[question, rowset]
}

type question struct {
	group  segment.Place
	search string
}

// answerMemory bounds the answers: 8 KiB are the bits of a full group.
const answerMemory = 16 << 20

func newAnswers() *answers { return &answers{rows: lru.New[question, rowset](answerMemory)} }

// get returns a set that is the caller's.
func (a *answers) get(q question) (rowset, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	set, ok := a.rows.Get(q)
	return set.clone(), ok
}

func (a *answers) put(q question, set rowset) {
	if set = set.clone(); set.empty() {
		set.words = nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rows.Put(q, set, 8*len(set.words)+len(q.search))
}

// match returns the rows of the unit that match and whose time is in range. The set is the caller's.
func (c *compiled) match(m *matcher, u *unit) (rowset, error) {
	if u.node.Op == search.OpAll || u.g.MinTime < c.from || u.g.MaxTime >= c.to {
		return m.match(u.g, u.node, c.from, c.to)
	}
	q := question{u.g.Place(), c.search}
	if set, ok := c.answers.get(q); ok {
		return set, nil
	}
	set, err := m.match(u.g, u.node, c.from, c.to)
	if err == nil {
		c.answers.put(q, set)
	}
	return set, err
}
