package query

import (
	"cmp"
	"slices"
	"strings"

	"kiroku/internal/event"
	"kiroku/internal/lake/segment"
	"kiroku/internal/search"
)

const (
	maxExamples = 5
	maxKeys     = 2000 // keys of unmapped in the catalogue
)

// catalogue collects what fields events have.
type catalogue struct {
	events  int64
	columns [event.NumColumns]fieldSample
	keys    map[string]*fieldSample
}

// fieldSample is what the sample tells of one field.
type fieldSample struct {
	have     int64
	examples []string
}

func newCatalogue() *catalogue { return &catalogue{keys: map[string]*fieldSample{}} }

func (s *fieldSample) add(v string) {
	if v != "" && len(s.examples) < maxExamples && !slices.Contains(s.examples, v) {
		s.examples = append(s.examples, strings.Clone(v[:min(len(v), 200)]))
	}
}

// add looks at the rows of set.
func (c *catalogue) add(m *matcher, g *segment.Group, set rowset) error {
	n := set.count()
	if n == 0 {
		return nil
	}
	c.events += int64(n)
	for _, col := range allColumns {
		if g.Empty(col) || col == event.ColUnmapped || col == event.ColRawData {
			continue
		}
		k := newCounter(search.Target{Columns: []event.Column{col}})
		if col == event.ColEventUID || col == event.ColMessage || col == event.ColMetadataUID {
			if err := c.firstRows(m, g, col, set); err != nil {
				return err
			}
			continue
		}
		if err := k.count(m, g, set); err != nil {
			return err
		}
		c.columns[col].have += int64(n) - k.none
		for _, v := range k.facet("", maxExamples).Values {
			c.columns[col].add(v.Value)
		}
	}
	return c.addKeys(m, g, set)
}

// firstRows takes examples of a column of unique texts from its first page.
func (c *catalogue) firstRows(m *matcher, g *segment.Group, col event.Column, set rowset) error {
	if err := m.r.Texts(g, col, 0, &m.texts); err != nil {
		return err
	}
	t, s := &m.texts, &c.columns[col]
	have := 0
	for i, code := range t.Codes {
		if code == segment.NoCode {
			continue
		}
		have++
		if set.has(t.First + i) {
			s.add(t.At(code))
		}
	}
	s.have += int64(set.count()) * int64(have) / int64(max(1, len(t.Codes)))
	return nil
}

func (c *catalogue) addKeys(m *matcher, g *segment.Group, set rowset) error {
	if g.Empty(event.ColUnmapped) {
		return nil
	}
	if err := m.r.Lists(g, event.ColUnmapped, &m.keys); err != nil {
		return err
	}
	if err := m.r.MapValues(g, event.ColUnmapped, &m.vals); err != nil {
		return err
	}
	keys, vals := &m.keys.Elems, &m.vals.Elems
	set.each(func(row int) {
		for k := m.keys.Starts[row]; k < m.keys.Starts[row+1]; k++ {
			key := keys.At(keys.Codes[k])
			s := c.keys[key]
			if s == nil {
				if len(c.keys) >= maxKeys {
					continue
				}
				s = &fieldSample{}
				c.keys[strings.Clone(key)] = s
			}
			s.have++
			s.add(vals.At(vals.Codes[k]))
		}
	})
	return nil
}

// fields lists the columns in the order of the table, those without a value too, then the keys of unmapped by share.
func (c *catalogue) fields(names *search.Fields) []FieldInfo {
	share := func(n int64) float64 { return float64(n) / float64(max(1, c.events)) }
	var out []FieldInfo
	for _, col := range allColumns {
		info, s := col.Info(), &c.columns[col]
		out = append(out, FieldInfo{Name: info.Name, Type: info.Kind.String(), Path: info.Path, Doc: info.Doc,
			Aliases: names.Aliases(col), Examples: s.examples, Share: share(s.have)})
	}
	var keys []FieldInfo
	for k, s := range c.keys {
		keys = append(keys, FieldInfo{Name: "unmapped." + k, Type: "string", Aliases: []string{k}, Examples: s.examples, Share: share(s.have)})
	}
	slices.SortFunc(keys, func(a, b FieldInfo) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(a.Name, b.Name))
	})
	return append(out, keys...)
}
