package trino

import (
	"strconv"
	"strings"
)

// selectQuery translates a SELECT together with the ORDER BY of its query, which sees its tables.
func (b *binder) selectQuery(sel *Select, orderBy []SortItem, outer *scope) result {
	b.step(sel.Pos)
	s := &scope{outer: outer, windows: sel.Windows}
	var text strings.Builder
	from := ""
	if len(sel.From) > 0 {
		from = " FROM " + b.from(sel.From, s)
	}
	where := ""
	if sel.Where != nil {
		s.clause = "WHERE"
		where = " WHERE " + b.condition(sel.Where, s, "WHERE")
		s.clause = ""
	}
	groupBy := b.groupBy(sel, orderBy, s)
	items := b.selectItems(sel, s)
	having := ""
	if sel.Having != nil {
		having = " HAVING " + b.condition(sel.Having, s, "HAVING")
	}
	sorted := b.selectOrder(sel, orderBy, items, s)

	text.WriteString("SELECT ")
	if sel.Distinct {
		text.WriteString("DISTINCT ")
	}
	r := result{}
	for i, item := range items {
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteString(item.value.sql + " AS " + item.as)
		r.columns = append(r.columns, outCol{item.name, item.value.typ, item.as})
	}
	text.WriteString(from + where + groupBy + having + sorted)
	r.sql = text.String()
	return r
}

// condition translates a boolean expression.
func (b *binder) condition(e Expr, s *scope, clause string) string {
	v := b.expr(e, s)
	if v.typ.Kind != Boolean && v.typ.Kind != Unknown {
		fail(v.pos, "Compare it with something.", "%s must be a boolean, but it is %s", clause, v.typ)
	}
	return b.coerce(v, typeBoolean).sql
}

// selectItems translates the select list.
func (b *binder) selectItems(sel *Select, s *scope) []outColumn {
	var items []outColumn
	for _, item := range sel.Items {
		if item.Expr == nil {
			items = b.star(item, s, items)
			continue
		}
		out := outColumn{value: b.whole(b.expr(item.Expr, s)), as: b.name("k")}
		out.name, out.named = resultName(item, len(items))
		items = append(items, out)
	}
	return items
}

// resultName names a column: the alias, else the last name of a path as typed, else _col and its position from 0.
func resultName(item SelectItem, position int) (name string, named bool) {
	if item.Alias != nil {
		return item.Alias.Name, true
	}
	switch e := item.Expr.(type) {
	case *Ident:
		return e.Name, true
	case *Field:
		return e.Name.Name, true
	}
	return "_col" + strconv.Itoa(position), false
}

// star adds the columns of * or table.*.
func (b *binder) star(item SelectItem, s *scope, items []outColumn) []outColumn {
	if len(s.relations) == 0 {
		fail(item.Pos, "Select FROM an event data store.", "SELECT * without FROM")
	}
	if len(item.Star) > 1 {
		fail(item.Pos, "Name the fields one by one.", "only the columns of a table can be selected with .*")
	}
	found := false
	add := func(c relColumn) {
		v := b.whole(s.use(b, c, Ident{item.Pos, c.name}))
		items = append(items, outColumn{c.name, true, v, b.name("k")})
	}
	if len(item.Star) == 0 {
		for _, c := range s.merged {
			add(c)
		}
	}
	for _, r := range s.relations {
		if len(item.Star) == 1 && !strings.EqualFold(r.alias, item.Star[0].Name) {
			continue
		}
		found = true
		for _, c := range r.columns {
			if len(item.Star) == 1 || !c.using {
				add(c)
			}
		}
	}
	if !found {
		fail(item.Pos, "Use the alias of a table of FROM.", "table %q cannot be resolved", item.Star[0].Name)
	}
	return items
}

// groupBy translates GROUP BY. Afterwards s refuses columns that are neither keys nor within an aggregate, if the SELECT
// groups at all.
func (b *binder) groupBy(sel *Select, orderBy []SortItem, s *scope) string {
	g := &grouped{keys: map[string]bool{}}
	s.clause = "GROUP BY"
	var parts []string
	for _, grouping := range sel.GroupBy {
		sets := make([]string, len(grouping.Sets))
		for i, set := range grouping.Sets {
			keys := make([]string, len(set))
			for k, e := range set {
				keys[k] = b.groupKey(e, sel, s)
				g.keys[keys[k]] = true
			}
			sets[i] = strings.Join(keys, ", ")
			if grouping.Kind != GroupPlain {
				sets[i] = "(" + sets[i] + ")"
			}
		}
		kind := []string{"", "GROUPING SETS ", "CUBE ", "ROLLUP "}[grouping.Kind]
		list := strings.Join(sets, ", ")
		if grouping.Kind != GroupPlain {
			list = "(" + list + ")"
		}
		parts = append(parts, kind+list)
	}
	s.clause = ""
	if len(parts) == 0 {
		if aggregates(sel, orderBy) {
			s.group = g
		}
		return ""
	}
	s.group = g
	return " GROUP BY " + strings.Join(parts, ", ")
}

func (b *binder) groupKey(e Expr, sel *Select, s *scope) string {
	if n, ok := ordinal(e); ok {
		checkOrdinal(e, n, len(sel.Items))
		item := sel.Items[n-1]
		for _, before := range sel.Items[:n] {
			if before.Expr == nil {
				fail(e.pos(), "Name the column itself.", "position %d counts the columns of *", n)
			}
		}
		e = item.Expr
	}
	v := b.whole(b.expr(e, s))
	if strings.Trim(v.sql, "-()0123456789") == "" {
		return sql("CAST(%s AS %s)", v.sql, v.typ.duck()) // a bare number would be a position
	}
	return v.sql
}

// aggregates says whether a SELECT without GROUP BY makes one row of all.
func aggregates(sel *Select, orderBy []SortItem) bool {
	if sel.Having != nil {
		return true
	}
	found := false
	look := func(e Expr) {
		walk(e, func(e Expr) bool {
			if c, ok := e.(*Call); ok && c.Over == nil && isAggregate(c.Name) {
				found = true
			}
			return !found
		})
	}
	for _, item := range sel.Items {
		look(item.Expr)
	}
	for _, item := range orderBy {
		look(item.Expr)
	}
	return found
}

// selectOrder translates ORDER BY of a SELECT: positions, names of the select list, or expressions over its tables.
func (b *binder) selectOrder(sel *Select, orderBy []SortItem, items []outColumn, s *scope) string {
	if len(orderBy) == 0 {
		return ""
	}
	inner := *s
	inner.aliases = items
	list := make([]string, len(orderBy))
	for i, item := range orderBy {
		if n, ok := ordinal(item.Expr); ok {
			checkOrdinal(item.Expr, n, len(items))
			list[i] = strconv.Itoa(n) + direction(item)
			continue
		}
		v := b.whole(b.expr(item.Expr, &inner))
		at := -1
		for k := range items {
			if items[k].value.sql == v.sql {
				at = k
				break
			}
		}
		switch {
		case at >= 0:
			list[i] = strconv.Itoa(at+1) + direction(item)
		case sel.Distinct:
			fail(v.pos, "Add it to the select list.", "for SELECT DISTINCT, ORDER BY expressions must appear in the select list")
		default:
			list[i] = "(" + v.sql + ")" + direction(item)
		}
	}
	return " ORDER BY " + strings.Join(list, ", ")
}
