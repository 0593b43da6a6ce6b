package cloudtrail_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"kiroku/internal/event"
	"kiroku/internal/ocsf"
	"kiroku/internal/ocsf/nest"
	"kiroku/internal/source/cloudtrail"
	"kiroku/internal/source/sourcetest"
)

func TestGolden(t *testing.T) {
	schema := ocsf.New()
	nester := nest.New(schema)
	sourcetest.Golden(t, cloudtrail.Source, func(e *event.Event) (problems []string) {
		for _, issue := range ocsf.Errors(schema.Validate(nester.Object(e))) {
			problems = append(problems, fmt.Sprint(issue))
		}
		return problems
	})
}

func FuzzMap(f *testing.F) { sourcetest.Fuzz(f, cloudtrail.Source) }

// FuzzLeaves holds that whatever JSON is mapped, none of its values is lost.
func FuzzLeaves(f *testing.F) {
	for _, line := range allSamples(f) {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		e := new(event.Event)
		e.Trace(true)
		if !utf8.Valid(data) || cloudtrail.Source.Map(sourcetest.Record(data), e) != nil {
			return
		}
		if lost := sourcetest.Lost(e, data); lost != nil && !cut(e) {
			t.Errorf("lost: %q\n%s", lost, e.AppendJSON(nil))
		}
	})
}

func allSamples(t testing.TB) (lines [][]byte) {
	t.Helper()
	files, err := filepath.Glob("testdata/*/in.log")
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, sourcetest.Lines(data)...)
	}
	return lines
}

// cut says that the record had more leaves than a row takes.
func cut(e *event.Event) bool {
	_, yes := e.Unmapped1("_leaves_left_out")
	return yes
}

// Every value of the record that is not empty stands in a column that names its field, or in unmapped under its path.
func TestNothingIsLost(t *testing.T) {
	for _, line := range allSamples(t) {
		e := new(event.Event)
		e.Trace(true)
		if err := cloudtrail.Source.Map(sourcetest.Record(line), e); err != nil {
			t.Fatal(err)
		}
		if lost := sourcetest.Lost(e, line); lost != nil {
			t.Errorf("lost: %q\n%s", lost, e.AppendJSON(nil))
		}
	}
}

func bench(t testing.TB) [][]byte {
	t.Helper()
	data, err := os.ReadFile("testdata/families/in.log")
	if err != nil {
		t.Fatal(err)
	}
	return sourcetest.Lines(data)
}

func TestNoAllocations(t *testing.T) { sourcetest.NoAllocations(t, cloudtrail.Source, bench(t)) }

func BenchmarkMap(b *testing.B) { sourcetest.Bench(b, cloudtrail.Source, bench(b)) }

func BenchmarkRecognise(b *testing.B) {
	rec := sourcetest.Record(bench(b)[0])
	b.SetBytes(int64(len(rec.Data)))
	b.ReportAllocs()
	for b.Loop() {
		cloudtrail.Recognise(rec)
	}
}
