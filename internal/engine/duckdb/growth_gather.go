package duckdb

import (
	"fmt"
	"slices"
)

// A list of all rows may take all the memory that DuckDB counts. What is made of its elements is not counted, and no time
// limit ends it, so what is made of gathered rows may grow less, and a statement may not gather very many that it makes up.
const (
	maxGrowthGathered = 64
	maxRowsGathered   = 1_000_000 // that range and generate_series make up, multiplied
)

// gathering are the aggregates whose result holds all their rows.
var gathering = []string{"list", "array_agg", "string_agg", "group_concat", "listagg", "histogram", "histogram_exact", "json_group_array",
	"json_group_object", "json_group_structure", "bitstring_agg"}

// gathers tells whether v makes one value of many rows, or uses a column that did.
func (g *grower) gathers(v any) bool {
	switch v := v.(type) {
	case []any:
		return slices.ContainsFunc(v, g.gathers)
	case map[string]any:
		if slices.Contains(gathering, lower(tree(v).text("function_name"))) {
			return true
		}
		names, _ := v["column_names"].([]any)
		for _, n := range names {
			if name, _ := n.(string); g.lists[lower(name)] {
				return true
			}
		}
		for _, field := range v {
			if g.gathers(field) {
				return true
			}
		}
	}
	return false
}

// series counts the rows that a statement makes up: those of each of its common table expressions.
type series map[string]int

// rows is how many rows there are when all that v reads is joined. Rows of events count as one, and so does a series of
// times, whose length is not known before it runs.
func (s series) rows(v any) int {
	rows := 1
	times := func(n int) { rows = min(rows*n, 1<<30) }
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			times(s.rows(e))
		}
	case map[string]any:
		ctes, _ := v["cte_map"].(map[string]any)
		entries, _ := ctes["map"].([]any)
		for _, e := range entries {
			entry, _ := e.(map[string]any)
			s[lower(tree(entry).text("key"))] = s.rows(entry["value"])
		}
		for k, field := range v {
			if k != "cte_map" {
				times(s.rows(field))
			}
		}
		switch tree(v).text("type") {
		case "TABLE_FUNCTION":
			call, _ := v["function"].(map[string]any)
			times(seriesLength(call))
		case "BASE_TABLE":
			times(max(1, s[lower(tree(v).text("table_name"))]))
		}
	}
	return rows
}

// seriesLength is at least how many rows range and generate_series make of numbers.
func seriesLength(call tree) int {
	if name := lower(call.text("function_name")); name != "range" && name != "generate_series" {
		return 1
	}
	args, _ := call["children"].([]any)
	var ends [3]int
	for i, a := range args[:min(len(args), 3)] {
		v, _ := constant(a)
		ends[i] = number(v)
	}
	from, to, step := ends[0], ends[1], max(ends[2], -ends[2], 1)
	if len(args) == 1 {
		from, to = 0, ends[0]
	}
	return max(1, max(to-from, from-to)/step)
}

func checkMadeUp(statement any) error {
	if (series{}).rows(statement) <= maxRowsGathered {
		return nil
	}
	return invalid(-1, fmt.Errorf("lists of more than %d rows that the statement makes up", maxRowsGathered),
		"Make up fewer rows with range() or generate_series(), or aggregate them with count, min, max or sum.")
}
