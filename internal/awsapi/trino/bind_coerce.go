package trino

import (
	"strings"
)

// compare translates a comparison.
func (b *binder) compare(op string, l, r value, pos Pos) value {
	lv, rv := b.meet(l, r, op, pos)
	switch t := lv.typ; {
	case op != "=" && op != "<>" && (t.Kind == Map || t.Kind == JSON):
		fail(pos, "Compare one of their values.", "%s cannot be applied to %s", op, t)
	}
	return value{sql: sql("(%s %s %s)", lv.sql, op, rv.sql), typ: typeBoolean, pos: pos}
}

// meet makes two values comparable. CloudTrail Lake compares times with text, which Trino does not; text that is not a
// constant is then read row by row.
func (b *binder) meet(l, r value, op string, pos Pos) (value, value) {
	if isMoment(l.typ) && r.typ.Kind == Varchar {
		return b.beside(l, r)
	}
	if isMoment(r.typ) && l.typ.Kind == Varchar {
		r, l = b.beside(r, l)
		return l, r
	}
	if l.typ.Kind == Boolean && r.text != nil {
		return l, b.truth(r)
	}
	if r.typ.Kind == Boolean && l.text != nil {
		return b.truth(l), r
	}
	if l.typ.Kind == Boolean && r.typ.Kind == Varchar || r.typ.Kind == Boolean && l.typ.Kind == Varchar {
		return b.asText(l), b.asText(r)
	}
	t := common(l.typ, r.typ)
	if t == nil {
		next := "Cast one of them, for example CAST(… AS varchar)."
		switch {
		case l.typ.Kind == Varchar && r.typ.isNumber() || r.typ.Kind == Varchar && l.typ.isNumber():
			next = "Put the number into single quotes to compare text, or write CAST(… AS bigint) to compare numbers."
		case l.typ.Kind == JSON || r.typ.Kind == JSON:
			next = "Use json_extract_scalar in place of json_extract to get text."
		case l.typ.Kind == Map || r.typ.Kind == Map:
			next = "Use element_at(map, 'key') to compare one value."
		}
		fail(pos, next, "%s cannot be applied to %s, %s", op, l.typ, r.typ)
	}
	if t.isNumber() {
		// The engine compares numbers of different types by itself, and can still use a column's statistics then.
		if t.Kind != Decimal || l.typ.Kind != Double && r.typ.Kind != Double {
			return l, r
		}
	}
	return b.coerce(l, t), b.coerce(r, t)
}

func isMoment(t *Type) bool { return t.isTime() || t.Kind == Date }

// beside makes text comparable with a time.
func (b *binder) beside(moment, text value) (m, other value) {
	t := moment.typ
	if t.Kind == Date {
		// '2023-01-01 12:00:00' is not a date: compare points of time.
		if text.text == nil || len(strings.TrimSpace(*text.text)) > len("2006-01-02") {
			t = typeTimestamp
			moment = b.coerce(moment, t)
		}
	}
	return moment, b.coerce(text, t)
}

// asText writes a boolean as records write it where text is: sessionCredentialFromConsole = true.
func (b *binder) asText(v value) value {
	if v.typ.Kind == Varchar {
		return v
	}
	if v.sql == "true" || v.sql == "false" {
		return textValue(v.sql, v.pos)
	}
	return value{sql: caster{b, false}.toText(v.sql, v.typ, typeVarchar), typ: typeVarchar, pos: v.pos}
}

// truth reads 'true' and 'false' where a boolean is compared with text.
func (b *binder) truth(v value) value {
	switch strings.ToLower(strings.TrimSpace(*v.text)) {
	case "true":
		return value{sql: "true", typ: typeBoolean, pos: v.pos}
	case "false":
		return value{sql: "false", typ: typeBoolean, pos: v.pos}
	}
	fail(v.pos, "Write true or false.", "%s is no boolean", quoteText(*v.text))
	return value{}
}

// coerce makes a value of a type that it may become without CAST. The caller knows that it may.
func (b *binder) coerce(v value, t *Type) value {
	v = b.whole(v)
	if v.typ.same(t) {
		if v.typ.duck() != t.duck() { // rows whose fields have other names
			v.sql = caster{b, b.trying > 0}.convert(v.sql, v.typ, t)
		}
		v.typ = t
		return v
	}
	out := value{typ: t, pos: v.pos}
	switch {
	case v.text != nil && t.isTime():
		at, zone, ok := parseTime(*v.text)
		if !ok {
			fail(v.pos, "Write it as '2023-01-31 23:59:59' or '2023-01-31'.", "%s is no time", quoteText(*v.text))
		}
		out.sql = instantLiteral(at)
		if t.Kind == TimestampTZ && zone != "" {
			out.typ = &Type{Kind: TimestampTZ, Zone: zone}
		}
	case v.text != nil && t.Kind == Date:
		at, _, ok := parseTime(*v.text)
		if !ok {
			fail(v.pos, "Write it as '2023-01-31'.", "%s is no date", quoteText(*v.text))
		}
		out.sql = "DATE '" + at.Format("2006-01-02") + "'"
	case v.typ.isTime() && t.isTime(), v.typ.Kind == Integer && t.Kind == Bigint && strings.Trim(v.sql, "0123456789") == "":
		out.sql = v.sql
	default:
		out.sql = caster{b, b.trying > 0}.plain(v.sql, t)
	}
	return out
}

// want is coerce for a place that takes one type only; why says what stands there.
func (b *binder) want(v value, t *Type, why string) value {
	v = b.whole(v)
	if !mayBecome(v, t) {
		fail(v.pos, "Cast it, for example CAST(… AS "+t.String()+").", "%s, but this is %s", why, v.typ)
	}
	return b.coerce(v, t)
}

// mayBecome says whether a value becomes a type without CAST.
func mayBecome(v value, t *Type) bool {
	if v.text != nil && isMoment(t) {
		_, _, ok := parseTime(*v.text)
		return ok
	}
	c := common(v.typ, t)
	return c != nil && c.same(t)
}
