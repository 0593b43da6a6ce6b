package sourcetest

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/source"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Received is when the records of golden files arrive.
func Received() time.Time { return time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC) }

// Check looks at an event and returns what is wrong with it, for example against the OCSF schema.
type Check func(e *event.Event) []string

// Record makes the record of one line.
func Record(line []byte) *event.Record {
	return &event.Record{Data: line, Received: Received()}
}

// Golden maps every line of testdata/<case>/in.log and compares with want.jsonl beside it, one object a line:
//
//	{"event": {column: value}, "steps": {column: native name}, "attributes": {…}} or {"error": "…"}
//
// The event holds unmapped, steps the last native name that set each column, attributes what the source's own
// documentation calls them, where it has any. Lines that start with "# " are notes. With
// the flag -update it writes the files instead.
func Golden(t *testing.T, s source.Source, checks ...Check) {
	t.Helper()
	cases, err := filepath.Glob("testdata/*/in.log")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no testdata/*/in.log: %v", err)
	}
	for _, in := range cases {
		t.Run(filepath.Base(filepath.Dir(in)), func(t *testing.T) { golden(t, s, in, checks) })
	}
}

func golden(t *testing.T, s source.Source, in string, checks []Check) {
	data, err := os.ReadFile(in)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	e := new(event.Event)
	e.Trace(true)
	for i, line := range Lines(data) {
		e.Reset()
		rec := Record(line)
		if s.Recognise != nil && !s.Recognise(rec) {
			t.Errorf("%s: line %d is not recognised: %s", in, i+1, line)
		}
		err := s.Map(rec, e)
		if err != nil {
			got.Write(encode(t, map[string]string{"error": err.Error()}))
			got.WriteByte('\n')
			continue
		}
		got.Write(describe(e))
		if s.Attributes != nil {
			attributes, err := s.Attributes(rec)
			if err != nil {
				t.Errorf("%s: line %d: no attributes: %v", in, i+1, err)
			}
			got.WriteString(`,"attributes":`)
			got.Write(encode(t, attributes))
		}
		got.WriteString("}\n")
		for _, check := range checks {
			for _, problem := range check(e) {
				t.Errorf("%s: line %d: %s", in, i+1, problem)
			}
		}
	}
	compare(t, filepath.Join(filepath.Dir(in), "want.jsonl"), got.Bytes())
}

// Lines splits data at line feeds and leaves out empty lines and notes.
func Lines(data []byte) [][]byte {
	var lines [][]byte
	for line := range bytes.SplitSeq(data, []byte("\n")) {
		if len(line) > 0 && !bytes.HasPrefix(line, []byte("# ")) {
			lines = append(lines, line)
		}
	}
	return lines
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// describe renders what Map did, as an object that is still open.
func describe(e *event.Event) []byte {
	b := append([]byte(`{"event":`), e.AppendJSON(nil)...)
	b = append(b, `,"steps":{`...)
	last := map[event.Column]string{}
	for _, s := range e.Steps() {
		if s.Column != event.ColUnmapped && e.Has(s.Column) {
			last[s.Column] = s.From
		}
	}
	first := true
	for _, c := range event.Columns() {
		if from, ok := last[c]; ok && from != "" {
			if !first {
				b = append(b, ',')
			}
			first = false
			b = append(b, fmt.Sprintf("%q:", c)...)
			b = event.AppendJSONString(b, from)
		}
	}
	return append(b, '}')
}

func compare(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got, want) {
		return
	}
	gotLines, wantLines := Lines(got), Lines(want)
	for i := range max(len(gotLines), len(wantLines)) {
		var g, w []byte
		if i < len(gotLines) {
			g = gotLines[i]
		}
		if i < len(wantLines) {
			w = wantLines[i]
		}
		if !bytes.Equal(g, w) {
			t.Errorf("%s: line %d (-update writes the file anew)\n got %s\nwant %s", path, i+1, g, w)
		}
	}
}
