package trino

import (
	"cmp"
	"strconv"
	"strings"
)

// castExpr translates CAST and TRY_CAST. The latter gives NULL for values that cannot be converted.
func (b *binder) castExpr(e *Cast, s *scope) value {
	t := resolve(e.Type)
	v := b.whole(b.expr(e.X, s))
	out := b.cast(v, t, e.Try)
	out.pos = e.Pos
	return out
}

// cast converts a value. A conversion that no value can take is an error of the statement.
func (b *binder) cast(v value, t *Type, try bool) value {
	c := caster{b, try || b.trying > 0}
	possible := true
	convert := func(x string) string {
		text := c.convert(x, v.typ, t)
		possible = text != ""
		return text
	}
	var text string
	if v.typ.Kind == JSON || v.typ.Kind == Varchar || v.typ.Kind >= Array {
		text = b.let(v.sql, convert) // these look at the value several times
	} else {
		text = convert(v.sql)
	}
	if !possible {
		fail(v.pos, "Convert it to text or a number first.", "cannot cast %s to %s", v.typ, t)
	}
	return b.sized(value{sql: text, typ: t, pos: v.pos})
}

// caster writes conversions.
type caster struct {
	b   *binder
	try bool
}

// plain is the engine's own CAST.
func (c caster) plain(text string, t *Type) string {
	if c.try {
		return sql("TRY_CAST(%s AS %s)", text, t.duck())
	}
	return sql("CAST(%s AS %s)", text, t.duck())
}

// refuse is an error for the values for which a condition holds, or NULL with TRY_CAST. The result is then's elsewhere.
func (c caster) refuse(condition, what, text, then string) string {
	if c.try {
		return sql("CASE WHEN NOT (%s) THEN %s END", condition, then)
	}
	return sql("CASE WHEN %s THEN error('Cannot cast ''' || left(CAST(%s AS VARCHAR), 100) || ''' to %s') ELSE %s END", condition, text, what, then)
}

// convert returns "" when there is no such conversion.
func (c caster) convert(text string, from, to *Type) string {
	switch {
	case from.Kind == Unknown:
		return sql("CAST(%s AS %s)", text, to.duck())
	case from.same(to) && from.duck() == to.duck() && to.Length == 0:
		return text
	case from.Kind == JSON:
		return c.fromJSON(text, to)
	case to.Kind == JSON:
		return c.toJSON(text, from)
	case to.Kind == Varchar:
		return c.toText(text, from, to)
	case from.Kind == Varchar:
		return c.fromText(text, to)
	case from.isNumber() && (to.isNumber() || to.Kind == Boolean):
		if to.isInt() && !from.isInt() {
			text = sql("round(%s)", text)
		}
		return c.plain(text, to)
	case from.Kind == Boolean && to.isNumber():
		return c.plain(sql("CAST(%s AS INTEGER)", text), to)
	case from.isTime() && to.isTime():
		if from.Kind == TimestampTZ && to.Kind == Timestamp && from.Zone != "UTC" {
			// The clock of the zone is read as if it were UTC's.
			return sql("timezone('UTC', %s)", inZone(text, from.Zone))
		}
		return text
	case from.isTime() && to.Kind == Time:
		return sql("CAST(%s AS TIME)", inZone(text, cmp.Or(from.Zone, "UTC")))
	case from.isTime() && to.Kind == Date:
		return sql("CAST(%s AS %s)", c.b.local(value{sql: text, typ: from}), to.duck())
	case from.Kind == Date && to.isTime():
		return sql("CAST(%s AS %s)", text, to.duck())
	}
	return c.nested(text, from, to)
}

// nested converts element by element.
func (c caster) nested(text string, from, to *Type) string {
	if from.Kind != to.Kind {
		return ""
	}
	e := c.b.lambdaName()
	c.b.lambdas = append(c.b.lambdas, lambdaParam{})
	defer func() { c.b.lambdas = c.b.lambdas[:len(c.b.lambdas)-1] }()
	if from.Kind != Row {
		c.try = true // within a lambda: see binder.trying
	}
	switch from.Kind {
	case Array:
		if elem := c.convert(e, from.Elem, to.Elem); elem != "" {
			return sql("list_transform(%s, lambda %s: %s)", text, e, elem)
		}
	case Map:
		k, v := c.convert(e+"['key']", from.Key, to.Key), c.convert(e+"['value']", from.Elem, to.Elem)
		if k != "" && v != "" {
			return sql("map_from_entries(list_transform(map_entries(%s), lambda %s: {'key': %s, 'value': %s}))", text, e, k, v)
		}
	case Row:
		if len(from.Fields) != len(to.Fields) {
			return ""
		}
		parts := make([]string, len(to.Fields))
		for i := range parts {
			f := c.convert(sql("struct_extract(%s, %s)", text, quoteText(from.fieldName(i))), from.Fields[i].Type, to.Fields[i].Type)
			if f == "" {
				return ""
			}
			parts[i] = quoteText(to.fieldName(i)) + ": " + f
		}
		return sql("CASE WHEN %s IS NOT NULL THEN {%s} END", text, strings.Join(parts, ", "))
	}
	return ""
}

// toText writes scalars as Trino does.
func (c caster) toText(text string, from, to *Type) string {
	switch from.Kind {
	case Array, Map, Row, Varbinary, IntervalDay, IntervalYear:
		return ""
	case Timestamp:
		text = sql("strftime(%s, '%%Y-%%m-%%d %%H:%%M:%%S.%%g')", text)
	case TimestampTZ:
		text = sql("(strftime(%s, '%%Y-%%m-%%d %%H:%%M:%%S.%%g') || %s)", c.b.local(value{sql: text, typ: from}), quoteText(" "+from.Zone))
	case Double, Real:
		text = sql("kiroku_double_text(%s)", text)
	case Varchar:
	default:
		text = sql("CAST(%s AS VARCHAR)", text)
	}
	if to.Length > 0 {
		text = sql("left(%s, %d)", text, to.Length)
	}
	return text
}

// fromText reads text strictly, as Trino does: the engine would round '1.5' to a whole number.
func (c caster) fromText(text string, to *Type) string {
	switch to.Kind {
	case Integer, Bigint:
		return c.refuse(sql(`NOT regexp_full_match(%s, '\s*[+-]?[0-9]+\s*')`, text), to.String(), text, c.plain(sql("trim(%s)", text), to))
	case Boolean:
		return c.refuse(sql(`lower(%s) NOT IN ('true', 't', '1', 'false', 'f', '0')`, text), "boolean", text, sql("(lower(%s) IN ('true', 't', '1'))", text))
	case Real, Double, Decimal, Date, Time:
		return c.plain(sql("trim(%s)", text), to)
	case Timestamp, TimestampTZ:
		return c.plain(sql("trim(%s)", text), to)
	case Varbinary:
		return sql("encode(%s)", text)
	case IPAddress:
		return c.refuse(sql("NOT (kiroku_ip_in(%[1]s, '0.0.0.0/0') OR kiroku_ip_in(%[1]s, '::/0'))", text), to.String(), text, text)
	}
	return ""
}

// fromJSON converts JSON text: null is NULL, arrays and objects become arrays, maps and rows of what they hold.
func (c caster) fromJSON(text string, to *Type) string {
	scalar := sql("kiroku_json_scalar(%s, '$')", text)
	nestedText := sql("left(%s, 1) IN ('{', '[')", text)
	e := c.b.lambdaName()
	c.b.lambdas = append(c.b.lambdas, lambdaParam{})
	defer func() { c.b.lambdas = c.b.lambdas[:len(c.b.lambdas)-1] }()
	switch to.Kind {
	case Varchar:
		return c.refuse(nestedText, to.String(), text, c.toText(scalar, typeVarchar, to))
	case Boolean, Integer, Bigint, Real, Double, Decimal:
		if to.isInt() {
			scalar = sql("CASE %[1]s WHEN 'true' THEN '1' WHEN 'false' THEN '0' ELSE CASE WHEN contains(%[1]s, '.') THEN CAST(round(TRY_CAST(%[1]s AS DOUBLE)) AS VARCHAR) ELSE %[1]s END END", scalar)
			return c.refuse(nestedText, to.String(), text, c.plain(scalar, to))
		}
		return c.refuse(nestedText, to.String(), text, c.fromText(scalar, to))
	case Array:
		elem := caster{c.b, true}.convert(e, typeJSON, to.Elem)
		if elem == "" {
			return ""
		}
		list := sql("list_transform(kiroku_json_elements(%s, '$'), lambda %s: %s)", text, e, elem)
		return c.refuse(sql("left(%s, 1) <> '[' AND %s <> 'null'", text, text), to.String(), text, list)
	case Map:
		inner := caster{c.b, true}
		key, elem := inner.convert(e+"['key']", typeVarchar, to.Key), inner.convert(e+"['value']", typeJSON, to.Elem)
		if key == "" || elem == "" {
			return ""
		}
		m := sql("map_from_entries(list_transform(map_entries(kiroku_json_members(%s, '$')), lambda %s: {'key': %s, 'value': %s}))", text, e, key, elem)
		if to.Key.Kind == Varchar && to.Elem.Kind == JSON {
			m = sql("kiroku_json_members(%s, '$')", text)
		}
		return c.refuse(sql("left(%s, 1) <> '{' AND %s <> 'null'", text, text), to.String(), text, m)
	case Row:
		return c.rowFromJSON(text, to)
	}
	return ""
}

// rowFromJSON takes fields by name out of an object, or by position out of an array.
func (c caster) rowFromJSON(text string, to *Type) string {
	parts := make([]string, len(to.Fields))
	for i, f := range to.Fields {
		item := sql("CASE WHEN left(%[1]s, 1) = '[' THEN kiroku_json_value(%[1]s, '$[%[2]d]') ELSE kiroku_json_value(%[1]s, %[3]s) END", text, i, quoteText(member(f.Name)))
		part := c.convert(item, typeJSON, f.Type)
		if part == "" {
			return ""
		}
		parts[i] = quoteText(to.fieldName(i)) + ": " + part
	}
	return sql("CASE WHEN %s <> 'null' THEN {%s} END", text, strings.Join(parts, ", "))
}

// toJSON writes values as JSON text.
func (c caster) toJSON(text string, from *Type) string {
	e := c.b.lambdaName()
	c.b.lambdas = append(c.b.lambdas, lambdaParam{})
	defer func() { c.b.lambdas = c.b.lambdas[:len(c.b.lambdas)-1] }()
	switch from.Kind {
	case JSON:
		return text
	case Boolean, Integer, Bigint, Decimal, Double, Real:
		return sql("CAST(%s AS VARCHAR)", text)
	case Varchar:
		return sql("CAST(to_json(%s) AS VARCHAR)", text)
	case Date, Timestamp, TimestampTZ:
		return sql("('\"' || %s || '\"')", c.toText(text, from, typeVarchar))
	case Array:
		if elem := c.toJSON(e, from.Elem); elem != "" {
			return sql("('[' || array_to_string(list_transform(%s, lambda %s: coalesce(%s, 'null')), ',') || ']')", text, e, elem)
		}
	case Map:
		key, elem := c.toText(e+"['key']", from.Key, typeVarchar), c.toJSON(e+"['value']", from.Elem)
		if key != "" && elem != "" {
			return sql("('{' || array_to_string(list_transform(map_entries(%s), lambda %s: CAST(to_json(%s) AS VARCHAR) || ':' || coalesce(%s, 'null')), ',') || '}')", text, e, key, elem)
		}
	case Row:
		parts := make([]string, len(from.Fields))
		for i, f := range from.Fields {
			part := c.toJSON(sql("struct_extract(%s, %s)", text, quoteText(from.fieldName(i))), f.Type)
			if part == "" {
				return ""
			}
			name := f.Name
			if name == "" {
				name = "field" + strconv.Itoa(i)
			}
			parts[i] = sql("'%s:' || coalesce(%s, 'null')", strings.ReplaceAll(strconv.Quote(name), "'", "''"), part)
		}
		return sql("('{' || %s || '}')", strings.Join(parts, " || ',' || "))
	}
	return ""
}
