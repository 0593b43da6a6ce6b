package trino

import "strings"

// record is a row that stands in a JSON text: at a path of the record of a table, or of an element of an array there.
type record struct {
	table  string // alias of the table; "": doc is not the record
	doc    string // SQL of the JSON text
	path   string
	column *column
}

// storeRelation makes the relation of an event data store; doc is the SQL of the record, with % for the table.
func (b *binder) storeRelation(alias, table, doc string, columns []column) *relation {
	r := &relation{alias: alias}
	doc = strings.ReplaceAll(doc, "%", table)
	for i := range columns {
		c := &columns[i]
		r.columns = append(r.columns, relColumn{name: c.name, value: func(pos Pos) value {
			return b.read(record{table, doc, c.path, c}, pos)
		}})
	}
	return r
}

// read makes the value of a column or field of the record.
func (b *binder) read(r record, pos Pos) value {
	c := r.column
	v := value{typ: c.typ, pos: pos}
	if c.flat != "" && r.table != "" {
		v.sql = strings.ReplaceAll(c.flat, "%", r.table)
		return v
	}
	if c.typ.Kind == Row {
		v.record = &r
		return v
	}
	v.sql = b.leaf(r)
	return v
}

// leaf takes anything but a row out of the JSON text.
func (b *binder) leaf(r record) string {
	path := quoteText(r.path)
	switch c := r.column; c.typ.Kind {
	case Boolean, Timestamp, Double, Integer:
		return sql("TRY_CAST(kiroku_json_text(%s, %s) AS %s)", r.doc, path, c.typ.duck())
	case Map:
		return sql("kiroku_json_texts(%s, %s)", r.doc, path)
	case Array:
		e := b.lambdaName()
		b.lambdas = append(b.lambdas, lambdaParam{})
		defer func() { b.lambdas = b.lambdas[:len(b.lambdas)-1] }()
		element := column{path: "$", typ: c.typ.Elem, fields: c.fields}
		return sql("list_transform(kiroku_json_elements(%s, %s), lambda %s: %s)", r.doc, path, e, b.build(record{"", e, "$", &element}))
	default:
		return sql("kiroku_json_text(%s, %s)", r.doc, path)
	}
}

// field is a field of a row in the record.
func (r *record) field(name string) (record, bool) {
	for i := range r.column.fields {
		if f := &r.column.fields[i]; f.name == strings.ToLower(name) {
			return record{r.table, r.doc, r.path + f.path[1:], f}, true
		}
	}
	return record{}, false
}

// whole makes the SQL of a row that stands in the record.
func (b *binder) whole(v value) value {
	if v.record != nil {
		v.sql = b.build(*v.record)
		v.record = nil
	}
	return v
}

// build makes a STRUCT of an object in the record, NULL where there is none. Below it only the object's own text is read.
func (b *binder) build(r record) string {
	doc := sql("kiroku_json_text(%s, %s)", r.doc, quoteText(r.path))
	if r.path == "$" {
		doc = r.doc
	}
	parts := make([]string, len(r.column.fields))
	for i := range parts {
		f := &r.column.fields[i]
		inner := record{"", doc, f.path, f}
		text := ""
		switch {
		case f.flat != "" && r.table != "":
			text = strings.ReplaceAll(f.flat, "%", r.table)
		case f.typ.Kind == Row:
			inner.table = r.table
			text = b.build(inner)
		default:
			text = b.leaf(inner)
		}
		parts[i] = quoteText(r.column.typ.elemOrSelf().fieldName(i)) + ": " + text
	}
	return sql("CASE WHEN %s IS NOT NULL THEN {%s} END", doc, strings.Join(parts, ", "))
}

// elemOrSelf is the element type of an array, or the type itself.
func (t *Type) elemOrSelf() *Type {
	if t.Kind == Array {
		return t.Elem
	}
	return t
}

// lambdaName is the name of the next lambda parameter. It depends on the nesting alone, so that equal expressions are
// translated equally: that is how keys of GROUP BY are recognised.
func (b *binder) lambdaName() string { return sql("v%d", len(b.lambdas)) }
