package duckdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"kiroku/internal/engine"
	"kiroku/internal/fault"
)

const (
	maxSQL      = 256 << 10 // longest statement in bytes
	maxSelects  = 500       // SELECTs in a statement, subqueries included: planning them cannot be interrupted
	maxDepth    = 200       // nesting of an expression: its cost in planning rises faster than its square
	tooDeep     = "the statement is nested too deeply"
	tooDeepNext = "Make it simpler: use IN (…) or a list parameter instead of long chains."
)

// names are the relations that a statement may select from, by their lower-cased names.
type names map[string]bool

func newNames(tables []string) names {
	n := names{engine.Events: true, engine.OCSF: true}
	for _, t := range tables {
		n[lower(t)] = true
	}
	return n
}

func invalid(position int, err error, next string) error {
	return fault.New(fault.Invalid, &engine.SQLError{Position: position, Err: err}, next)
}

// parsed is what DuckDB's json_serialize_sql answers.
type parsed struct {
	Error      bool   `json:"error"`
	Type       string `json:"error_type"`
	Message    string `json:"error_message"`
	Position   string `json:"position"`
	Statements []any  `json:"statements"`
}

// check parses sql and lets it pass only when it is one SELECT that is made of what user SQL may use. It returns the
// relations that the statement reads, by their lower-cased names.
func (c *conn) check(ctx context.Context, sql string, known names) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := checkText(sql); err != nil {
		return nil, err
	}
	text, err := c.text("SELECT json_serialize_sql(?::VARCHAR)", sql)
	if err != nil {
		return nil, fmt.Errorf("parse statement: %w", err)
	}
	var p parsed
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&p); err != nil {
		return nil, invalid(-1, errors.New(tooDeep), tooDeepNext)
	}
	if err := p.err(known); err != nil {
		return nil, err
	}
	w := &walker{known: known, used: map[string]bool{}}
	if err := w.walk(p.Statements[0], nil); err != nil {
		return nil, err
	}
	if err := checkGrowth(p.Statements[0]); err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(w.used)), nil
}

// checkText refuses what the parser and the engine could read differently.
func checkText(sql string) error {
	if len(sql) > maxSQL {
		return invalid(-1, fmt.Errorf("statement has %d bytes, more than %d", len(sql), maxSQL), "Send a shorter statement; give long lists as parameters.")
	}
	if i := strings.IndexByte(sql, 0); i >= 0 {
		return invalid(i, errors.New("statement has a NUL character"), "Remove it.")
	}
	if !utf8.ValidString(sql) {
		return invalid(-1, errors.New("statement is not UTF-8"), "Send the statement as UTF-8.")
	}
	return nil
}

const onlySelect = "Only one SELECT statement can be run: it may start with SELECT, WITH, FROM, VALUES, DESCRIBE, SUMMARIZE or PIVOT … ON … IN (…)."

func (p parsed) err(known names) error {
	switch {
	case p.Error && p.Type == "not implemented":
		return invalid(-1, errors.New("statement is not a SELECT that can be checked"), onlySelect)
	case p.Error && (strings.Contains(p.Message, "expression depth") || strings.HasPrefix(p.Message, "memory exhausted")):
		return invalid(-1, errors.New(tooDeep), tooDeepNext)
	case p.Error:
		pos, err := strconv.Atoi(p.Position)
		if err != nil {
			pos = -1
		}
		return invalid(pos, errors.New(p.Message), known.correct(p.Message))
	case len(p.Statements) == 0:
		return invalid(-1, errors.New("statement is empty"), onlySelect)
	case len(p.Statements) > 1:
		return invalid(-1, fmt.Errorf("%d statements instead of one", len(p.Statements)), onlySelect)
	}
	return nil
}

// correct is what to do about a statement that the parser refuses. Some stores have names that are words of SQL.
func (n names) correct(message string) string {
	_, near, _ := strings.Cut(message, ` at or near "`)
	if name := strings.TrimSuffix(near, `"`); n[lower(name)] {
		return "Correct the statement at that place; the name of a store stands in double quotes: " + quoteName(name) + "."
	}
	return "Correct the statement at that place."
}

// scope is the common table expressions that can be seen from a place, innermost first.
type scope struct {
	name  string
	outer *scope
}

func (s *scope) has(name string) bool {
	for ; s != nil; s = s.outer {
		if s.name == name {
			return true
		}
	}
	return false
}

// walker goes over a syntax tree. What it does not know it refuses.
type walker struct {
	known   names
	used    map[string]bool
	selects int // so far
	depth   int // of expressions around the current one
}

// walk visits every object below v.
func (w *walker) walk(v any, s *scope) error {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if err := w.walk(e, s); err != nil {
				return err
			}
		}
	case map[string]any:
		return w.object(tree(v), s)
	}
	return nil
}

func (w *walker) object(o tree, s *scope) error {
	if o.text("class") != "" {
		return w.expression(o, s)
	}
	if o.text("type") != "" {
		return w.node(o, s)
	}
	return w.fields(o, s)
}

// fields visits what is below o; except names fields that were visited already.
func (w *walker) fields(o tree, s *scope, except ...string) error {
	for k, v := range o {
		if slices.Contains(except, k) {
			continue
		}
		if err := w.walk(v, s); err != nil {
			return err
		}
	}
	return nil
}

// expression checks an object with a class.
func (w *walker) expression(o tree, s *scope) error {
	if w.depth++; w.depth > maxDepth {
		return invalid(o.position(), errors.New(tooDeep), tooDeepNext)
	}
	defer func() { w.depth-- }()
	switch class := o.text("class"); class {
	case "CONSTANT":
		return nil
	case "FUNCTION", "WINDOW":
		if err := o.checkFunction(); err != nil {
			return err
		}
	case "BETWEEN", "CASE", "CAST", "COLLATE", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "LAMBDA", "LAMBDA_REF", "OPERATOR",
		"PARAMETER", "POSITIONAL_REFERENCE", "STAR", "SUBQUERY", "DEFAULT", "TYPE":
	default:
		return invalid(o.position(), fmt.Errorf("expression of kind %q is not allowed", class), "Write the statement without it.")
	}
	return w.fields(o, s)
}

func (o tree) checkFunction() error {
	name := o.text("function_name")
	if schema := o.text("schema"); schema != "" && schema != "main" && schema != "pg_catalog" || o.text("catalog") != "" && o.text("catalog") != "system" {
		return invalid(o.position(), fmt.Errorf("function %q is named with a schema", name), "Name the function alone.")
	}
	if !allowedFunctions()[lower(name)] {
		return invalid(o.position(), fmt.Errorf("function %q does not exist or is not allowed", name),
			"Use a function that computes: those that read files, settings or the catalog, or run statements, cannot be called.")
	}
	return nil
}

// node checks an object that has a type but no class: a query, a relation, or a part of them.
func (w *walker) node(o tree, s *scope) error {
	switch typ := o.text("type"); typ {
	case "BASE_TABLE":
		return w.baseTable(o, s)
	case "TABLE_FUNCTION":
		return w.tableFunction(o, s)
	case "SHOW_REF":
		if o["query"] == nil || o.text("table_name") != "" {
			return invalid(o.position(), errors.New("SHOW is not allowed"), "Use DESCRIBE events to see the columns.")
		}
	case "RECURSIVE_CTE_NODE":
		inner, err := w.cteMap(o, s)
		if err != nil {
			return err
		}
		// The name stands for the rows so far, and only in the second part.
		if err := w.walk(o["right"], &scope{lower(o.text("cte_name")), inner}); err != nil {
			return err
		}
		return w.fields(o, inner, "cte_map", "right")
	case "SELECT_NODE", "SET_OPERATION_NODE":
		if w.selects++; w.selects > maxSelects {
			return invalid(-1, fmt.Errorf("more than %d SELECTs in one statement", maxSelects), "Run several statements.")
		}
		inner, err := w.cteMap(o, s)
		if err != nil {
			return err
		}
		return w.fields(o, inner, "cte_map")
	case "EMPTY", "SUBQUERY", "JOIN", "EXPRESSION_LIST", "PIVOT",
		"ORDER_MODIFIER", "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "DISTINCT_MODIFIER",
		"ORDER_DEFAULT", "ASCENDING", "DESCENDING":
	default:
		if !strings.HasSuffix(typ, "_TYPE_INFO") {
			return invalid(o.position(), fmt.Errorf("part of kind %q is not allowed", typ), "Write the statement without it.")
		}
	}
	return w.fields(o, s)
}

// cteMap checks the common table expressions of a query and returns the scope of its other parts. Each expression sees
// those before it.
func (w *walker) cteMap(o tree, s *scope) (*scope, error) {
	m, _ := o["cte_map"].(map[string]any)
	entries, _ := m["map"].([]any)
	for _, e := range entries {
		entry, _ := e.(map[string]any)
		name := tree(entry).text("key")
		// Such a name would stand for a file or the catalog wherever the expression cannot be seen.
		if strings.ContainsAny(name, `./\:*?[`) || reserved(lower(name)) {
			return nil, invalid(-1, fmt.Errorf("common table expression %q has a reserved name", name), "Use letters, digits and _ for its name.")
		}
		if err := w.walk(entry["value"], s); err != nil {
			return nil, err
		}
		s = &scope{lower(name), s}
	}
	return s, nil
}

func reserved(name string) bool {
	for _, prefix := range []string{"duckdb_", "pg_", "pragma_", "sqlite_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return name == "information_schema"
}

func (w *walker) baseTable(o tree, s *scope) error {
	name := o.text("table_name")
	if o.text("schema_name") != "" || o.text("catalog_name") != "" {
		return invalid(o.position(), fmt.Errorf("relation %q is named with a schema", name), "Name one of the event data stores alone: "+w.known.list()+".")
	}
	if o["at_clause"] != nil {
		return invalid(o.position(), errors.New("AT is not allowed"), "Give a range of time in WHERE.")
	}
	if key := lower(name); !s.has(key) {
		if !w.known[key] {
			return invalid(o.position(), fmt.Errorf("there is no event data store %q that you may read", name),
				"Select from "+w.known.list()+", or from a common table expression of the statement.")
		}
		w.used[key] = true
	}
	return w.fields(o, s)
}

// list names the known relations, as a statement writes them.
func (n names) list() string {
	const most = 10
	list := slices.Sorted(maps.Keys(n))
	for i, name := range list {
		if name != engine.Events && name != engine.OCSF {
			list[i] = quoteName(name) // "default" is a word of SQL, and many names have a "-"
		}
	}
	if len(list) > most {
		list = append(list[:most], "…")
	}
	return strings.Join(list, ", ")
}

func (w *walker) tableFunction(o tree, s *scope) error {
	call, _ := o["function"].(map[string]any)
	f := tree(call)
	name := f.text("function_name")
	if f.text("class") != "FUNCTION" || !allowedTableFunction(lower(name)) || f.text("schema") != "" || f.text("catalog") != "" {
		return invalid(o.position(), fmt.Errorf("table function %q is not allowed", name),
			"Select from "+w.known.list()+", range, generate_series, unnest, json_each or json_tree.")
	}
	if err := w.fields(f, s); err != nil {
		return err
	}
	return w.fields(o, s, "function")
}

// tree is an object of the syntax tree.
type tree map[string]any

func (o tree) text(key string) string {
	s, _ := o[key].(string)
	return s
}

// position is the byte offset of the object in the statement, -1 when the parser does not know it.
func (o tree) position() int {
	n, _ := o["query_location"].(json.Number)
	p, err := strconv.Atoi(n.String())
	if err != nil {
		return -1
	}
	return p
}
