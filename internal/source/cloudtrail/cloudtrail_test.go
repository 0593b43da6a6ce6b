package cloudtrail_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
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
		var doc any
		e := new(event.Event)
		e.Trace(true)
		if !utf8.Valid(data) || unmarshal(data, &doc) != nil || cloudtrail.Source.Map(sourcetest.Record(data), e) != nil {
			return
		}
		if _, cut := e.Unmapped1("_leaves_left_out"); !cut {
			missing(t, e, doc)
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

func unmarshal(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return d.Decode(v)
}

// Every value of the record that is not empty stands in a column that names its field, or in unmapped under its path.
func TestNothingIsLost(t *testing.T) {
	for _, line := range allSamples(t) {
		var doc any
		if err := unmarshal(line, &doc); err != nil {
			t.Fatal(err)
		}
		e := new(event.Event)
		e.Trace(true)
		if err := cloudtrail.Source.Map(sourcetest.Record(line), e); err != nil {
			t.Fatal(err)
		}
		missing(t, e, doc)
	}
}

func missing(t *testing.T, e *event.Event, doc any) {
	t.Helper()
	eachLeaf("", doc, func(path, value string) {
		if value != "" && !holds(e, path, value) {
			t.Errorf("%s = %q is in no column and not in unmapped\n%s", path, value, e.AppendJSON(nil))
		}
	})
}

func eachLeaf(path string, v any, f func(path, value string)) {
	below := func(name string) string {
		if path == "" {
			return name
		}
		return path + "." + name
	}
	switch v := v.(type) {
	case map[string]any:
		for k, member := range v {
			eachLeaf(below(k), member, f)
		}
	case []any:
		for i, element := range v {
			eachLeaf(below(fmt.Sprint(i)), element, f)
		}
	case nil:
	default:
		f(path, fmt.Sprint(v))
	}
}

func holds(e *event.Event, path, value string) bool {
	for _, p := range e.Unmapped() {
		if p.Key == path && p.Value == value {
			return true
		}
	}
	field := path
	if parts := strings.Split(path, "."); parts[0] == "resources" && len(parts) == 3 {
		field = parts[0] + "." + parts[2]
	}
	for _, s := range e.Steps() {
		if s.From != field {
			continue
		}
		switch s.Column.Kind() {
		case event.String:
			if e.GetStr(s.Column) == value {
				return true
			}
		case event.StringList:
			if slices.Contains(e.GetList(s.Column), value) {
				return true
			}
		case event.Bool:
			if fmt.Sprint(e.GetInt(s.Column) == 1) == value {
				return true
			}
		case event.Timestamp:
			if time.UnixMicro(e.GetInt(s.Column)).UTC().Format(time.RFC3339) == value {
				return true
			}
		}
	}
	return false
}

func bench(t testing.TB) [][]byte {
	t.Helper()
	data, err := os.ReadFile("testdata/families/in.log")
	if err != nil {
		t.Fatal(err)
	}
	return sourcetest.Lines(data)
}

func TestNoAllocations(t *testing.T) {
	e := new(event.Event)
	for _, line := range bench(t) {
		rec := sourcetest.Record(line)
		if a := testing.AllocsPerRun(50, func() {
			e.Reset()
			if err := cloudtrail.Source.Map(rec, e); err != nil {
				t.Fatal(err)
			}
		}); a != 0 {
			t.Errorf("%v allocations for %s", a, line)
		}
	}
}

func BenchmarkMap(b *testing.B) { sourcetest.Bench(b, cloudtrail.Source, bench(b)) }

func BenchmarkRecognise(b *testing.B) {
	rec := sourcetest.Record(bench(b)[0])
	b.SetBytes(int64(len(rec.Data)))
	b.ReportAllocs()
	for b.Loop() {
		cloudtrail.Recognise(rec)
	}
}
