package duckdb

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"kiroku/internal/engine"
	"kiroku/internal/fault"
)

// DuckDB's memory limit does not count the texts and lists of the chunk that an expression is working on, and an
// expression cannot be interrupted: SELECT repeat(raw_data, 4000000) would take the machine's memory first. So a
// statement is looked at before it runs: the growth of an expression is how many times larger than its columns a value
// may become, and it must stay below maxGrowth through all nested queries. Functions whose result is as long as a number
// says must be given that number as it is.
const (
	maxGrowth = 1000
	maxLength = 10_000  // of a text that is filled up with lpad or rpad, or of a bit string
	maxArray  = 1000    // elements of an ARRAY type
	maxSample = 100_000 // rows of a sample, for all of which room is made at once
)

// grower computes the growth of a statement.
type grower struct {
	aliases  map[string]int // growth of the columns that the select list named so far, and of what a reduction has
	reducing int            // reductions around the current expression

	lists    map[string]bool // columns that the select list named so far and that gather rows
	gathered bool            // what the current query reads may hold gathered rows
}

// joining are the functions whose result holds all their arguments.
var joining = []string{"||", "+", "concat", "concat_ws", "list_concat", "list_cat", "array_concat", "array_cat", "list_append", "array_append",
	"array_push_back", "list_prepend", "array_prepend", "array_push_front", "list_value", "list_pack", "array_value", "struct_pack", "struct_insert",
	"struct_concat", "struct_update", "row", "map", "map_concat", "format", "printf", "json_object", "json_array", "json_merge_patch", "list_zip",
	"array_zip", "parse_path"}

// eachElement are the functions that compute their second argument for every element of the first.
var eachElement = []string{"list_transform", "array_transform", "list_apply", "array_apply", "apply"}

// numbering are the functions that return one number for every element, or character, of their first argument, however large it is.
var numbering = []string{"list_grade_up", "array_grade_up", "grade_up", runsName}

// checkGrowth refuses a statement whose values could outgrow memory before DuckDB notices.
func checkGrowth(statement any) error {
	g := &grower{}
	if g.gathers(statement) {
		if err := checkMadeUp(statement); err != nil {
			return err
		}
	}
	_, err := g.value(statement)
	return err
}

func tooLong(o tree, format string, args ...any) error {
	return invalid(o.position(), fmt.Errorf(format, args...), "Make the result smaller, or make rows instead, for example with FROM range(…).")
}

// value is the growth of the largest of all things below v.
func (g *grower) value(v any) (int, error) {
	switch v := v.(type) {
	case []any:
		most := 1
		for _, e := range v {
			n, err := g.value(e)
			if err != nil {
				return 0, err
			}
			most = max(most, n)
		}
		return most, nil
	case map[string]any:
		return g.object(tree(v))
	}
	return 1, nil
}

func (g *grower) object(o tree) (int, error) {
	n, err := g.grow(o)
	most := maxGrowth
	if n > maxGrowthGathered && o.text("class") == "FUNCTION" && (g.gathered || g.gathers(map[string]any(o))) {
		most = maxGrowthGathered
	}
	if err == nil && n > most {
		err = tooLong(o, "a value may become more than %d times as large as the columns it is made of", most)
	}
	return n, err
}

func (g *grower) grow(o tree) (int, error) {
	if err := checkSample(o); err != nil {
		return 0, err
	}
	switch o.text("class") {
	case "FUNCTION", "WINDOW":
		return g.function(o)
	case "COLUMN_REF":
		// One of the names may be a column, the others its relation and its members.
		most := 1
		names, _ := o["column_names"].([]any)
		for _, n := range names {
			name, _ := n.(string)
			most = max(most, g.aliases[lower(name)])
		}
		return most, nil
	case "COMPARISON", "CONJUNCTION", "BETWEEN":
		_, err := g.fields(o)
		return 1, err
	}
	switch typ := o.text("type"); {
	case typ == "TABLE_FUNCTION":
		// It makes rows, not one value: only its arguments can grow.
		call, _ := o["function"].(map[string]any)
		n, err := g.fields(call)
		if err != nil {
			return 0, err
		}
		rest, err := g.fields(o, "function")
		return max(n, rest), err
	case typ == "SELECT_NODE":
		gathered := g.gathered || g.gathers(o["from_table"]) || g.gathers(o["cte_map"])
		return (&grower{aliases: map[string]int{}, lists: map[string]bool{}, gathered: gathered}).selectNode(o)
	case typ == "ARRAY_TYPE_INFO" && number(o["size"]) > maxArray:
		return 0, tooLong(o, "an ARRAY of more than %d elements", maxArray)
	}
	return g.query(o)
}

// fields is the growth of the largest field of o.
func (g *grower) fields(o tree, except ...string) (int, error) {
	most := 1
	for k, v := range o {
		if slices.Contains(except, k) {
			continue
		}
		n, err := g.value(v)
		if err != nil {
			return 0, err
		}
		most = max(most, n)
	}
	return most, nil
}

// query multiplies the growth of the common table expressions, which may build on each other, with that of the rest.
func (g *grower) query(o tree, except ...string) (int, error) {
	total := 1
	m, _ := o["cte_map"].(map[string]any)
	entries, _ := m["map"].([]any)
	for _, e := range entries {
		n, err := g.value(e)
		if err != nil {
			return 0, err
		}
		total *= n
		if total > maxGrowth {
			return total, nil
		}
	}
	n, err := g.fields(o, append(except, "cte_map")...)
	return total * n, err
}

// selectNode multiplies the growth of what a query reads with that of its expressions. A column of the select list may
// use those before it by their names.
func (g *grower) selectNode(o tree) (int, error) {
	from, err := g.value(o["from_table"])
	if err != nil {
		return 0, err
	}
	list, _ := o["select_list"].([]any)
	most := 1
	for _, e := range list {
		n, err := g.value(e)
		if err != nil {
			return 0, err
		}
		most = max(most, n)
		if item, _ := e.(map[string]any); tree(item).text("alias") != "" {
			alias := lower(tree(item).text("alias"))
			g.aliases[alias], g.lists[alias] = n, g.gathers(e)
		}
	}
	rest, err := g.query(o, "from_table", "select_list")
	return from * max(most, rest), err
}

func (g *grower) function(o tree) (int, error) {
	args, _ := o["children"].([]any)
	name := lower(o.text("function_name"))
	if slices.Contains(reducing, name) && len(args) > 1 {
		return g.reduce(o, args)
	}
	sizes := make([]int, len(args))
	sum, most := 0, 1
	for i, a := range args {
		n, err := g.value(a)
		if err != nil {
			return 0, err
		}
		sizes[i] = n
		sum += n
		most = max(most, n)
	}
	if _, err := g.fields(o, "children"); err != nil {
		return 0, err
	}
	switch {
	case slices.Contains(joining, name):
		if name == "format" || name == "printf" {
			return sum, checkFormat(o, args)
		}
		return sum, nil
	case slices.Contains(eachElement, name) && len(sizes) > 1:
		return sizes[0] * sizes[1], nil
	case slices.Contains(numbering, name):
		return 1, nil
	}
	n, err := fillSize(o, name, args)
	return most * n, err
}

// checkSample refuses a sample of more rows than memory has room for.
func checkSample(o tree) error {
	sample, _ := o["sample"].(map[string]any)
	rows, _ := sample["sample_size"].(map[string]any)
	if percent, _ := sample["is_percentage"].(bool); !percent && number(rows["value"]) > maxSample {
		return tooLong(o, "a sample of more than %d rows", maxSample)
	}
	return nil
}

// fillSize is how many times its first argument a function may return.
func fillSize(o tree, name string, args []any) (int, error) {
	switch name {
	case "repeat", "list_resize", "array_resize":
		return literal(o, name, args, 1, maxGrowth)
	case "lpad", "rpad", "bitstring":
		_, err := literal(o, name, args, 1, maxLength)
		return 1, err
	case "range", "generate_series":
		// From, to and step: the distance of the ends is enough.
		most := 1
		for i := range args {
			n, err := literal(o, name, args, i, maxGrowth)
			if err != nil {
				return 0, err
			}
			most = max(most, n)
		}
		return most, nil
	case "replace", "regexp_replace", "translate":
		if len(args) < 3 {
			return 1, nil
		}
		to, ok := constant(args[2])
		if !ok {
			return 0, tooLong(o, "%s with a third argument that is not given as text", name)
		}
		text, _ := to.(string)
		return max(1, len(text)), nil
	}
	return 1, nil
}

// literal is the i-th argument, which must be a number of at most limit as it stands.
func literal(o tree, name string, args []any, i, limit int) (int, error) {
	if i >= len(args) {
		return 1, nil // the engine will refuse it
	}
	v, ok := constant(args[i])
	n, isNumber := v.(json.Number)
	if !ok || !isNumber {
		return 0, invalid(o.position(), fmt.Errorf("%s with a size that is not given as a number", name),
			fmt.Sprintf("Write the number, at most %d; to make rows, use FROM range(…).", limit))
	}
	if size := number(n); size > limit {
		return 0, tooLong(o, "%s of %s, more than %d", name, n, limit)
	}
	return max(1, number(n)), nil
}

// constant is the value of a constant expression.
func constant(v any) (any, bool) {
	o, _ := v.(map[string]any)
	for tree(o).text("class") == "CAST" {
		o, _ = o["child"].(map[string]any)
	}
	if tree(o).text("class") != "CONSTANT" {
		return nil, false
	}
	value, _ := o["value"].(map[string]any)
	return value["value"], true
}

// number reads a number of the syntax tree; what does not fit is as large as can be.
func number(v any) int {
	n, ok := v.(json.Number)
	if !ok {
		return 0
	}
	i, err := n.Int64()
	if err != nil || i > 1<<30 || i < -1<<30 {
		return 1 << 30
	}
	return int(i)
}

// checkFormat refuses widths of more than four digits, and those that are arguments.
func checkFormat(o tree, args []any) error {
	if len(args) == 0 {
		return nil
	}
	v, ok := constant(args[0])
	text, isText := v.(string)
	if !ok || !isText {
		return fault.New(fault.Invalid, &engine.SQLError{Position: o.position(), Err: fmt.Errorf("%s with a format that is not given as text", o.text("function_name"))},
			"Write the format as it is.")
	}
	digits := 0
	for _, c := range text {
		if c < '0' || c > '9' {
			digits = 0
			continue
		}
		if digits++; digits > 4 {
			return tooLong(o, "a format with a width of more than four digits")
		}
	}
	if strings.Contains(text, "*") && o.text("function_name") == "printf" || strings.Contains(text, "{:{") {
		return tooLong(o, "a format whose width is an argument")
	}
	return nil
}
