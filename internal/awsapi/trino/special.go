package trino

import (
	"strconv"
	"strings"
	"time"
)

// specialCall is a call of a function whose translation is not one template.
type specialCall struct {
	c      *Call
	args   []value
	result value // without sql
	modify func(name, args string) string
}

// special makes the translation that functions.txt calls @name.
func (b *binder) special(name string, s *specialCall) value {
	v, a := s.result, s.args
	switch name {
	case "now":
		v.sql = instantLiteral(b.opts.Now.Truncate(time.Millisecond))
	case "today":
		v.sql = "DATE '" + b.opts.Now.UTC().Format(time.DateOnly) + "'"
	case "substr":
		v.sql = b.substring(a)
	case "element_at":
		v.sql = sql("list_extract(%s, %s)", a[0].sql, a[1].sql)
		if strings.Trim(strings.TrimPrefix(a[1].sql, "-"), "0123456789") != "" || strings.Trim(a[1].sql, "-0") == "" {
			v.sql = b.let(a[1].sql, func(i string) string {
				return sql("CASE WHEN %[2]s = 0 THEN %[3]s ELSE list_extract(%[1]s, %[2]s) END", a[0].sql, i, b.raise("'SQL array indices start at 1'"))
			})
		}
	case "mod":
		return b.arithmetic("%", a[0], a[1], v.pos)
	case "regexp_replace":
		v.sql = sql("regexp_replace(%s, %s, %s, 'g')", a[0].sql, a[1].sql, quoteText(replacement(a[2])))
	case "sum":
		v.typ = decimalOf(38, a[0].typ.asDecimal().Scale)
		v.sql = sql("CAST(%s AS %s)", s.modify("sum", a[0].sql), v.typ.duck())
	case "avg":
		v.typ = a[0].typ.asDecimal()
		v.sql = sql("CAST(%s AS %s)", s.modify("avg", a[0].sql), v.typ.duck())
	case "ceil", "floor", "round", "trunc":
		v.typ = decimalOf(a[0].typ.Precision-a[0].typ.Scale+min(a[0].typ.Scale, 1), 0)
		v.sql = sql("CAST(%s(%s) AS %s)", name, a[0].sql, v.typ.duck())
	case "array_join":
		v.sql = b.arrayJoin(a)
	case "map_agg":
		return b.mapAggregate(s, false)
	case "multimap_agg":
		return b.mapAggregate(s, true)
	case "histogram":
		v.sql = sql("CAST(%s AS %s)", s.modify("histogram", a[0].sql), v.typ.duck())
	case "sequence":
		first, err := strconv.ParseInt(a[0].sql, 10, 64)
		last, err2 := strconv.ParseInt(a[1].sql, 10, 64)
		v.sql = sql("generate_series(%s, %s)", a[0].sql, a[1].sql)
		if err == nil && err2 == nil && first > last {
			v.sql = sql("generate_series(%s, %s, -1)", a[0].sql, a[1].sql)
		}
	case "reduce":
		v.sql = b.reduce(a)
	case "map_from_entries":
		row := a[0].typ.Elem
		v.sql = sql("map_from_entries(list_transform(%s, lambda e: {'key': struct_extract(e, %s), 'value': struct_extract(e, %s)}))",
			a[0].sql, quoteText(row.fieldName(0)), quoteText(row.fieldName(1)))
	default:
		return b.specialTime(name, s)
	}
	return v
}

// substring counts from 1, or from the end below 0; 0 is nowhere. The engine takes 0 for the place before 1.
func (b *binder) substring(a []value) string {
	length := ""
	if len(a) == 3 {
		length = ", " + a[2].sql
	}
	plain := strings.Trim(a[1].sql, "0123456789") == "" && strings.Trim(a[1].sql, "0") != ""
	if plain && (len(a) == 2 || strings.Trim(a[2].sql, "0123456789") == "") {
		return sql("substr(%s, %s%s)", a[0].sql, a[1].sql, length)
	}
	fields := sql("{'s': %s, 'i': %s}", a[0].sql, a[1].sql)
	nothing := "m['i'] = 0 OR m['i'] < -length(m['s'])"
	if len(a) == 3 {
		fields = sql("{'s': %s, 'i': %s, 'n': %s}", a[0].sql, a[1].sql, a[2].sql)
		nothing += " OR m['n'] <= 0"
		length = ", m['n']"
	}
	return sql("list_extract(list_transform([%s], lambda m: CASE WHEN %s THEN left(m['s'], 0) ELSE substr(m['s'], m['i']%s) END), 1)", fields, nothing, length)
}

// reduce carries a state from element to element. The engine wants both to be of one type: a struct of the two.
func (b *binder) reduce(a []value) string {
	params, step, _ := strings.Cut(a[2].sql, ": ")
	noState, noElement := sql("CAST(NULL AS %s)", a[1].typ.duck()), sql("CAST(NULL AS %s)", a[0].typ.Elem.duck())
	list := sql("list_transform(%s, lambda e: {'s': %s, 'x': e})", a[0].sql, noState)
	last := sql("list_reduce(%s, %s: {'s': %s, 'x': %s}, {'s': %s, 'x': %s})['s']", list, params, step, noElement, a[1].sql, noElement)
	return sql("list_extract(list_transform([%s], %s), 1)", last, a[3].sql)
}

// arrayJoin joins the texts of an array's elements; those that are NULL are left out, or are what the third argument says.
func (b *binder) arrayJoin(a []value) string {
	elem := caster{b, false}.convert("e", a[0].typ.Elem, typeVarchar)
	if elem == "" {
		fail(a[0].pos, "Join an array of texts or numbers.", "array_join of %s", a[0].typ)
	}
	list := sql("list_transform(%s, lambda e: %s)", a[0].sql, elem)
	if len(a) == 3 {
		list = sql("list_extract(list_transform([{'a': %s, 'n': %s}], lambda w: list_transform(w['a'], lambda e: coalesce(e, w['n']))), 1)", list, a[2].sql)
	} else {
		list = sql("list_filter(%s, lambda e: e IS NOT NULL)", list)
	}
	return sql("array_to_string(%s, %s)", list, a[1].sql)
}

// replacement turns Trino's $1 and ${1} into RE2's \1.
func replacement(v value) string {
	var out strings.Builder
	text := *v.text
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text) && text[i+1] == '$':
			i++
			out.WriteByte('$')
		case c == '\\' && i+1 < len(text):
			i++
			if text[i] == '\\' {
				out.WriteByte('\\')
			}
			out.WriteByte(text[i])
		case c == '$':
			rest := text[i+1:]
			group := strings.TrimPrefix(rest, "{")
			if group == "" || !isDigit(group[0]) || len(group) < len(rest) && !strings.HasPrefix(group[1:], "}") {
				fail(v.pos, `Write $1 to $9; \$ is a dollar sign.`, "replacement %s names no group", quoteText(text))
			}
			out.WriteString(`\` + group[:1])
			i += 1 + 2*(len(rest)-len(group))
		default:
			out.WriteByte(c)
		}
	}
	return out.String()
}

// mapAggregate makes a map of the pairs of a group; of several values of one key it keeps any one, or all. The pairs are
// sorted by key, and each run of one key makes an entry.
func (b *binder) mapAggregate(s *specialCall, all bool) value {
	v, a := s.result, s.args
	pairs := s.modify("list", sql("{'key': %s, 'value': %s}", a[0].sql, a[1].sql))
	entry := "w['p'][r[1]]"
	if all {
		entry = "{'key': w['p'][r[1]]['key'], 'value': list_transform(r, lambda j: w['p'][j]['value'])}"
	}
	v.sql = sql("list_extract(list_transform(list_transform(list_transform([list_filter(%s, lambda p: p['key'] IS NOT NULL)], "+
		"lambda p: list_select(p, list_grade_up(list_transform(p, lambda e, i: {'k': e['key'], 'i': i})))), "+
		"lambda p: {'p': p, 'r': kiroku_runs(array_to_string(list_transform(p, lambda e, i: CASE WHEN e['key'] = p[i-1]['key'] THEN '0' ELSE '1' END), ''))}), "+
		"lambda w: CASE WHEN len(w['p']) > 0 THEN map_from_entries(list_transform(w['r'], lambda r: %s)) END), 1)", pairs, entry)
	return v
}
