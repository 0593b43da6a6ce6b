package accessgateway_test

import (
	"testing"

	"kiroku/internal/event"
	"kiroku/internal/ocsf"
	"kiroku/internal/ocsf/nest"
	"kiroku/internal/source/accessgateway"
	"kiroku/internal/source/sourcetest"
)

func TestGolden(t *testing.T) {
	schema := ocsf.New()
	nester := nest.New(schema)
	sourcetest.Golden(t, accessgateway.Source, func(e *event.Event) []string {
		var problems []string
		for _, issue := range ocsf.Errors(schema.Validate(nester.Object(e))) {
			problems = append(problems, issue.Path+": "+issue.Message)
		}
		return problems
	})
}
