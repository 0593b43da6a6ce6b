package trino

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The guide lists the functions that there are, and no others.
func TestGuideListsFunctions(t *testing.T) {
	b, err := os.ReadFile("../../../docs/guide/cloudtrail-lake-sql.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "\n## Functions\n")
	section, _, _ := strings.Cut(rest, "\n## ")
	listed := map[string]bool{}
	for _, m := range regexp.MustCompile("`([a-z][a-z0-9_]*)`").FindAllStringSubmatch(section, -1) {
		listed[m[1]] = true
	}
	syntax := []string{"coalesce", "if", "nullif", "greatest", "least", "try", "typeof", "grouping", "concat", "concat_ws", "position", "format", "extract"}
	for _, name := range syntax {
		if !listed[name] {
			t.Errorf("the guide lacks %s", name)
		}
		delete(listed, name)
	}
	if missing := slices.DeleteFunc(slices.Sorted(maps.Keys(signatures())), func(name string) bool { return listed[name] }); len(missing) > 0 {
		t.Errorf("the guide lacks %v", missing)
	}
	if extra := slices.DeleteFunc(slices.Sorted(maps.Keys(listed)), func(name string) bool { return signatures()[name] != nil }); len(extra) > 0 {
		t.Errorf("the guide lists %v, which are no functions", extra)
	}
}
