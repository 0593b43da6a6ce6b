package trino

import "strings"

// arithmetic translates + - * / % and ||.
func (b *binder) arithmetic(op string, l, r value, pos Pos) value {
	if op == "||" {
		return b.concat([]value{l, r}, pos)
	}
	if v, ok := b.timeArithmetic(op, l, r, pos); ok {
		return v
	}
	t := common(l.typ, r.typ)
	if t == nil || !t.isNumber() && t.Kind != Unknown {
		next := "Use numbers; CAST(… AS bigint) makes a number of text."
		if op == "+" && l.typ.Kind == Varchar && r.typ.Kind == Varchar {
			next = "Use || to join text."
		}
		fail(pos, next, "%s cannot be applied to %s, %s", op, l.typ, r.typ)
	}
	if t.Kind == Decimal {
		return b.decimalArithmetic(op, l, r, pos)
	}
	if t.Kind == Unknown {
		return value{sql: "CAST(NULL AS INTEGER)", typ: typeInteger, pos: pos}
	}
	l, r = b.coerce(l, t), b.coerce(r, t)
	v := value{typ: t, pos: pos}
	switch {
	case (op == "/" || op == "%") && t.isInt():
		v.sql = b.divide(map[string]string{"/": "//", "%": "%"}[op], l.sql, r.sql)
	default:
		v.sql = sql("(%s %s %s)", l.sql, op, r.sql)
	}
	return v
}

// divide divides whole numbers, where a zero is an error in Trino and NULL in DuckDB.
func (b *binder) divide(op, l, r string) string {
	if digits := strings.TrimLeft(r, "0123456789"); digits == "" && strings.Trim(r, "0") != "" {
		return sql("(%s %s %s)", l, op, r)
	}
	return sql("CASE WHEN %[3]s = 0 THEN %[4]s ELSE %[1]s %[2]s %[3]s END", l, op, r, b.raise("'Division by zero'"))
}

// decimalArithmetic computes with Trino's rules for digits.
func (b *binder) decimalArithmetic(op string, l, r value, pos Pos) value {
	lt, rt := l.typ.asDecimal(), r.typ.asDecimal()
	if lt.Kind == Unknown {
		lt = rt
	}
	if rt.Kind == Unknown {
		rt = lt
	}
	scale := max(lt.Scale, rt.Scale)
	v := value{pos: pos}
	switch op {
	case "*":
		v.typ = decimalOf(lt.Precision+rt.Precision, lt.Scale+rt.Scale)
		v.sql = sql("(%s * %s)", l.sql, r.sql)
	case "/":
		v.typ = decimalOf(lt.Precision+rt.Scale+max(rt.Scale-lt.Scale, 0), scale)
		v.sql = sql("CASE WHEN %[2]s = 0 THEN %[4]s ELSE round(CAST(%[1]s AS DOUBLE) / CAST(%[2]s AS DOUBLE), %[3]d) END", l.sql, r.sql, scale, b.raise("'Division by zero'"))
	case "%":
		v.typ = decimalOf(min(lt.Precision-lt.Scale, rt.Precision-rt.Scale)+scale, scale)
		v.sql = b.divide("%", l.sql, r.sql)
	default:
		v.typ = decimalOf(max(lt.Precision-lt.Scale, rt.Precision-rt.Scale)+scale+1, scale)
		v.sql = sql("(%s %s %s)", l.sql, op, r.sql)
	}
	v.sql = sql("CAST(%s AS %s)", v.sql, v.typ.duck())
	return v
}

// timeArithmetic translates calculations with times and intervals.
func (b *binder) timeArithmetic(op string, l, r value, pos Pos) (value, bool) {
	isMoment := func(t *Type) bool { return t.isTime() || t.Kind == Date }
	isInterval := func(t *Type) bool { return t.Kind == IntervalDay || t.Kind == IntervalYear }
	v := value{pos: pos}
	switch {
	case (op == "+" || op == "-") && isMoment(l.typ) && isInterval(r.typ):
		v.sql, v.typ = sql("(%s %s %s)", l.sql, op, r.sql), l.typ
	case op == "+" && isInterval(l.typ) && isMoment(r.typ):
		v.sql, v.typ = sql("(%s + %s)", r.sql, l.sql), r.typ
	case op == "-" && isMoment(l.typ) && isMoment(r.typ):
		t := common(l.typ, r.typ)
		v.sql, v.typ = sql("to_microseconds(epoch_us(%s) - epoch_us(%s))", b.instant(l, t), b.instant(r, t)), typeInterval
	case (op == "+" || op == "-") && isInterval(l.typ) && l.typ.Kind == r.typ.Kind:
		v.sql, v.typ = sql("(%s %s %s)", l.sql, op, r.sql), l.typ
	case op == "*" && isInterval(l.typ) && r.typ.isInt():
		v.sql, v.typ = sql("(%s * %s)", l.sql, r.sql), l.typ
	case op == "*" && l.typ.isInt() && isInterval(r.typ):
		v.sql, v.typ = sql("(%s * %s)", r.sql, l.sql), r.typ
	default:
		return value{}, false
	}
	if v.typ.Kind == Date {
		v.sql = sql("CAST(%s AS DATE)", v.sql)
	}
	return v, true
}

// instant is a date or time as a point of time.
func (b *binder) instant(v value, t *Type) string {
	if t.Kind == Date {
		return sql("CAST(%s AS TIMESTAMP)", v.sql)
	}
	return b.coerce(v, t).sql
}

// concat joins texts or arrays. NULL among them makes the result NULL.
func (b *binder) concat(values []value, pos Pos) value {
	t := b.commonConcat(values, pos)
	parts := make([]string, len(values))
	for i, v := range values {
		if t.Kind == Array && v.typ.Kind != Array && v.typ.Kind != Unknown {
			parts[i] = "[" + b.coerce(v, t.Elem).sql + "]"
			continue
		}
		parts[i] = b.coerce(v, t).sql
	}
	if t.Kind == Array {
		var nulls []string
		for _, p := range parts {
			if !strings.HasPrefix(p, "[") {
				nulls = append(nulls, p+" IS NOT NULL")
			}
		}
		text := sql("list_concat(%s)", strings.Join(parts, ", "))
		if len(nulls) > 0 {
			text = sql("CASE WHEN %s THEN %s END", strings.Join(nulls, " AND "), text)
		}
		return value{sql: text, typ: t, pos: pos}
	}
	return value{sql: "(" + strings.Join(parts, " || ") + ")", typ: t, pos: pos}
}

func (b *binder) commonConcat(values []value, pos Pos) *Type {
	for _, v := range values {
		if v.typ.Kind == Array {
			t := v.typ
			for _, other := range values {
				elem := other.typ
				if elem.Kind == Array {
					elem = elem.Elem
				}
				next := common(t.Elem, elem)
				if next == nil {
					fail(other.pos, "Use elements of one type.", "arrays of %s cannot be joined with %s", t.Elem, other.typ)
				}
				t = arrayOf(next)
			}
			return t
		}
	}
	for _, v := range values {
		if v.typ.Kind != Varchar && v.typ.Kind != Unknown && v.typ.Kind != Varbinary {
			fail(pos, "Write CAST(… AS varchar) to make text of it.", "|| cannot be applied to %s", v.typ)
		}
	}
	if t := b.commonOf(values, "||"); t.Kind == Varbinary {
		return t
	}
	return typeVarchar
}
