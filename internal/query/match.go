package query

import (
	"kiroku/internal/event"
	"kiroku/internal/lake/segment"
	"kiroku/internal/search"
	"slices"
	"sync"
)

// matcher finds the rows of row groups that match a program. It belongs to one goroutine.
type matcher struct {
	r     *segment.Reader
	texts segment.Texts
	nums  segment.Numbers
	seqs  segment.Numbers
	keys  segment.Lists
	vals  segment.Lists
	ok    []bool
	rows  *segment.Rows   // memory of the rows of a page
	spare []*segment.Rows // memory of the rows of followers
	ev    event.Event
}

func newMatcher(pages *segment.Pages) *matcher { return &matcher{r: segment.NewReader(pages)} }

// matchers keeps the memory of matchers between queries, and the pages that queries ask for again and again.
type matchers struct {
	pool  sync.Pool
	pages *segment.Pages
}

// pageMemory bounds the pages that are kept.
const pageMemory = 32 << 20

func (p *matchers) get() *matcher {
	if m, ok := p.pool.Get().(*matcher); ok {
		m.r.Bytes = 0
		return m
	}
	return newMatcher(p.pages)
}

func (p *matchers) put(m *matcher) { p.pool.Put(m) }

// match returns the rows of g that match n and whose time lies in [from, to).
func (m *matcher) match(g *segment.Group, n *search.Node, from, to int64) (rowset, error) {
	set, err := m.candidates(g, n)
	if err != nil || set.empty() {
		return set, err
	}
	if g.MinTime < from || g.MaxTime >= to {
		if err := m.r.Numbers(g, event.ColTime, &m.nums); err != nil {
			return set, err
		}
		for i, t := range m.nums.Vals {
			if t < from || t >= to {
				set.remove(i)
			}
		}
	}
	return m.eval(g, n, set)
}

// candidates are the rows that the token filters leave over.
func (m *matcher) candidates(g *segment.Group, n *search.Node) (rowset, error) {
	switch n.Op {
	case search.OpAll:
		return fullRowset(g.Rows), nil
	case search.OpNone:
		return newRowset(g.Rows), nil
	}
	blocks, err := m.r.Blocks(g, (&search.Program{Root: n}).MayMatch)
	if len(blocks) == 0 {
		return rowset{rows: g.Rows}, err
	}
	set := newRowset(g.Rows)
	for _, b := range blocks {
		set.addRange(b.First, b.Rows)
	}
	return set, err
}

// eval returns the rows of in that match n. It may change and return in.
func (m *matcher) eval(g *segment.Group, n *search.Node, in rowset) (rowset, error) {
	switch n.Op {
	case search.OpAll:
		return in, nil
	case search.OpNot:
		out, err := m.eval(g, n.Kids[0], in.clone())
		in.andNot(out)
		return in, err
	case search.OpAnd:
		var err error
		for _, k := range n.Kids {
			if in.empty() || err != nil {
				return in, err
			}
			in, err = m.eval(g, k, in)
		}
		return in, err
	case search.OpOr:
		out := newRowset(g.Rows)
		for _, k := range n.Kids {
			hit, err := m.eval(g, k, in.clone())
			if err != nil {
				return hit, err
			}
			out.or(hit)
			in.andNot(hit)
		}
		return out, nil
	case search.OpLeaf:
		return m.leaf(g, n.Leaf, in)
	}
	return newRowset(g.Rows), nil
}

// leaf returns the rows of in for which a value of one of the leaf's columns holds.
func (m *matcher) leaf(g *segment.Group, l *search.Leaf, in rowset) (rowset, error) {
	out := newRowset(g.Rows)
	for _, c := range l.Columns {
		if g.Empty(c) {
			continue
		}
		if err := m.column(g, l, c, in, out); err != nil {
			return out, err
		}
		if l.AllText {
			in.andNot(out)
			if in.empty() {
				break
			}
		}
	}
	return out, nil
}

func (m *matcher) column(g *segment.Group, l *search.Leaf, c event.Column, in, out rowset) error {
	switch c.Kind() {
	case event.String:
		if l.Str == nil && !l.Exists || !g.MayHold(c, false, l.Part) {
			return nil
		}
		if g.HasDict(c) {
			return m.dictColumn(g, l, c, in, out)
		}
		return m.textColumn(g, l, c, in, out)
	case event.StringList:
		return m.listColumn(g, l, c, in, out)
	case event.StringMap:
		return m.mapColumn(g, l, c, in, out)
	default:
		return m.numberColumn(g, l, c, in, out)
	}
}

// dictColumn asks the predicate once for each distinct value.
func (m *matcher) dictColumn(g *segment.Group, l *search.Leaf, c event.Column, in, out rowset) error {
	t := &m.texts
	if err := m.r.Dict(g, c, t); err != nil {
		return err
	}
	if !m.entries(t, l) {
		return nil
	}
	if err := m.r.Codes(g, c, t); err != nil {
		return err
	}
	for i, code := range t.Codes {
		if code != segment.NoCode && m.ok[code] && in.has(i) {
			out.add(i)
		}
	}
	return nil
}

// entries asks the predicate for all entries of t; false when none holds.
func (m *matcher) entries(t *segment.Texts, l *search.Leaf) (any bool) {
	m.ok = slices.Grow(m.ok[:0], t.Len())[:t.Len()]
	if l.Search != nil {
		return m.searchEntries(t, l)
	}
	for i := range m.ok {
		yes := l.Exists || l.Str != nil && l.Str(t.At(uint32(i)))
		any = any || yes
		m.ok[i] = yes
	}
	return any
}

// searchEntries looks through all entries at once and asks the predicate only where it finds something.
func (m *matcher) searchEntries(t *segment.Texts, l *search.Leaf) (any bool) {
	clear(m.ok)
	next := l.Search(event.Bytes(t.All()))
	eachFound(t, l, next, next(0), func(entry int) { m.ok[entry], any = true, true })
	return any
}

// eachFound calls f, rising, for the entries of t for which the predicate of l holds. next is what l.Search gives for the run
// of all entries, p where it finds something first.
func eachFound(t *segment.Texts, l *search.Leaf, next func(from int) int, p int, f func(entry int)) {
	offs := t.Offsets()
	for end := len(t.All()); p >= 0 && p < end; {
		i, found := slices.BinarySearch(offs, uint32(p))
		if !found {
			i--
		}
		for i+1 < len(offs) && offs[i+1] == offs[i] {
			i++ // empty entries begin at the same place
		}
		if l.Str(t.At(uint32(i))) {
			f(i)
		}
		p = next(int(offs[i+1]))
	}
}

func (m *matcher) textColumn(g *segment.Group, l *search.Leaf, c event.Column, in, out rowset) error {
	t := &m.texts
	for _, p := range g.Pages(c) {
		if !in.touches(p.First, p.Rows) {
			continue
		}
		if l.Search != nil {
			if may, err := m.r.PageMayHold(g, c, p.First, l.Part); err != nil {
				return err
			} else if !may {
				continue
			}
			if err := m.searchPage(g, l, c, p.First, in, out); err != nil {
				return err
			}
			continue
		}
		if err := m.r.Texts(g, c, p.First, t); err != nil {
			return err
		}
		for i, code := range t.Codes {
			if row := t.First + i; code != segment.NoCode && in.has(row) && (l.Exists || l.Str(t.At(code))) {
				out.add(row)
			}
		}
	}
	return nil
}

// searchPage looks through the texts of a page as one run, and finds out where each begins only when there is something.
func (m *matcher) searchPage(g *segment.Group, l *search.Leaf, c event.Column, first int, in, out rowset) error {
	t := &m.texts
	if err := m.r.Run(g, c, first, t); err != nil {
		return err
	}
	next := l.Search(event.Bytes(t.All()))
	p := next(0)
	if p < 0 {
		return nil
	}
	if err := m.r.Finish(c, t); err != nil {
		return err
	}
	row := 0
	eachFound(t, l, next, p, func(entry int) {
		for t.Codes[row] != uint32(entry) {
			row++ // texts of a page stand in the order of their rows
		}
		if in.has(t.First + row) {
			out.add(t.First + row)
		}
	})
	return nil
}

// dictHits looks into the dictionary of a list, or of the values of a map, before the rest is decoded.
func (m *matcher) dictHits(g *segment.Group, c event.Column, values bool, l *search.Leaf) (bool, error) {
	if !g.MayHold(c, values, l.Part) {
		return false, nil
	}
	known, err := m.r.NestedDict(g, c, values, &m.texts)
	if err != nil || !known {
		return true, err
	}
	return m.entries(&m.texts, l), nil
}

func (m *matcher) listColumn(g *segment.Group, l *search.Leaf, c event.Column, in, out rowset) error {
	if hit, err := m.dictHits(g, c, false, l); err != nil || !hit {
		return err
	}
	if err := m.r.Lists(g, c, &m.keys); err != nil {
		return err
	}
	if !m.entries(&m.keys.Elems, l) {
		return nil
	}
	in.each(func(row int) {
		for k := m.keys.Starts[row]; k < m.keys.Starts[row+1]; k++ {
			if m.ok[m.keys.Elems.Codes[k]] {
				out.add(row)
				return
			}
		}
	})
	return nil
}

func (m *matcher) mapColumn(g *segment.Group, l *search.Leaf, c event.Column, in, out rowset) error {
	if hit, err := m.dictHits(g, c, true, l); err != nil || !hit {
		return err
	}
	if err := m.r.MapValues(g, c, &m.vals); err != nil {
		return err
	}
	if !m.entries(&m.vals.Elems, l) {
		return nil
	}
	key := segment.NoCode
	if l.MapKey != "" {
		if err := m.r.Lists(g, c, &m.keys); err != nil {
			return err
		}
		for i := range m.keys.Elems.Len() {
			if m.keys.Elems.At(uint32(i)) == l.MapKey {
				key = uint32(i)
			}
		}
		if key == segment.NoCode {
			return nil
		}
	}
	in.each(func(row int) {
		for k := m.vals.Starts[row]; k < m.vals.Starts[row+1]; k++ {
			if m.ok[m.vals.Elems.Codes[k]] && (l.MapKey == "" || m.keyIs(k, key, l.MapKey)) {
				out.add(row)
				return
			}
		}
	})
	return nil
}

// keyIs compares a key by its code; without a dictionary every key is an entry of its own.
func (m *matcher) keyIs(k, code uint32, key string) bool {
	e := &m.keys.Elems
	return e.Codes[k] == code || !e.IsDict && e.At(e.Codes[k]) == key
}

func (m *matcher) numberColumn(g *segment.Group, l *search.Leaf, c event.Column, in, out rowset) error {
	if !l.Exists && l.Int == nil && l.Dbl == nil {
		return nil
	}
	n := &m.nums
	if err := m.r.Numbers(g, c, n); err != nil {
		return err
	}
	for i, v := range n.Vals {
		if n.Have != nil && !n.Have[i] || !in.has(i) {
			continue
		}
		if l.Exists || l.Int != nil && l.Int(v) || l.Dbl != nil && l.Dbl(float(v)) {
			out.add(i)
		}
	}
	return nil
}
