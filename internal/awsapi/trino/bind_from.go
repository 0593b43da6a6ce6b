package trino

import (
	"strconv"
	"strings"
)

// from translates FROM and adds its relations to s.
func (b *binder) from(tables []Table, s *scope) string {
	parts := make([]string, len(tables))
	for i, t := range tables {
		parts[i] = b.fromTable(t, s)
		if i > 0 && keepsRight(t) {
			parts[i] = "(" + parts[i] + ")"
		}
	}
	return strings.Join(parts, " CROSS JOIN ")
}

// keepsRight says whether a join keeps rows of its right side, so that it must be done before others.
func keepsRight(t Table) bool {
	j, ok := t.(*Join)
	return ok && (j.Kind == "RIGHT" || j.Kind == "FULL" || keepsRight(j.Left))
}

func (b *binder) fromTable(t Table, s *scope) string {
	switch t := t.(type) {
	case *StoreRef:
		return b.store(t, s)
	case *Derived:
		return b.derived(t, s)
	case *Unnest:
		return b.unnest(t, s)
	case *Join:
		return b.join(t, s)
	}
	panic("BUG: unknown table")
}

// add adds a relation. Two tables of one name would make their columns ambiguous.
func (s *scope) add(r *relation, pos Pos) {
	for _, other := range s.relations {
		if r.alias != "" && other.alias == r.alias {
			fail(pos, "Give one of them another alias.", "table name %q is given twice", r.alias)
		}
	}
	s.relations = append(s.relations, r)
}

func (b *binder) store(t *StoreRef, s *scope) string {
	alias, pos := t.Name, t.Pos
	if t.Alias != nil {
		alias, pos = t.Alias.Name, t.Alias.Name.Pos
	}
	name := b.name("t")
	if c, ok := s.cte(t.Name.Name); ok {
		s.add(queryRelation(strings.ToLower(alias.Name), name, b.aliased(c.columns, t.Alias)), pos)
		return c.name + " AS " + name
	}
	found, err := b.catalog.Store(t.Name.Name)
	if err != nil {
		panic(storeProblem{err})
	}
	columns := schemaOf(found.Category)
	if columns == nil {
		fail(t.Pos, "Query a store of another category.", "event data store %q has events of category %q, which cannot be queried", t.Name.Name, found.Category)
	}
	if t.Alias != nil && len(t.Alias.Columns) > 0 {
		if len(t.Alias.Columns) != len(columns) {
			fail(t.Alias.Columns[0].Pos, "Leave the names of columns out.", "%q has %d columns, but %d names are given", t.Name.Name, len(columns), len(t.Alias.Columns))
		}
		for i, id := range t.Alias.Columns {
			columns[i] = columns[i].as(id.Name)
		}
	}
	b.table(found.Table)
	doc := wholeText
	if found.Short && found.Category.ofAWS() {
		doc = shortText
		columns = shortColumns(columns)
	}
	s.add(b.storeRelation(strings.ToLower(alias.Name), name, doc, columns), pos)
	return quoteName(found.Table) + " AS " + name
}

func (b *binder) aliased(columns []outCol, a *TableAlias) []outCol {
	if a == nil {
		return columns
	}
	return b.renamed(columns, a.Columns, a.Name)
}

func (b *binder) derived(t *Derived, s *scope) string {
	outer, lateral := s.outer, ""
	if t.Lateral {
		lateral = "LATERAL "
		inner := *s
		inner.group, inner.aliases = nil, nil
		outer = &inner
	}
	r := b.query(t.Query, outer)
	name, alias := b.name("t"), ""
	if t.Alias != nil {
		alias = strings.ToLower(t.Alias.Name.Name)
	}
	s.add(queryRelation(alias, name, b.aliased(r.columns, t.Alias)), t.Pos)
	return sql("%s(%s) AS %s", lateral, r.sql, name)
}

// unnested collects the columns that UNNEST makes.
type unnested struct {
	element string // the lambda's name of an element of the list
	lists   []string
	fields  []string // of the struct that an element becomes
	columns []outCol
}

func (u *unnested) add(name, sql string, typ *Type) {
	column := "f" + strconv.Itoa(len(u.fields))
	u.fields = append(u.fields, quoteText(column)+": "+sql)
	u.columns = append(u.columns, outCol{name, typ, column})
}

// take adds the columns of one array or map: an array of rows has one for each field, a map one for keys and one for
// values. part is what stands for the element.
func (u *unnested) take(v value, part string) {
	switch {
	case v.typ.Kind == Array && v.typ.Elem.Kind == Row:
		u.lists = append(u.lists, v.sql)
		for k, f := range v.typ.Elem.Fields {
			u.add(f.Name, sql("struct_extract(%s, %s)", part, quoteText(v.typ.Elem.fieldName(k))), f.Type)
		}
	case v.typ.Kind == Array:
		u.lists = append(u.lists, v.sql)
		u.add("", part, v.typ.Elem)
	case v.typ.Kind == Map:
		u.lists = append(u.lists, sql("map_entries(%s)", v.sql))
		u.add("", sql("struct_extract(%s, 'key')", part), v.typ.Key)
		u.add("", sql("struct_extract(%s, 'value')", part), v.typ.Elem)
	default:
		fail(v.pos, "Give arrays or maps.", "UNNEST of %s", v.typ)
	}
}

// unnest makes rows of the elements of arrays and maps. All of them become one list of structs, so that the shorter ones
// are filled up with NULL.
func (b *binder) unnest(t *Unnest, s *scope) string {
	u := &unnested{element: b.lambdaName()}
	inner := *s
	inner.clause = clauseUnnest
	for i, e := range t.Exprs {
		part := u.element
		if len(t.Exprs) > 1 {
			part = sql("%s[%d]", u.element, i+1)
		}
		u.take(b.whole(b.expr(e, &inner)), part)
	}
	if len(u.lists) == 0 {
		fail(t.Pos, "Give arrays or maps.", "UNNEST of nothing")
	}
	list := u.lists[0]
	if len(u.lists) > 1 {
		list = sql("list_zip(%s)", strings.Join(u.lists, ", "))
	}
	params := u.element
	if t.Ordinality {
		params += ", " + u.element + "n"
		u.add("ordinality", sql("CAST(%sn AS BIGINT)", u.element), typeBigint)
	}
	name, rows := b.name("t"), b.name("t")
	outer := make([]string, len(u.columns))
	for i, c := range u.columns {
		k := b.name("k")
		outer[i] = sql("struct_extract(%s.e, %s) AS %s", rows, quoteText(c.sql), k)
		u.columns[i].sql = k
		if c.name == "" {
			u.columns[i].name = "_col" + strconv.Itoa(i)
		}
	}
	alias := ""
	if t.Alias != nil {
		alias = strings.ToLower(t.Alias.Name.Name)
	}
	s.add(queryRelation(alias, name, b.aliased(u.columns, t.Alias)), t.Pos)
	return sql("LATERAL (SELECT %s FROM (SELECT unnest(list_transform(%s, lambda %s: {%s})) AS e) AS %s) AS %s",
		strings.Join(outer, ", "), list, params, strings.Join(u.fields, ", "), rows, name)
}

func (b *binder) join(j *Join, s *scope) string {
	left := b.fromTable(j.Left, s)
	split := len(s.relations)
	right := b.fromTable(j.Right, s)
	if _, nested := j.Right.(*Join); nested {
		right = "(" + right + ")"
	}
	if u, ok := j.Right.(*Unnest); ok && j.Kind != "CROSS" && !isTrue(j.On) {
		fail(u.Pos, "Join it with CROSS JOIN, or with LEFT JOIN … ON TRUE.", "UNNEST can only be joined ON TRUE")
	}
	text := sql("%s %s JOIN %s", left, j.Kind, right)
	switch {
	case j.On != nil:
		inner := *s
		inner.clause = "JOIN"
		text += " ON " + b.condition(j.On, &inner, "JOIN ON")
	case len(j.Using) > 0:
		text += " ON " + b.using(j, s, split)
	}
	return text
}

func isTrue(e Expr) bool {
	l, ok := e.(*Literal)
	return ok && l.Kind == "boolean" && l.Text == "true"
}

// using compares the columns that both tables have and merges each pair into one.
func (b *binder) using(j *Join, s *scope, split int) string {
	conditions := make([]string, len(j.Using))
	for i, id := range j.Using {
		l, r := b.usingColumn(s.relations[:split], id), b.usingColumn(s.relations[split:], id)
		lv, rv := b.whole(l.value(id.Pos)), b.whole(r.value(id.Pos))
		conditions[i] = b.compare("=", lv, rv, id.Pos).sql
		t := common(lv.typ, rv.typ)
		merged := value{sql: sql("coalesce(%s, %s)", b.coerce(lv, t).sql, b.coerce(rv, t).sql), typ: t}
		l.using, r.using = true, true
		s.merged = append(s.merged, relColumn{name: l.name, value: func(pos Pos) value {
			merged.pos = pos
			return merged
		}})
	}
	return strings.Join(conditions, " AND ")
}

func (b *binder) usingColumn(relations []*relation, id Ident) *relColumn {
	for _, r := range relations {
		for i := range r.columns {
			if strings.EqualFold(r.columns[i].name, id.Name) {
				return &r.columns[i]
			}
		}
	}
	fail(id.Pos, "Name a column that both tables have.", "column %q of USING is missing from one side of the join", id.Name)
	return nil
}
