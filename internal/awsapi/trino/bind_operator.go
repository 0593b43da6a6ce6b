package trino

import (
	"strings"
)

// operator translates what stands between or around expressions.
func (b *binder) operator(e Expr, s *scope) value {
	truth := func(text string) value { return value{sql: text, typ: typeBoolean, pos: e.pos()} }
	sub := func(e Expr) value { return b.whole(b.expr(e, s)) }
	switch e := e.(type) {
	case *Unary:
		return b.unary(e, s)
	case *Binary:
		l, r := sub(e.L), sub(e.R)
		if isComparison(e.Op) {
			return b.compare(e.Op, l, r, e.Pos)
		}
		return b.arithmetic(e.Op, l, r, e.Pos)
	case *Logical:
		terms := make([]string, len(e.Terms))
		for i, t := range e.Terms {
			terms[i] = b.condition(t, s, "each side of "+e.Op)
		}
		return truth("(" + strings.Join(terms, " "+e.Op+" ") + ")")
	case *Not:
		return truth("(NOT " + b.condition(e.X, s, "NOT") + ")")
	case *IsNull:
		return truth(sql("(%s IS %sNULL)", b.nullTest(e.X, s), not(e.Not)))
	case *IsDistinct:
		l, r := b.meet(sub(e.L), sub(e.R), "IS DISTINCT FROM", e.Pos)
		return truth(sql("(%s IS %sDISTINCT FROM %s)", l.sql, not(e.Not), r.sql))
	case *Between:
		x := sub(e.X)
		low, high := b.compare(">=", x, sub(e.Low), e.Low.pos()), b.compare("<=", x, sub(e.High), e.High.pos())
		return truth(sql("(%s(%s AND %s))", not(e.Not), low.sql, high.sql))
	case *Like:
		return b.like(e, s)
	}
	return b.queryOperator(e, s)
}

// nullTest is what IS NULL looks at: of a row in the record its text, so that the row need not be made.
func (b *binder) nullTest(e Expr, s *scope) string {
	v := b.expr(e, s)
	if r := v.record; r != nil && s.group == nil {
		return sql("kiroku_json_text(%s, %s)", r.doc, quoteText(r.path))
	}
	return b.whole(v).sql
}

func isComparison(op string) bool {
	switch op {
	case "=", "<>", "<", "<=", ">", ">=":
		return true
	}
	return false
}

func (b *binder) queryOperator(e Expr, s *scope) value {
	switch e := e.(type) {
	case *In:
		return b.in(e, s)
	case *Exists:
		return value{sql: sql("EXISTS (%s)", b.withinQuery(e.Query, s).sql), typ: typeBoolean, pos: e.Pos}
	case *Subquery:
		r := b.withinQuery(e.Query, s)
		if len(r.columns) != 1 {
			fail(e.Pos, "Select one column.", "subquery has %d columns", len(r.columns))
		}
		return value{sql: "(" + r.sql + ")", typ: r.columns[0].typ, pos: e.Pos}
	case *Quantified:
		return b.quantified(e, s)
	}
	panic("BUG: unknown expression")
}

// withinQuery translates a query within an expression. A lambda's parameters cannot be seen in it: DuckDB does not have that.
func (b *binder) withinQuery(q *QueryExpr, s *scope) result {
	if len(b.lambdas) > 0 {
		fail(q.Pos, "Join the tables instead.", "a query cannot stand within a lambda")
	}
	return b.query(q, s)
}

func (b *binder) quantified(e *Quantified, s *scope) value {
	l := b.whole(b.expr(e.L, s))
	r := b.withinQuery(e.Query, s)
	if len(r.columns) != 1 {
		fail(e.Pos, "Select one column.", "subquery has %d columns", len(r.columns))
	}
	lv, text := b.meetQuery(l, r, e.Pos)
	word := "ANY"
	if e.All {
		word = "ALL"
	}
	return value{sql: sql("(%s %s %s (%s))", lv.sql, e.Op, word, text), typ: typeBoolean, pos: e.Pos}
}

// meetQuery makes a value and the only column of a query comparable.
func (b *binder) meetQuery(l value, r result, pos Pos) (left value, query string) {
	t := common(l.typ, r.columns[0].typ)
	if l.text != nil && (r.columns[0].typ.isTime() || r.columns[0].typ.Kind == Date) {
		t = r.columns[0].typ
	}
	if t == nil {
		fail(pos, "Cast one of them.", "%s cannot be compared with %s", l.typ, r.columns[0].typ)
	}
	if t.same(r.columns[0].typ) {
		return b.coerce(l, t), r.sql
	}
	name := b.name("t")
	column := b.coerce(value{sql: name + "." + r.columns[0].sql, typ: r.columns[0].typ}, t)
	return b.coerce(l, t), sql("SELECT %s FROM (%s) AS %s", column.sql, r.sql, name)
}

func (b *binder) in(e *In, s *scope) value {
	x := b.whole(b.expr(e.X, s))
	if e.Query != nil {
		r := b.withinQuery(e.Query, s)
		if len(r.columns) != 1 {
			return b.rowIn(x, r, e)
		}
		l, text := b.meetQuery(x, r, e.Pos)
		return value{sql: sql("(%s %sIN (%s))", l.sql, not(e.Not), text), typ: typeBoolean, pos: e.Pos}
	}
	list := make([]string, len(e.List))
	plain := true
	values := make([]value, len(e.List))
	for i, item := range e.List {
		v := b.whole(b.expr(item, s))
		l, r := b.meet(x, v, "IN", item.pos())
		plain = plain && l.sql == x.sql
		values[i], list[i] = v, r.sql
	}
	if plain {
		return value{sql: sql("(%s %sIN (%s))", x.sql, not(e.Not), strings.Join(list, ", ")), typ: typeBoolean, pos: e.Pos}
	}
	for i, v := range values {
		list[i] = b.compare("=", x, v, v.pos).sql
	}
	return value{sql: sql("(%s(%s))", not(e.Not), strings.Join(list, " OR ")), typ: typeBoolean, pos: e.Pos}
}

// rowIn compares the fields of a row with the columns of a query. What has a NULL is never found. That the engine takes rows for unknown
// which differ in another field makes no difference to a condition, but would to its contrary: NOT IN is refused.
func (b *binder) rowIn(x value, r result, e *In) value {
	if x.typ.Kind != Row || len(x.typ.Fields) != len(r.columns) {
		fail(e.Query.Pos, "Select as many columns as there are before IN.", "subquery has %d columns", len(r.columns))
	}
	if e.Not {
		fail(e.Pos, "Use NOT EXISTS (SELECT … WHERE …) instead.", "NOT IN does not compare rows with a query")
	}
	name := b.name("t")
	left, right := make([]string, len(r.columns)), make([]string, len(r.columns))
	for i, c := range r.columns {
		f := value{sql: sql("struct_extract(%s, %s)", x.sql, quoteText(x.typ.fieldName(i))), typ: x.typ.Fields[i].Type}
		t := common(f.typ, c.typ)
		if t == nil {
			fail(e.Pos, "Cast one of them.", "%s cannot be compared with %s", f.typ, c.typ)
		}
		left[i], right[i] = b.coerce(f, t).sql, b.coerce(value{sql: name + "." + c.sql, typ: c.typ}, t).sql
	}
	return value{sql: sql("((%s) IN (SELECT %s FROM (%s) AS %s))", strings.Join(left, ", "), strings.Join(right, ", "), r.sql, name), typ: typeBoolean, pos: e.Pos}
}

func (b *binder) like(e *Like, s *scope) value {
	x := b.want(b.whole(b.expr(e.X, s)), typeVarchar, "LIKE compares text")
	pattern := b.want(b.whole(b.expr(e.Pattern, s)), typeVarchar, "a pattern is text")
	text := sql("%s %sLIKE %s", x.sql, not(e.Not), pattern.sql)
	if e.Escape != nil {
		escape := b.want(b.whole(b.expr(e.Escape, s)), typeVarchar, "ESCAPE is text")
		if escape.text == nil || len([]rune(*escape.text)) != 1 || len(*escape.text) != 1 {
			fail(escape.pos, `Write one ASCII character, for example ESCAPE '\'.`, "ESCAPE must be one character")
		}
		if pattern.text != nil {
			checkEscapes(pattern, (*escape.text)[0])
		}
		text += " ESCAPE " + escape.sql
	}
	return value{sql: "(" + text + ")", typ: typeBoolean, pos: e.Pos}
}

// checkEscapes refuses a pattern whose escape character stands before anything but %, _ and itself.
func checkEscapes(pattern value, escape byte) {
	p := *pattern.text
	for i := 0; i < len(p); i++ {
		if p[i] != escape {
			continue
		}
		if i++; i >= len(p) || p[i] != '%' && p[i] != '_' && p[i] != escape {
			fail(pattern.pos, "Write the escape character twice to mean itself.", "escape character must be followed by %%, _ or itself")
		}
	}
}

func (b *binder) unary(e *Unary, s *scope) value {
	x := b.whole(b.expr(e.X, s))
	if !x.typ.isNumber() && x.typ.Kind != IntervalDay && x.typ.Kind != IntervalYear && x.typ.Kind != Unknown {
		fail(e.Pos, "Use it with a number.", "%s cannot be applied to %s", e.Op, x.typ)
	}
	x.pos = e.Pos
	if e.Op == "-" {
		if strings.HasPrefix(x.sql, "-") {
			x.sql = "(" + x.sql + ")"
		}
		x.sql = "-" + x.sql
		if _, isLiteral := e.X.(*Literal); !isLiteral {
			x.sql = "(" + x.sql + ")"
		}
	}
	return x
}
