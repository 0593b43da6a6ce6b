package duckdb

import (
	"strconv"
	"strings"

	duck "github.com/duckdb/duckdb-go-bindings"
)

// profiling lets a connection count what operators hand on, and nothing else.
func profiling() []string {
	return []string{"SET enable_profiling = 'no_output'", `SET custom_profiling_settings = '{"OPERATOR_NAME": "true", "OPERATOR_CARDINALITY": "true"}'`}
}

// matched is how many rows of files the last query of the connection went on with, after the conditions that are on one table
// alone. It must have ended. There is no profile (-1) when DuckDB answers from the footers of files that it has seen before.
func (c *conn) matched() int64 {
	info := duck.GetProfilingInfo(c.handle)
	if info.Ptr == nil {
		return -1
	}
	return matchedBelow(info, -1)
}

// matchedBelow sums what scans of files hand on. filtered is what the filter right above lets through; -1: there is none.
func matchedBelow(info duck.ProfilingInfo, filtered int64) (sum int64) {
	if info.Ptr == nil {
		return 0
	}
	name := strings.TrimSpace(metric(info, "OPERATOR_NAME"))
	rows, err := strconv.ParseInt(metric(info, "OPERATOR_CARDINALITY"), 10, 64)
	if err != nil {
		rows = 0
	}
	switch name {
	case "READ_PARQUET":
		if filtered >= 0 {
			return filtered
		}
		return rows
	case "FILTER":
		if filtered < 0 {
			filtered = rows
		}
	case "PROJECTION":
	default:
		filtered = -1
	}
	for i := range duck.ProfilingInfoGetChildCount(info) {
		sum += matchedBelow(duck.ProfilingInfoGetChild(info, i), filtered)
	}
	return sum
}

func metric(info duck.ProfilingInfo, key string) string {
	v := duck.ProfilingInfoGetValue(info, key)
	if v.Ptr == nil {
		return ""
	}
	defer duck.DestroyValue(&v)
	return duck.GetVarchar(v)
}
