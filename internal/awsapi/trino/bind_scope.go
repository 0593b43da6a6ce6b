package trino

import (
	"fmt"
	"strings"

	"kiroku/internal/spell"
)

// relation is a table that FROM names, with what its columns are.
type relation struct {
	alias   string // lower case; "": none
	columns []relColumn
}

// relColumn is one column of a relation. Its value is made when it is used.
type relColumn struct {
	name  string // as * shows it
	value func(pos Pos) value
	using bool // the other table of JOIN USING has it too: * and plain names mean merged
}

// scope is what the names of a SELECT mean.
type scope struct {
	relations []*relation
	merged    []relColumn // columns of JOIN USING
	aliases   []outColumn // in ORDER BY: the select list
	outer     *scope      // of the query around
	group     *grouped    // nil: the SELECT does not group
	clause    string      // where aggregates may not stand: its name
	inside    string      // aggregate around the current expression
	windows   []NamedWindow
	ctes      map[string]cte
}

const clauseUnnest = "UNNEST"

// grouped is the state of a SELECT with GROUP BY or aggregates.
type grouped struct {
	keys map[string]bool // translated expressions of GROUP BY
	free bool            // columns may be used as they are: within an aggregate, or while an expression is compared with keys
}

// column finds a column by its name. It returns false when there is none in this scope or around it.
func (s *scope) column(b *binder, id Ident) (value, bool) {
	for start := s; s != nil; s = s.outer {
		for _, a := range s.aliases {
			if a.named && strings.EqualFold(a.name, id.Name) {
				return a.value, true
			}
		}
		if v, ok := s.plain(b, id); ok {
			return b.capture(v, s != start || s.clause == clauseUnnest), true
		}
	}
	return value{}, false
}

func (s *scope) plain(b *binder, id Ident) (value, bool) {
	for _, c := range s.merged {
		if strings.EqualFold(c.name, id.Name) {
			return s.use(b, c, id), true
		}
	}
	var found *relColumn
	for _, r := range s.relations {
		for i := range r.columns {
			c := &r.columns[i]
			if c.using || !strings.EqualFold(c.name, id.Name) {
				continue
			}
			if found != nil {
				fail(id.Pos, "Write the table's alias and a dot before it.", "column %q is ambiguous", id.Name)
			}
			found = c
		}
	}
	if found == nil {
		return value{}, false
	}
	return s.use(b, *found, id), true
}

// qualified finds table.column.
func (s *scope) qualified(b *binder, table, id Ident) (value, bool) {
	for start := s; s != nil; s = s.outer {
		for _, r := range s.relations {
			if r.alias == "" || !strings.EqualFold(r.alias, table.Name) {
				continue
			}
			for _, c := range r.columns {
				if strings.EqualFold(c.name, id.Name) {
					return b.capture(s.use(b, c, Ident{table.Pos, id.Name}), s != start || s.clause == clauseUnnest), true
				}
			}
		}
	}
	return value{}, false
}

// use makes the value of a column, which a grouped SELECT may use only in aggregates or as one of its keys.
func (s *scope) use(b *binder, c relColumn, id Ident) value {
	v := c.value(id.Pos)
	if s.group != nil && !s.group.free {
		if v = b.whole(v); !s.group.keys[v.sql] {
			fail(id.Pos, "Add it to GROUP BY, or use an aggregate such as max or arbitrary.", "column %q must be an aggregate expression or appear in GROUP BY clause", id.Name)
		}
	}
	return v
}

// unknown fails because a name means nothing.
func (s *scope) unknown(id Ident) {
	for ; s != nil; s = s.outer {
		for _, r := range s.relations {
			if r.alias != "" && strings.EqualFold(r.alias, id.Name) {
				fail(id.Pos, "Write a dot and a column after it.", "%q is a table, not a column", id.Name)
			}
		}
		if s.outer == nil {
			names := s.names()
			if within := s.within(id); within != "" { // who knows the stores of trails writes eventName instead of eventData.eventName
				fail(id.Pos, advice(names), "column %q cannot be resolved; did you mean %q?", id.Name, within)
			}
			fail(id.Pos, advice(names), "column %q cannot be resolved%s", id.Name, meant(id.Name, names))
		}
	}
	fail(id.Pos, "Select FROM an event data store.", "column %q cannot be resolved", id.Name)
}

// names are those of all columns.
func (s *scope) names() (names []string) {
	for _, r := range s.relations {
		for _, c := range r.columns {
			names = append(names, c.name)
		}
	}
	return names
}

// within is the field of that name of a column, "" when there is none.
func (s *scope) within(id Ident) string {
	for _, r := range s.relations {
		for _, c := range r.columns {
			for _, f := range c.value(id.Pos).typ.Fields {
				if strings.EqualFold(f.Name, id.Name) {
					return c.name + "." + f.Name
				}
			}
		}
	}
	return ""
}

// meant is the end of a message about a name that means nothing: what was probably meant. AWS's clients show the message only.
func meant(name string, names []string) string {
	near := spell.Nearest(name, names)
	if len(near) == 0 {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", near[0])
}

func advice(names []string) string {
	const most = 12
	if len(names) == 0 {
		return "Put text into single quotes; to use columns, select FROM an event data store."
	}
	if len(names) > most {
		names = append(names[:most], "…")
	}
	return fmt.Sprintf("Check the name; text stands in single quotes, and an alias of the select list cannot be used here. The columns are %s.", strings.Join(names, ", "))
}
