package trino

import (
	"encoding/hex"
	"strconv"
	"strings"
)

// expr translates an expression. In a SELECT that groups, an expression that stands in GROUP BY is used as it is; of any
// other the parts are looked at in the same way.
func (b *binder) expr(e Expr, s *scope) value {
	b.step(e.pos())
	if g := s.group; g != nil && !g.free && len(g.keys) > 0 && !hasQuery(e) {
		g.free = true
		v := b.whole(b.bind(e, s))
		g.free = false
		if g.keys[v.sql] {
			return v
		}
	}
	return b.sized(b.bind(e, s))
}

func hasQuery(e Expr) bool {
	switch e := e.(type) {
	case *Subquery, *Exists, *Quantified:
		return true
	case *In:
		return e.Query != nil
	}
	return false
}

// bind translates an expression by its kind.
func (b *binder) bind(e Expr, s *scope) value {
	switch e := e.(type) {
	case *Ident:
		return b.ident(e, s)
	case *Field:
		return b.field(e, s)
	case *Literal:
		return b.literal(e)
	case *TypedLiteral:
		return b.typedLiteral(e)
	case *IntervalLiteral:
		return b.interval(e)
	case *Parameter:
		return textValue(b.parameter(e.Pos), e.Pos)
	case *Subscript:
		return b.subscript(e, s)
	case *Case:
		return b.caseExpr(e, s)
	case *Cast:
		return b.castExpr(e, s)
	case *Extract:
		return b.call(&Call{Pos: e.Pos, Name: strings.ToLower(e.Unit.Name), Args: []Expr{e.X}}, s)
	case *AtZone:
		return b.call(&Call{Pos: e.Pos, Name: "at_timezone", Args: []Expr{e.X, e.Zone}}, s)
	case *ArrayExpr:
		return b.array(e, s)
	case *RowExpr:
		return b.row(e, s)
	case *Call:
		return b.call(e, s)
	case *Lambda:
		fail(e.Pos, "Use it as an argument of filter, transform, any_match and the like.", "a lambda cannot stand here")
	}
	return b.operator(e, s)
}

func textValue(text string, pos Pos) value {
	return value{sql: quoteText(text), typ: typeVarchar, pos: pos, text: &text}
}

func (b *binder) ident(e *Ident, s *scope) value {
	for i := len(b.lambdas) - 1; i >= 0; i-- {
		if strings.EqualFold(b.lambdas[i].name, e.Name) && b.lambdas[i].name != "" {
			v := b.lambdas[i].value
			v.pos = e.Pos
			return v
		}
	}
	v, ok := s.column(b, *e)
	if !ok {
		s.unknown(*e)
	}
	v.pos = e.Pos
	return v
}

// field translates a.b: a column of table a, or a field of row a.
func (b *binder) field(e *Field, s *scope) value {
	if table, ok := e.Base.(*Ident); ok && !b.isLambdaParam(table.Name) {
		if v, ok := s.qualified(b, *table, e.Name); ok {
			return v
		}
	}
	base := b.expr(e.Base, s)
	return b.fieldOf(base, e.Name)
}

func (b *binder) isLambdaParam(name string) bool {
	for _, p := range b.lambdas {
		if p.name != "" && strings.EqualFold(p.name, name) {
			return true
		}
	}
	return false
}

func (b *binder) fieldOf(base value, name Ident) value {
	if base.typ.Kind != Row {
		next := "Only rows have fields."
		switch base.typ.Kind {
		case Map:
			next = sql("Write element_at(…, %s) to read a key of a map.", quoteText(name.Name))
		case Array:
			next = "Write element_at(…, 1) to read an element, or UNNEST to read all."
		case JSON, Varchar:
			next = sql("Write json_extract_scalar(…, '$.%s') to read JSON.", name.Name)
		}
		fail(name.Pos, next, "field %q of %s", name.Name, base.typ)
	}
	if base.record != nil {
		r, ok := base.record.field(name.Name)
		if ok {
			return b.read(r, base.pos)
		}
	} else {
		for i, f := range base.typ.Fields {
			if f.Name != "" && strings.EqualFold(f.Name, name.Name) {
				return value{sql: sql("struct_extract(%s, %s)", base.sql, quoteText(base.typ.fieldName(i))), typ: f.Type, pos: base.pos}
			}
		}
	}
	names := make([]string, 0, len(base.typ.Fields))
	for _, f := range base.typ.Fields {
		names = append(names, f.Name)
	}
	fail(name.Pos, sql("Its fields are %s.", strings.Join(names, ", ")), "field %q cannot be resolved%s", name.Name, meant(name.Name, names))
	return value{}
}

func (b *binder) literal(e *Literal) value {
	v := value{sql: e.Text, pos: e.Pos}
	switch e.Kind {
	case "string":
		text := e.Text
		if param, ok := b.params[e.Pos]; ok {
			text = param
		}
		return textValue(text, e.Pos)
	case "integer":
		n, err := strconv.ParseInt(e.Text, 10, 64)
		if err != nil {
			fail(e.Pos, "Use a number up to 9223372036854775807, or a decimal such as 1.0.", "number %s is too large", e.Text)
		}
		v.sql, v.typ = strconv.FormatInt(n, 10), typeBigint
		if n == int64(int32(n)) {
			v.typ = typeInteger
		}
	case "decimal":
		v.typ = decimalLiteral(e)
		v.sql = sql("CAST(%s AS %s)", e.Text, v.typ.duck())
	case "double":
		v.sql, v.typ = sql("CAST(%s AS DOUBLE)", e.Text), typeDouble
	case "boolean":
		v.typ = typeBoolean
	case "null":
		v.sql, v.typ = "NULL", typeUnknown
	case "binary":
		digits := strings.Join(strings.Fields(e.Text), "")
		if _, err := hex.DecodeString(digits); err != nil {
			fail(e.Pos, "Write two hexadecimal digits for each byte.", "X%s is no binary text", quoteText(e.Text))
		}
		v.sql, v.typ = sql("unhex(%s)", quoteText(digits)), typeVarbinary
	}
	return v
}

// decimalLiteral is the type of a number with a point: as many digits as are written.
func decimalLiteral(e *Literal) *Type {
	whole, fraction, _ := strings.Cut(e.Text, ".")
	digits := len(strings.TrimLeft(whole, "0")) + len(fraction)
	if digits > 38 {
		fail(e.Pos, "Write fewer digits, or an exponent for a double: 1.5e0.", "decimal %s has more than 38 digits", e.Text)
	}
	return decimalOf(digits, len(fraction))
}

func (b *binder) array(e *ArrayExpr, s *scope) value {
	values := make([]value, len(e.Items))
	for i, item := range e.Items {
		values[i] = b.whole(b.expr(item, s))
	}
	elem := b.commonOf(values, "ARRAY")
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = b.coerce(v, elem).sql
	}
	text := "[" + strings.Join(list, ", ") + "]"
	if len(values) == 0 {
		text = "CAST([] AS " + arrayOf(elem).duck() + ")"
	}
	return value{sql: text, typ: arrayOf(elem), pos: e.Pos}
}

// commonOf is the common type of several values.
func (b *binder) commonOf(values []value, what string) *Type {
	t := typeUnknown
	for _, v := range values {
		next := common(t, v.typ)
		if next == nil && v.text != nil && (t.isTime() || t.Kind == Date) {
			next = t
		}
		if next == nil {
			fail(v.pos, "Cast it, for example CAST(… AS "+t.String()+").", "all values of %s must be of one type: %s and %s", what, t, v.typ)
		}
		t = next
	}
	return t
}

func (b *binder) row(e *RowExpr, s *scope) value {
	t := &Type{Kind: Row}
	parts := make([]string, len(e.Items))
	for i, item := range e.Items {
		v := b.whole(b.expr(item, s))
		t.Fields = append(t.Fields, RowField{"", v.typ})
		parts[i] = quoteText(t.fieldName(i)) + ": " + v.sql
	}
	return value{sql: "{" + strings.Join(parts, ", ") + "}", typ: t, pos: e.Pos}
}

// subscript translates a[i], which is an error where there is nothing, unlike element_at.
func (b *binder) subscript(e *Subscript, s *scope) value {
	base := b.whole(b.expr(e.Base, s))
	index := b.whole(b.expr(e.Index, s))
	switch base.typ.Kind {
	case Array:
		index = b.want(index, typeBigint, "an array is counted by numbers from 1")
		return value{sql: b.let(base.sql, func(a string) string {
			return b.let(index.sql, func(i string) string {
				return sql("CASE WHEN %[2]s BETWEEN 1 AND len(%[1]s) THEN list_extract(%[1]s, %[2]s) WHEN %[1]s IS NOT NULL AND %[2]s IS NOT NULL THEN %[3]s END",
					a, i, b.raise(sql("'Array subscript ' || %s || ' is not between 1 and the array''s length ' || len(%s)", i, a)))
			})
		}), typ: base.typ.Elem, pos: e.Pos}
	case Map:
		index = b.want(index, base.typ.Key, "a map is read by its keys")
		return value{sql: b.let(base.sql, func(m string) string {
			return b.let(index.sql, func(key string) string {
				return sql("CASE WHEN map_contains(%[1]s, %[2]s) THEN map_extract_value(%[1]s, %[2]s) WHEN %[1]s IS NOT NULL AND %[2]s IS NOT NULL THEN %[3]s END",
					m, key, b.raise("'Key not present in map: ' || "+key))
			})
		}), typ: base.typ.Elem, pos: e.Pos}
	case Row:
		if l, ok := e.Index.(*Literal); ok && l.Kind == "integer" {
			if n := atoi(l.Text); n >= 1 && n <= len(base.typ.Fields) {
				return value{sql: sql("struct_extract(%s, %s)", base.sql, quoteText(base.typ.fieldName(n-1))), typ: base.typ.Fields[n-1].Type, pos: e.Pos}
			}
		}
	}
	fail(e.Pos, "Only arrays, maps and rows have elements.", "[%s] cannot be applied to %s", index.typ, base.typ)
	return value{}
}

func (b *binder) caseExpr(e *Case, s *scope) value {
	var text strings.Builder
	text.WriteString("CASE")
	var x value
	if e.X != nil {
		x = b.whole(b.expr(e.X, s))
	}
	conds := make([]string, len(e.Whens))
	values := make([]value, len(e.Whens), len(e.Whens)+1)
	for i, w := range e.Whens {
		if e.X == nil {
			conds[i] = b.condition(w.Cond, s, "CASE WHEN")
		} else {
			conds[i] = b.compare("=", x, b.whole(b.expr(w.Cond, s)), w.Cond.pos()).sql
		}
		values[i] = b.whole(b.expr(w.Then, s))
	}
	if e.Else != nil {
		values = append(values, b.whole(b.expr(e.Else, s)))
	}
	t := b.commonOf(values, "CASE")
	for i, cond := range conds {
		text.WriteString(" WHEN " + cond + " THEN " + b.coerce(values[i], t).sql)
	}
	if e.Else != nil {
		text.WriteString(" ELSE " + b.coerce(values[len(conds)], t).sql)
	}
	return value{sql: text.String() + " END", typ: t, pos: e.Pos}
}
