package trino

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const (
	maxOutput = 200 << 10 // bytes of translated SQL, and of any part of it
	maxWork   = 200_000   // expressions bound for one statement
)

// binder resolves the names and types of one statement and writes it as SQL of DuckDB. Every column, table and lambda
// parameter gets a new name, so that nothing in the translation can mean something else than in the statement.
type binder struct {
	catalog Catalog
	opts    Options

	tables  []string
	ctes    []string       // translated common table expressions, in order
	names   int            // handed out so far
	work    int            // see step
	params  map[Pos]string // parameters by the place of their ? or '?'
	lambdas []lambdaParam
	// captured are columns in the body of a lambda that come into it by carry: those of queries around and of tables before
	// UNNEST, and when there is one of them, with carryAll, the others, too.
	captured []string
	carryAll bool
	// trying counts the try(…) and lambdas around the current expression: what would fail is NULL there. The engine
	// computes lambdas also for values that a condition leaves out.
	trying int
}

// lambdaParam is a name that the body of a lambda sees.
type lambdaParam struct {
	name  string
	value value
}

// value is a translated expression.
type value struct {
	sql    string
	typ    *Type
	pos    Pos
	text   *string // what a text constant says
	record *record // the value is a row that stands in the record: sql is made when the whole row is needed
}

// name makes a new name.
func (b *binder) name(prefix string) string {
	b.names++
	return prefix + strconv.Itoa(b.names)
}

// step counts work. Checking grouped queries binds an expression once for every expression around it.
func (b *binder) step(pos Pos) {
	if b.work++; b.work > maxWork {
		fail(pos, "Make it simpler: nest fewer subqueries.", "statement is too complex")
	}
}

// capture makes the value of a column for the body of a lambda; outer says that it is of a query around, or of a table
// before UNNEST.
func (b *binder) capture(v value, outer bool) value {
	if len(b.lambdas) == 0 || !outer && !b.carryAll {
		return v
	}
	text := v.sql
	if v.record != nil {
		text = v.record.doc
	}
	i := slices.Index(b.captured, text)
	if i < 0 {
		i = len(b.captured)
		b.captured = append(b.captured, text)
	}
	name := sql("w['c%d']", i)
	if v.record != nil {
		inner := *v.record
		inner.table, inner.doc = "", name
		v.record = &inner
		return v
	}
	v.sql = name
	return v
}

// carry writes a call whose lambdas use captured columns: the engine does not find these in the body of a lambda, so that
// they come into it, and all arguments with them, as a struct.
func (b *binder) carry(args []value, call func() string) string {
	fields := make([]string, 0, len(b.captured)+len(args))
	for i, text := range b.captured {
		fields = append(fields, sql("'c%d': %s", i, text))
	}
	b.captured = nil
	for i := range args {
		if args[i].typ.Kind != function {
			fields = append(fields, sql("'a%d': %s", i, args[i].sql))
			args[i].sql = sql("w['a%d']", i)
		}
	}
	return sql("list_extract(list_transform([{%s}], lambda w: %s), 1)", strings.Join(fields, ", "), call())
}

func (b *binder) checkSize(n int) {
	if n > maxOutput {
		fail(0, "Make it simpler: nest fewer functions in each other.", "statement is too complex")
	}
}

// sized bounds what repeated arguments can make of an expression.
func (b *binder) sized(v value) value {
	if len(v.sql) > maxOutput {
		fail(v.pos, "Make it simpler: nest fewer functions in each other.", "expression is too complex")
	}
	return v
}

func (b *binder) withs() string {
	if len(b.ctes) == 0 {
		return ""
	}
	return "WITH " + strings.Join(b.ctes, ", ") + " "
}

// table notes that the statement reads a table of the engine.
func (b *binder) table(name string) {
	for _, t := range b.tables {
		if t == name {
			return
		}
	}
	b.tables = append(b.tables, name)
}

// parameter returns the text of the parameter at a place.
func (b *binder) parameter(pos Pos) string {
	text, ok := b.params[pos]
	if !ok {
		fail(pos, "Write the value itself, or give one parameter for each ?.", "there is no value for this ?")
	}
	return text
}

// raise is the SQL that ends the query with a message, which is SQL too; within try(…) and lambdas it is NULL.
func (b *binder) raise(message string) string {
	if b.trying > 0 {
		return "NULL"
	}
	return "error(" + message + ")"
}

// let writes an expression that needs a value more than once: computed once, as the parameter of a lambda. Where errors
// must be raised the value is repeated instead: the engine computes lambdas for rows, too, that a condition leaves out.
func (b *binder) let(text string, f func(name string) string) string {
	const short = 32
	if len(text) <= short || b.trying == 0 {
		return f(text)
	}
	name := b.lambdaName()
	b.lambdas = append(b.lambdas, lambdaParam{})
	defer func() { b.lambdas = b.lambdas[:len(b.lambdas)-1] }()
	return sql("list_extract(list_transform([%s], lambda %s: %s), 1)", text, name, f(name))
}

// sql joins parts.
func sql(format string, args ...any) string { return fmt.Sprintf(format, args...) }
