package trino

import (
	"strings"
)

// aggregate translates aggregates and window functions.
func (b *binder) aggregate(c *Call, list []signature, s *scope) value {
	if c.Over == nil {
		switch {
		case s.clause != "":
			fail(c.Pos, "Use it in the select list, HAVING or ORDER BY.", "%s cannot contain the aggregate %s", s.clause, c.Name)
		case s.inside != "":
			fail(c.Pos, "Compute the inner one in a derived table.", "%s cannot stand within %s", c.Name, s.inside)
		case len(b.lambdas) > 0:
			fail(c.Pos, "Compute it outside, in a derived table.", "the aggregate %s cannot stand within a lambda", c.Name)
		}
	} else if s.clause != "" {
		fail(c.Pos, "Compute it in a derived table.", "%s cannot contain the window function %s", s.clause, c.Name)
	}
	// Within an aggregate any column may be used, and no other aggregate.
	inner := *s
	if c.Over == nil {
		inner.inside = c.Name
		if s.group != nil {
			inner.group = &grouped{keys: s.group.keys, free: true}
		}
	}
	args := b.args(c.Args, &inner)
	if c.Star && c.Name != "count" {
		fail(c.Pos, "Name what it shall count.", "%s(*) is not a function", c.Name)
	}
	m := b.modifier(c, &inner, s)
	sig, bs := b.choose(c, list, args)
	if strings.Contains(sig.template, "[DISTINCT ") {
		m.distinct = false
	}
	return b.sized(b.apply(c, sig, bs, args, &inner, m.write))
}

// modifier is what stands within and behind the brackets of an aggregate.
type modifier struct {
	distinct bool
	orderBy  string
	filter   string
	nulls    string
	over     string
}

func (m *modifier) write(name, args string) string {
	distinct := ""
	if m.distinct {
		distinct = "DISTINCT "
	}
	return name + "(" + distinct + args + m.nulls + m.orderBy + ")" + m.filter + m.over
}

func (b *binder) modifier(c *Call, inner, s *scope) *modifier {
	m := &modifier{distinct: c.Distinct}
	order := c.OrderBy
	if c.WithinGroup != nil {
		order = c.WithinGroup
	}
	if len(order) > 0 {
		m.orderBy = " ORDER BY " + b.sortItems(order, inner)
	}
	if c.Filter != nil {
		m.filter = " FILTER (WHERE " + b.condition(c.Filter, inner, "FILTER") + ")"
	}
	if c.IgnoreNulls {
		m.nulls = " IGNORE NULLS"
	}
	if c.Over != nil {
		m.over = " OVER (" + b.window(c.Over, s) + ")"
	}
	return m
}

func (b *binder) sortItems(items []SortItem, s *scope) string {
	list := make([]string, len(items))
	for i, item := range items {
		list[i] = b.whole(b.expr(item.Expr, s)).sql + direction(item)
	}
	return strings.Join(list, ", ")
}

// window translates what stands within OVER (…).
func (b *binder) window(w *Window, s *scope) string {
	if w.Base != nil {
		w = w.merge(s)
	}
	var parts []string
	if len(w.Partition) > 0 {
		list := make([]string, len(w.Partition))
		for i, e := range w.Partition {
			list[i] = b.whole(b.expr(e, s)).sql
		}
		parts = append(parts, "PARTITION BY "+strings.Join(list, ", "))
	}
	if len(w.OrderBy) > 0 {
		parts = append(parts, "ORDER BY "+b.sortItems(w.OrderBy, s))
	}
	if f := w.Frame; f != nil {
		parts = append(parts, sql("%s BETWEEN %s AND %s", f.Unit, b.bound(f.Start, s), b.bound(f.End, s)))
	}
	return strings.Join(parts, " ")
}

// merge puts the window of the WINDOW clause that w names into it.
func (w *Window) merge(s *scope) *Window {
	for _, named := range s.windows {
		if !strings.EqualFold(named.Name.Name, w.Base.Name) {
			continue
		}
		base := named.Window
		if base.Base != nil {
			fail(base.Base.Pos, "Write that window out.", "a named window cannot be made of another one")
		}
		out := &Window{Pos: w.Pos, Partition: base.Partition, OrderBy: base.OrderBy, Frame: base.Frame}
		if w.Partition != nil {
			fail(w.Pos, "Leave PARTITION BY to the named window.", "PARTITION BY of window %q is given twice", w.Base.Name)
		}
		if w.OrderBy != nil {
			out.OrderBy = w.OrderBy
		}
		if w.Frame != nil {
			out.Frame = w.Frame
		}
		return out
	}
	fail(w.Base.Pos, "Name a window of the WINDOW clause.", "window %q cannot be resolved", w.Base.Name)
	return nil
}

func (b *binder) bound(bd Bound, s *scope) string {
	if bd.X == nil {
		return bd.Kind
	}
	v := b.whole(b.expr(bd.X, s))
	if !v.typ.isNumber() && v.typ.Kind != IntervalDay && v.typ.Kind != IntervalYear {
		fail(v.pos, "Give a number of rows, or an interval.", "a frame cannot be bounded by %s", v.typ)
	}
	return v.sql + " " + bd.Kind
}
