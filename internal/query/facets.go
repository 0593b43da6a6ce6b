package query

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"kiroku/internal/fault"
	"kiroku/internal/search"
)

const (
	defaultTop = 10
	maxTop     = 1000
	maxFacets  = 50
)

// Facets returns the most frequent values of fields among the matching events.
func (q *Queries) Facets(ctx context.Context, req Request, fields []string, top int) ([]Facet, error) {
	if top == 0 {
		top = defaultTop
	}
	if top < 0 || top > maxTop || len(fields) == 0 || len(fields) > maxFacets {
		return nil, fault.New(fault.Invalid, fmt.Errorf("%d facets with %d values are not possible", len(fields), top),
			fmt.Sprintf("Ask for 1 to %d fields and at most %d values.", maxFacets, maxTop))
	}
	c, err := q.compile(&req)
	if err != nil {
		return nil, err
	}
	targets := make([]search.Target, len(fields))
	for i, f := range fields {
		if targets[i], err = q.target(&req, f); err != nil {
			return nil, err
		}
	}
	us, release, err := q.units(ctx, &req, c)
	if err != nil {
		return nil, err
	}
	defer release()
	all := make([][]*counter, workers())
	for w := range all {
		for _, t := range targets {
			all[w] = append(all[w], newCounter(t))
		}
	}
	var scanned Scanned
	err = q.eachUnit(ctx, us, &scanned, func(w int, m *matcher, u *unit) error {
		set, err := c.match(m, u)
		if err != nil || set.empty() {
			return err
		}
		for _, k := range all[w] {
			if err := k.count(m, u.g, set); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := make([]Facet, len(fields))
	for i := range fields {
		sum := all[0][i]
		for _, w := range all[1:] {
			sum.merge(w[i])
		}
		out[i] = sum.facet(fields[i], top)
	}
	return out, nil
}

func (c *counter) facet(field string, top int) Facet {
	f := Facet{Field: field, Other: c.other, None: c.none, Values: []FacetValue{}}
	for v, n := range c.counts {
		f.Values = append(f.Values, FacetValue{v, *n})
	}
	slices.SortFunc(f.Values, func(a, b FacetValue) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
	})
	if len(f.Values) > top {
		for _, v := range f.Values[top:] {
			f.Other += v.Count
		}
		f.Values = f.Values[:top]
	}
	return f
}

// sampleGroups is how many row groups, the newest, the field catalogue looks at.
const sampleGroups = 8

// Fields describes the fields that the newest of the matching events have.
func (q *Queries) Fields(ctx context.Context, req Request) ([]FieldInfo, error) {
	c, err := q.compile(&req)
	if err != nil {
		return nil, err
	}
	us, release, err := q.units(ctx, &req, c)
	if err != nil {
		return nil, err
	}
	defer release()
	began := time.Now()
	cat := newCatalogue()
	m := newMatcher(q.matchers.pages)
	for i := range us {
		if i == sampleGroups || time.Since(began) > 2*time.Second {
			break
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		set, err := c.match(m, &us[i])
		if err != nil {
			return nil, err
		}
		if err := cat.add(m, us[i].g, set); err != nil {
			return nil, err
		}
	}
	return cat.fields(q.fields), nil
}
