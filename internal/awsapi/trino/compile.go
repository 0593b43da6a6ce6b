package trino

import (
	"time"
)

// Catalog says which event data stores a statement may read. Compile calls it from its own goroutine.
type Catalog interface {
	// Store returns the event data store that a statement names by its id or ARN, as written there. Its error is what
	// Compile returns, for example EventDataStoreNotFoundException.
	Store(name string) (Store, error)
}

// Store is an event data store as a statement reads it.
type Store struct {
	Table    string   // its name as a table of the engine
	Category Category // of its events: which columns it has
	// Short says that AWS's own events over 256 KB are shown as CloudTrail cuts them. The record in the lake stays whole.
	Short bool
}

// Options are what a statement depends on besides its text.
type Options struct {
	Now        time.Time // the value of now() and its like; the same for the whole statement
	Parameters []string  // what stands for each '?' and ?, in their order
}

// Column is one column of a result.
type Column struct {
	Name string // as CloudTrail Lake names it: the alias, the last name of a path as typed, or _col0, _col1, … by position
	Type *Type
}

// Query is a statement that can be run. The columns of its result are those of Columns in their order, with other names.
type Query struct {
	SQL     string   // one SELECT of DuckDB's dialect; it has no parameters
	Columns []Column // never empty
	Tables  []string // tables of the engine that it reads, in the order of the statement, each once
}

// Compile parses a statement, resolves its names and types against the stores of the catalog and translates it. An error
// that the statement's author can mend is a fault.Invalid with an *Error inside; others are the catalog's.
func Compile(statement string, catalog Catalog, opts Options) (c *Query, err error) {
	q, err := Parse(statement)
	if err != nil {
		return nil, err
	}
	defer catch(statement, &err)
	b := &binder{catalog: catalog, opts: opts, params: parameters(statement, opts.Parameters)}
	r := b.query(q, nil)
	c = &Query{SQL: b.withs() + r.sql, Tables: b.tables}
	for _, col := range r.columns {
		c.Columns = append(c.Columns, Column{col.name, col.typ})
	}
	b.checkSize(len(c.SQL))
	return c, nil
}

// parameters gives each ? and '?' of a statement its value, in their order. Without values only the bare ? is a parameter.
func parameters(statement string, values []string) map[Pos]string {
	if len(values) == 0 {
		return nil
	}
	m := map[Pos]string{}
	n := 0
	for _, t := range tokens(statement) {
		if t.text != "?" || t.kind != tokString && t.kind != tokSymbol {
			continue
		}
		if n < len(values) {
			m[t.pos] = values[n]
		}
		n++
	}
	if n != len(values) {
		fail(0, "Give one parameter for each ?.", "statement has %d places for parameters, but there are %d values", n, len(values))
	}
	return m
}
