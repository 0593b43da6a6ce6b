package duckdb

import (
	"errors"
	"fmt"
	"slices"
)

// maxReducing is how deep reductions may stand in each other: each is looked at several times.
const maxReducing = 4

// reducing are the functions that compute their second argument from what they have so far and the next element.
var reducing = []string{"list_reduce", "array_reduce", "reduce"}

// reduce is the growth of a reduction. Each member of its state may hold what it has so far once: if one doubled it for
// every element, forty of them would be a terabyte.
func (g *grower) reduce(o tree, args []any) (int, error) {
	if g.reducing++; g.reducing > maxReducing {
		return 0, invalid(o.position(), errors.New(tooDeep), "Nest fewer reductions, or make rows with unnest and aggregate them.")
	}
	defer func() { g.reducing-- }()
	list, err := g.value(args[0])
	if err != nil {
		return 0, err
	}
	start, err := g.value(args[2:])
	if err != nil {
		return 0, err
	}
	lambda, _ := args[1].(map[string]any)
	state := firstParameter(lambda)
	once, err := g.with(state, 1, lambda["expr"])
	if err != nil {
		return 0, err
	}
	ok, err := g.once(lambda["expr"], state)
	if err == nil && !ok {
		err = invalid(o.position(), fmt.Errorf("%s that makes what it has so far larger each time", o.text("function_name")),
			"Use what it has so far only once, or make rows with unnest and aggregate them.")
	}
	return list*once + start, err
}

// with is the growth of v when that of a column is n.
func (g *grower) with(column string, n int, v any) (int, error) {
	before := g.aliases[column]
	defer func() { g.aliases[column] = before }()
	g.aliases[column] = n
	return g.value(v)
}

// uses is how often v holds a column: by how much it grows with it.
func (g *grower) uses(v any, column string) (int, error) {
	single, err := g.with(column, 1, v)
	if err != nil {
		return 0, err
	}
	double, err := g.with(column, 2, v)
	return double - single, err
}

// once tells whether v, or each member of it when it is a struct, holds a column at most once.
func (g *grower) once(v any, column string) (bool, error) {
	all := func(list []any, column string) (bool, error) {
		for _, e := range list {
			if ok, err := g.once(e, column); err != nil || !ok {
				return false, err
			}
		}
		return true, nil
	}
	m, _ := v.(map[string]any)
	o := tree(m)
	args, _ := o["children"].([]any)
	switch name := lower(o.text("function_name")); {
	case o.text("class") == "CASE":
		checks, _ := o["case_checks"].([]any)
		values := []any{o["else_expr"]}
		for _, c := range checks {
			check, _ := c.(map[string]any)
			values = append(values, check["then_expr"])
		}
		return all(values, column)
	case name == "struct_pack" || name == "row":
		return all(args, column)
	case name == "struct_extract" || name == "list_extract" || name == "array_extract":
		return all(args[:min(1, len(args))], column)
	case slices.Contains(eachElement, name) && len(args) == 2:
		list, _ := args[0].(map[string]any)
		elements, _ := list["children"].([]any)
		lambda, _ := args[1].(map[string]any)
		if tree(list).text("function_name") != "list_value" || len(elements) != 1 {
			break
		}
		if n, err := g.uses(lambda["expr"], column); err != nil || n > 0 {
			return false, err
		}
		if ok, err := all(elements, column); err != nil || !ok {
			return false, err
		}
		return g.once(lambda["expr"], firstParameter(lambda))
	}
	n, err := g.uses(v, column)
	return n <= 1, err
}

// firstParameter is the name of a lambda's first parameter.
func firstParameter(lambda tree) string {
	lhs, _ := lambda["lhs"].(map[string]any)
	if names, _ := lhs["children"].([]any); len(names) > 0 {
		lhs, _ = names[0].(map[string]any)
	}
	if names, _ := lhs["column_names"].([]any); len(names) > 0 {
		name, _ := names[0].(string)
		return lower(name)
	}
	return ""
}
