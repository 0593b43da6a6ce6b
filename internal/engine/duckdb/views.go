package duckdb

import (
	"fmt"
	"slices"
	"strings"

	"kiroku/internal/engine"
	"kiroku/internal/event"
	"kiroku/internal/fault"
)

// relation is something that a statement can select from.
type relation struct {
	name   string // as the table writes it
	tables []engine.Table
	store  bool     // with the column engine.StoreColumn
	ocsf   bool     // columns nested into OCSF objects
	hide   []string // columns that are left out
}

// relationsOf lists the relations over tables by their lower-cased names, as DuckDB compares them.
func relationsOf(tables []engine.Table, hide []string) (map[string]relation, error) {
	rs := map[string]relation{
		engine.Events: {name: engine.Events, tables: tables, store: true, hide: hide},
		engine.OCSF:   {name: engine.OCSF, tables: tables, store: true, ocsf: true, hide: hide},
	}
	seen := map[string]bool{}
	for _, t := range tables {
		key := lower(t.Name)
		if t.Name == "" || seen[key] || strings.ContainsRune(t.Name, 0) {
			return nil, fault.New(fault.Invalid, fmt.Errorf("query: table name %q is empty or stands twice", t.Name), "Give every table one name.")
		}
		seen[key] = true
		rs[key] = relation{name: t.Name, tables: []engine.Table{t}, hide: hide}
	}
	return rs, nil
}

// lower folds a name as DuckDB does: ASCII only.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// viewText is the statement that makes the relation a view of the connection.
func (r relation) viewText() string {
	var b strings.Builder
	b.WriteString("CREATE OR REPLACE TEMP VIEW " + quoteName(r.name) + " AS ")
	parts := 0
	for _, t := range r.tables {
		if len(t.Files) == 0 && (len(r.tables) > 1) {
			continue
		}
		if parts > 0 {
			b.WriteString(" UNION ALL ")
		}
		parts++
		r.selectText(&b, t)
	}
	if parts == 0 {
		r.selectText(&b, engine.Table{})
	}
	return b.String()
}

func (r relation) selectText(b *strings.Builder, t engine.Table) {
	b.WriteString("SELECT ")
	if r.store {
		b.WriteString(quoteText(t.Name) + " AS " + engine.StoreColumn + ", ")
	}
	switch {
	case r.ocsf:
		b.WriteString(ocsfColumns(r.columns(), len(t.Files) > 0))
	default:
		b.WriteString(flatColumns(r.columns(), len(t.Files) > 0))
	}
	if len(t.Files) == 0 {
		b.WriteString(" WHERE false")
		return
	}
	b.WriteString(" FROM read_parquet([")
	for i, f := range t.Files {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(quoteText(escapeGlob(f)))
	}
	// A folder called day=2026-01-01 is not a column.
	b.WriteString("], hive_partitioning = false)")
}

// columns are the columns of the event table that the relation has.
func (r relation) columns() []event.Column {
	return slices.DeleteFunc(event.Columns(), func(c event.Column) bool { return slices.Contains(r.hide, c.String()) })
}

// flatColumns lists columns, or typed nulls where there is no file to take them from.
func flatColumns(columns []event.Column, files bool) string {
	cols := make([]string, len(columns))
	for i, c := range columns {
		cols[i] = columnText(c, files)
		if !files {
			cols[i] += " AS " + quoteName(c.String())
		}
	}
	return strings.Join(cols, ", ")
}

func columnText(c event.Column, files bool) string {
	if files {
		return quoteName(c.String())
	}
	return "CAST(NULL AS " + sqlType(c.Kind()) + ")"
}

func sqlType(k event.Kind) string {
	switch k {
	case event.Int:
		return "INTEGER"
	case event.Long:
		return "BIGINT"
	case event.Bool:
		return "BOOLEAN"
	case event.Timestamp:
		return "TIMESTAMP WITH TIME ZONE"
	case event.Double:
		return "DOUBLE"
	case event.StringList:
		return "VARCHAR[]"
	case event.StringMap:
		return "MAP(VARCHAR, VARCHAR)"
	default:
		return "VARCHAR"
	}
}

func quoteName(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

func quoteText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// escapeGlob keeps read_parquet from taking a file name for a pattern.
func escapeGlob(path string) string {
	if !strings.ContainsAny(path, "*?[") {
		return path
	}
	return globEscaper.Replace(path)
}

var globEscaper = strings.NewReplacer("*", "[*]", "?", "[?]", "[", "[[]")
