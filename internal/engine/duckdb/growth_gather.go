package duckdb

import "slices"

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

// madeUp is how many rows the table functions below v make up when they are joined. A series of times counts as one row:
// its length is not known before it runs.
func madeUp(v any) int {
	rows := 1
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			rows = min(rows*madeUp(e), 1<<30)
		}
	case map[string]any:
		for _, field := range v {
			rows = min(rows*madeUp(field), 1<<30)
		}
		if call, _ := v["function"].(map[string]any); tree(v).text("type") == "TABLE_FUNCTION" {
			rows = min(rows*seriesLength(call), 1<<30)
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
	if n := madeUp(statement); n > maxRowsGathered {
		m, _ := statement.(map[string]any)
		return tooLong(m, "a list of more than %d rows that the statement makes up", maxRowsGathered)
	}
	return nil
}
