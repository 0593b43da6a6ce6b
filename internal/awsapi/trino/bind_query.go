package trino

import (
	"strconv"
	"strings"
)

// result is a translated query.
type result struct {
	sql     string
	columns []outCol
}

// outCol is a column of a translated query.
type outCol struct {
	name string // as CloudTrail Lake shows it
	typ  *Type
	sql  string // its name in the translation
}

// outColumn is an item of a select list.
type outColumn struct {
	name  string
	named bool // the name is an alias or a column's, not _col0
	value value
	as    string // its name in the translation
}

// query translates a whole query. outer is what the names of the query around mean.
func (b *binder) query(q *QueryExpr, outer *scope) result {
	b.step(q.Pos)
	if len(q.With) > 0 {
		outer = b.with(q, outer)
	}
	var r result
	switch body := q.Body.(type) {
	case *Select:
		r = b.selectQuery(body, q.OrderBy, outer)
	default:
		r = b.body(body, outer)
		if len(q.OrderBy) > 0 {
			r = b.ordered(r, q.OrderBy, outer)
		} else if q.Limit != nil || q.Offset != nil {
			r.sql = sql("SELECT * FROM (%s) AS %s", r.sql, b.name("t"))
		}
	}
	if q.Limit != nil {
		r.sql += " LIMIT " + b.count(q.Limit)
	}
	if q.Offset != nil {
		r.sql += " OFFSET " + b.count(q.Offset)
	}
	b.checkSize(len(r.sql))
	return r
}

// count is the number of LIMIT or OFFSET.
func (b *binder) count(e Expr) string {
	text := ""
	switch e := e.(type) {
	case *Literal:
		text = strings.ReplaceAll(e.Text, "_", "")
	case *Parameter:
		text = b.parameter(e.Pos)
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		fail(e.pos(), "Write a number from 0 to 9223372036854775807.", "%q is no number of rows", text)
	}
	return strconv.FormatInt(n, 10)
}

// with translates the common table expressions of a query. They are seen as relations without columns of their own: see
// cte.
func (b *binder) with(q *QueryExpr, outer *scope) *scope {
	s := &scope{outer: outer, ctes: map[string]cte{}}
	for _, c := range q.With {
		key := strings.ToLower(c.Name.Name)
		if _, twice := s.ctes[key]; twice {
			fail(c.Name.Pos, "Give each common table expression a name of its own.", "WITH query name %q is given twice", c.Name.Name)
		}
		r := b.query(c.Query, s.queries())
		columns := b.renamed(r.columns, c.Columns, c.Name)
		name := b.name("trino_w")
		b.ctes = append(b.ctes, name+" AS ("+r.sql+")")
		s.ctes[key] = cte{name, columns}
	}
	return s
}

// cte is a translated common table expression.
type cte struct {
	name    string
	columns []outCol
}

// cte finds a common table expression by its name.
func (s *scope) cte(name string) (cte, bool) {
	key := strings.ToLower(name)
	for ; s != nil; s = s.outer {
		if c, ok := s.ctes[key]; ok {
			return c, true
		}
	}
	return cte{}, false
}

// queries is a scope with the common table expressions that can be seen from s and nothing else: they are translated in
// front of the statement, where no column can be seen.
func (s *scope) queries() *scope {
	all := &scope{ctes: map[string]cte{}}
	for ; s != nil; s = s.outer {
		for key, c := range s.ctes {
			if _, hidden := all.ctes[key]; !hidden {
				all.ctes[key] = c
			}
		}
	}
	return all
}

// renamed gives columns the names of an alias's list.
func (b *binder) renamed(columns []outCol, names []Ident, of Ident) []outCol {
	if len(names) == 0 {
		return columns
	}
	if len(names) != len(columns) {
		fail(names[0].Pos, "Name every column.", "%q has %d columns, but %d names are given", of.Name, len(columns), len(names))
	}
	list := make([]outCol, len(columns))
	for i, c := range columns {
		list[i] = outCol{names[i].Name, c.typ, c.sql}
	}
	return list
}

// body translates what makes rows.
func (b *binder) body(body Body, outer *scope) result {
	switch body := body.(type) {
	case *Select:
		return b.selectQuery(body, nil, outer)
	case *SetOp:
		return b.setOp(body, outer)
	case *Values:
		return b.values(body, outer)
	case *QueryExpr:
		return b.query(body, outer)
	}
	panic("BUG: unknown body of a query")
}

func (b *binder) setOp(op *SetOp, outer *scope) result {
	l, r := b.body(op.Left, outer), b.body(op.Right, outer)
	if len(l.columns) != len(r.columns) {
		fail(op.Pos, "Select the same number of columns on both sides.", "%s of %d columns and %d columns", op.Op, len(l.columns), len(r.columns))
	}
	columns := make([]outCol, len(l.columns))
	for i, c := range l.columns {
		t := common(c.typ, r.columns[i].typ)
		if t == nil {
			fail(op.Pos, "Cast one of them, for example CAST(… AS varchar).", "column %d is %s on the left of %s, but %s on the right", i+1, c.typ, op.Op, r.columns[i].typ)
		}
		columns[i] = outCol{c.name, t, b.name("k")}
	}
	all := ""
	if op.All {
		all = " ALL"
	}
	return result{sql("%s %s%s %s", b.side(l, columns), op.Op, all, b.side(r, columns)), columns}
}

// side makes one side of a set operation with the common types.
func (b *binder) side(r result, columns []outCol) string {
	t := b.name("t")
	list := make([]string, len(columns))
	for i, c := range columns {
		v := b.coerce(value{sql: t + "." + r.columns[i].sql, typ: r.columns[i].typ}, c.typ)
		list[i] = v.sql + " AS " + c.sql
	}
	return sql("(SELECT %s FROM (%s) AS %s)", strings.Join(list, ", "), r.sql, t)
}

func (b *binder) values(v *Values, outer *scope) result {
	var rows [][]value
	for _, e := range v.Rows {
		items := []Expr{e}
		if row, ok := e.(*RowExpr); ok {
			items = row.Items
		}
		var values []value
		for _, item := range items {
			values = append(values, b.whole(b.expr(item, &scope{outer: outer, clause: "VALUES"})))
		}
		if len(rows) > 0 && len(values) != len(rows[0]) {
			fail(e.pos(), "Give every row the same number of values.", "row has %d values, the first one has %d", len(values), len(rows[0]))
		}
		rows = append(rows, values)
	}
	r := result{}
	names := make([]string, len(rows[0]))
	for i := range rows[0] {
		r.columns = append(r.columns, outCol{"_col" + strconv.Itoa(i), b.commonOf(column0(rows, i), "VALUES"), b.name("k")})
		names[i] = r.columns[i].sql
	}
	list := make([]string, len(rows))
	for k, values := range rows {
		items := make([]string, len(values))
		for i, v := range values {
			items[i] = b.coerce(v, r.columns[i].typ).sql
		}
		list[k] = "(" + strings.Join(items, ", ") + ")"
	}
	r.sql = sql("SELECT %s FROM (VALUES %s) AS %s(%s)", strings.Join(names, ", "), strings.Join(list, ", "), b.name("t"), strings.Join(names, ", "))
	return r
}

// column0 is the i-th value of every row.
func column0(rows [][]value, i int) []value {
	list := make([]value, len(rows))
	for k := range rows {
		list[k] = rows[k][i]
	}
	return list
}

// ordered sorts a query that is no plain SELECT by its columns.
func (b *binder) ordered(r result, items []SortItem, outer *scope) result {
	t := b.name("t")
	s := &scope{outer: outer, relations: []*relation{queryRelation("", t, r.columns)}, clause: "ORDER BY of a set operation"}
	list := make([]string, len(items))
	for i, item := range items {
		if n, ok := ordinal(item.Expr); ok {
			checkOrdinal(item.Expr, n, len(r.columns))
			list[i] = strconv.Itoa(n) + direction(item)
			continue
		}
		list[i] = b.whole(b.expr(item.Expr, s)).sql + direction(item)
	}
	names := make([]string, len(r.columns))
	for i, c := range r.columns {
		names[i] = t + "." + c.sql
	}
	r.sql = sql("SELECT %s FROM (%s) AS %s ORDER BY %s", strings.Join(names, ", "), r.sql, t, strings.Join(list, ", "))
	return r
}

// queryRelation makes the relation of a translated query.
func queryRelation(alias, table string, columns []outCol) *relation {
	r := &relation{alias: alias}
	for _, c := range columns {
		v := value{sql: table + "." + c.sql, typ: c.typ}
		r.columns = append(r.columns, relColumn{name: c.name, value: func(pos Pos) value {
			v.pos = pos
			return v
		}})
	}
	return r
}

// ordinal reads the number of a column in GROUP BY or ORDER BY.
func ordinal(e Expr) (int, bool) {
	if l, ok := e.(*Literal); ok && l.Kind == "integer" {
		return atoi(l.Text), true
	}
	return 0, false
}

func checkOrdinal(e Expr, n, columns int) {
	if n < 1 || n > columns {
		fail(e.pos(), sql("Use a number from 1 to %d.", columns), "position %d is not in the select list", n)
	}
}

// direction writes how an item is sorted. In Trino null values come last in both directions unless told otherwise.
func direction(s SortItem) string {
	text := " ASC"
	if s.Desc {
		text = " DESC"
	}
	if s.NullsFirst {
		return text + " NULLS FIRST"
	}
	return text + " NULLS LAST"
}
