package duckdb

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed functions_allowed.txt
var allowedText string

// allowedFunctions are the scalar and aggregate functions that user SQL may call.
var allowedFunctions = sync.OnceValue(func() map[string]bool {
	m := map[string]bool{"unnest": true, ipInName: true, doubleTextName: true, shortEventName: true, runsName: true,
		jsonTextName: true, jsonScalarName: true, jsonValueName: true, jsonSortedName: true,
		jsonTextsName: true, jsonMembersName: true, jsonElementsName: true}
	for line := range strings.Lines(allowedText) {
		m[strings.TrimSpace(line)] = true
	}
	return m
})

// allowedTableFunctions are the functions that user SQL may select from: those that make rows of their arguments.
func allowedTableFunction(name string) bool {
	switch name {
	case "range", "generate_series", "unnest", "json_each", "json_tree":
		return true
	}
	return false
}
