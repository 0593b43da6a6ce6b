package trino

import (
	"strings"
)

// form translates what looks like a function but has rules of its own.
func (b *binder) form(c *Call, s *scope) (value, bool) {
	arguments := map[string][2]int{ // how many
		"coalesce": {2, 1000}, "if": {2, 3}, "nullif": {2, 2}, "greatest": {1, 1000}, "least": {1, 1000}, "concat": {1, 1000},
		"concat_ws": {2, 1000}, "try": {1, 1}, "typeof": {1, 1}, "grouping": {1, 30}, "map": {0, 0}, "format": {1, 100},
	}[c.Name]
	if arguments == [2]int{} && (c.Name != "map" || len(c.Args) > 0) {
		return value{}, false
	}
	if n := len(c.Args); n < arguments[0] || n > arguments[1] || c.Star || c.Distinct || c.Over != nil || c.Filter != nil {
		fail(c.Pos, sql("Give it %d to %d arguments.", arguments[0], arguments[1]), "unexpected parameters for function %s", c.Name)
	}
	if c.Name == "if" {
		e := &Case{Pos: c.Pos, Whens: []When{{c.Args[0], c.Args[1]}}}
		if len(c.Args) == 3 {
			e.Else = c.Args[2]
		}
		return b.caseExpr(e, s), true
	}
	if c.Name == "grouping" && (s.group == nil || len(s.group.keys) == 0) {
		fail(c.Pos, "Use it in the select list, HAVING or ORDER BY of a SELECT with GROUP BY.", "grouping cannot stand here")
	}
	if c.Name == "try" {
		b.trying++
		defer func() { b.trying-- }()
	}
	args := make([]value, len(c.Args))
	for i, a := range c.Args {
		args[i] = b.whole(b.expr(a, s))
	}
	if c.Name == "try" && !tryable(c.Args[0]) {
		return args[0], true // what may fail in it is NULL already, but for the engine's own functions
	}
	return b.formOf(c, args), true
}

// tryable says whether the engine can try an expression: it has neither aggregates nor queries.
func tryable(e Expr) bool {
	ok := true
	walk(e, func(e Expr) bool {
		if c, isCall := e.(*Call); isCall && signatures()[c.Name] != nil && signatures()[c.Name][0].kind != "scalar" || hasQuery(e) {
			ok = false
		}
		return ok
	})
	return ok
}

func (b *binder) formOf(c *Call, args []value) value {
	v := value{pos: c.Pos}
	switch c.Name {
	case "coalesce", "greatest", "least":
		v.typ = b.commonOf(args, c.Name)
		list := make([]string, len(args))
		for i, a := range args {
			list[i] = b.coerce(a, v.typ).sql
		}
		v.sql = sql("%s(%s)", c.Name, strings.Join(list, ", "))
		if c.Name != "coalesce" { // NULL among them makes the result NULL
			v.sql = sql("CASE WHEN %s IS NOT NULL THEN %s END", strings.Join(list, " IS NOT NULL AND "), v.sql)
		}
	case "nullif":
		l, r := b.meet(args[0], args[1], "nullif", c.Pos)
		v.sql, v.typ = sql("CASE WHEN %s = %s THEN NULL ELSE %s END", l.sql, r.sql, args[0].sql), args[0].typ
	case "concat":
		return b.concat(args, c.Pos)
	case "concat_ws":
		list := make([]string, len(args))
		for i, a := range args {
			if i > 0 && a.typ.Kind == Array {
				list[i] = sql("array_to_string(%s, %s)", a.sql, args[0].sql)
				continue
			}
			list[i] = b.want(a, typeVarchar, "concat_ws joins text").sql
		}
		v.sql, v.typ = sql("CASE WHEN %s IS NOT NULL THEN concat_ws(%s) END", list[0], strings.Join(list, ", ")), typeVarchar
	case "format":
		v = b.textFormat(args, c.Pos)
	case "try":
		v.sql, v.typ = sql("TRY(%s)", args[0].sql), args[0].typ
	case "typeof":
		return textValue(args[0].typ.String(), c.Pos)
	case "map":
		v.sql, v.typ = "map([], [])", mapOf(typeUnknown, typeUnknown)
	case "grouping":
		list := make([]string, len(args))
		for i, a := range args {
			list[i] = a.sql
		}
		v.sql, v.typ = sql("CAST(grouping(%s) AS INTEGER)", strings.Join(list, ", ")), typeInteger
	}
	return b.sized(v)
}
