package kiroku_test

import (
	"testing"

	"kiroku/internal/event"
	"kiroku/internal/ocsf"
	"kiroku/internal/ocsf/nest"
	"kiroku/internal/source"
	"kiroku/internal/source/kiroku"
	"kiroku/internal/source/sourcetest"
)

// named is the source for records that are said to be its own.
func named() source.Source {
	s := kiroku.Source
	s.Recognise = nil
	return s
}

func TestGolden(t *testing.T) {
	schema := ocsf.New()
	nester := nest.New(schema)
	sourcetest.Golden(t, named(), func(e *event.Event) (problems []string) {
		for _, issue := range ocsf.Errors(schema.Validate(nester.Object(e))) {
			problems = append(problems, issue.Path+": "+issue.Message)
		}
		return problems
	})
}

func FuzzMap(f *testing.F) { sourcetest.Fuzz(f, kiroku.Source) }

func BenchmarkMap(b *testing.B) {
	sourcetest.Bench(b, kiroku.Source, [][]byte{[]byte(`{"kiroku_alert":"cloudtrail_digest","uid":"1","time":"2026-11-22T10:00:00Z","severity":"high","title":"A file","message":"m","chain":{"account":"111122223333","region":"us-east-1"}}`)})
}

// Nobody can make an alert by its content.
func TestNotRecognised(t *testing.T) {
	if kiroku.Source.Recognise(sourcetest.Record([]byte(`{"kiroku_alert":"cloudtrail_digest","uid":"1","time":"2026-11-22T10:00:00Z","title":"x"}`))) {
		t.Error("a record of anybody is taken for an alert")
	}
}
