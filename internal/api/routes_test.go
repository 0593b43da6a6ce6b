package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// The route table, the description and the generated router name the same routes, and agree on what is open.
func TestRoutesAreDescribed(t *testing.T) {
	var doc struct {
		Paths map[string]map[string]any `yaml:"paths"`
	}
	if err := yaml.Unmarshal(spec, &doc); err != nil {
		t.Fatal(err)
	}
	open := map[string]bool{}
	json := map[string]bool{}
	var inSpec []string
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if method == "parameters" {
				continue
			}
			pattern := strings.ToUpper(method) + " " + path
			inSpec = append(inSpec, pattern)
			fields, _ := op.(map[string]any)
			security, ok := fields["security"].([]any)
			open[pattern] = ok && len(security) == 0
			if body, ok := fields["requestBody"].(map[string]any); ok {
				_, json[pattern] = body["content"].(map[string]any)["application/json"]
			}
		}
	}
	mux := http.NewServeMux()
	HandlerWithOptions(nil, StdHTTPServerOptions{BaseRouter: mux})
	var inTable []string
	for _, r := range routes(DefaultLimits()) {
		inTable = append(inTable, r.pattern)
		if r.access.open != open[r.pattern] {
			t.Errorf("%s: open %v in the route table, %v in openapi.yaml", r.pattern, r.access.open, open[r.pattern])
		}
		if (r.json != nil) != json[r.pattern] {
			t.Errorf("%s: JSON body %v in the route table, %v in openapi.yaml", r.pattern, r.json != nil, json[r.pattern])
		}
		method, path, _ := strings.Cut(r.pattern, " ")
		req, err := http.NewRequestWithContext(t.Context(), method, strings.NewReplacer("{id}", "x", "{name}", "x", "{event}", "x").Replace(path), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, got := mux.Handler(req); got != r.pattern {
			t.Errorf("the generated router takes %s for %q", r.pattern, got)
		}
	}
	slices.Sort(inSpec)
	slices.Sort(inTable)
	for _, p := range inSpec {
		if !slices.Contains(inTable, p) {
			t.Errorf("%s is in openapi.yaml, but not in the route table", p)
		}
	}
	for i, p := range inTable {
		if !slices.Contains(inSpec, p) {
			t.Errorf("%s is in the route table, but not in openapi.yaml", p)
		}
		if i > 0 && inTable[i-1] == p {
			t.Errorf("%s is in the route table twice", p)
		}
	}
}
