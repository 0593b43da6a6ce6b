package ivanti_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kiroku/internal/event"
	"kiroku/internal/ocsf"
	"kiroku/internal/ocsf/nest"
	"kiroku/internal/source/ivanti"
	"kiroku/internal/source/sourcetest"
)

func TestGolden(t *testing.T) {
	schema := ocsf.New()
	nester := nest.New(schema)
	sourcetest.Golden(t, ivanti.Source, func(e *event.Event) (problems []string) {
		for _, issue := range ocsf.Errors(schema.Validate(nester.Object(e))) {
			problems = append(problems, fmt.Sprint(issue))
		}
		return problems
	})
}

func FuzzMap(f *testing.F) { sourcetest.Fuzz(f, ivanti.Source) }

func sample(t testing.TB, path string) [][]byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", path))
	if err != nil {
		t.Fatal(err)
	}
	return sourcetest.Lines(data)
}

// The published tests of Datadog's integration for the product: attributes with their types, and the reserved fields.
func TestAttributesContract(t *testing.T) {
	wants := sample(t, "datadog/attributes.jsonl")
	for i, line := range sample(t, "datadog/in.log") {
		var want struct {
			Service, Status, Message string
			Timestamp                int64
			Attributes               any
		}
		if err := json.Unmarshal(wants[i], &want); err != nil {
			t.Fatal(err)
		}
		rec := sourcetest.Record(line)
		attributes, err := ivanti.Source.Attributes(rec)
		if err != nil {
			t.Errorf("line %d: %v", i+1, err)
			continue
		}
		if diff := cmp.Diff(want.Attributes, plain(t, attributes)); diff != "" {
			t.Errorf("line %d: attributes (-want +got):\n%s", i+1, diff)
		}
		e := new(event.Event)
		if err := ivanti.Map(rec, e); err != nil {
			t.Fatal(err)
		}
		status := map[string]string{"Info": "info", "Notice": "notice", "Warning": "warn", "Critical": "critical"}
		if got := e.GetStr(event.ColService); got != want.Service {
			t.Errorf("line %d: service %q, want %q", i+1, got, want.Service)
		}
		if got := e.GetStr(event.ColMessage); got != want.Message {
			t.Errorf("line %d: message %q, want %q", i+1, got, want.Message)
		}
		if got := e.GetInt(event.ColTime) / 1000; got != want.Timestamp {
			t.Errorf("line %d: time %d ms, want %d", i+1, got, want.Timestamp)
		}
		if got, _ := attributes["status"].(string); status[got] != want.Status {
			t.Errorf("line %d: status %q, want %q", i+1, got, want.Status)
		}
	}
}

func plain(t *testing.T, v any) (p any) {
	t.Helper()
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, &p)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Every non-empty value of the JSON stands in a column that names its key, or in unmapped under its key; of us_timestamp, the
// second does.
func TestNothingIsLost(t *testing.T) {
	for _, file := range []string{"datadog/in.log", "json/in.log", "nsa/in.log", "texts/in.log", "shapes/in.log"} {
		for i, line := range sample(t, file) {
			var members map[string]any
			at := bytes.IndexByte(line, '{')
			if at < 0 || json.Unmarshal(line[at:], &members) != nil || members["message_id"] == nil {
				continue
			}
			e := new(event.Event)
			e.Trace(true)
			if err := ivanti.Map(sourcetest.Record(line), e); err != nil {
				t.Fatal(err)
			}
			if s, ok := members["us_timestamp"].(string); ok {
				members["us_timestamp"], _, _ = strings.Cut(s, ".")
			}
			for key, v := range members {
				if s := leafText(v); s != "" && !holds(e, key, s) {
					t.Errorf("%s: line %d: %s = %q is in no column and not in unmapped\n%s", file, i+1, key, s, e.AppendJSON(nil))
				}
			}
		}
	}
}

func leafText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

func holds(e *event.Event, key, value string) bool {
	if v, ok := e.Unmapped1(key); ok {
		return v == value
	}
	if key == "user_name" { // Neurons for Secure Access
		key = "user"
	}
	for _, s := range e.Steps() {
		if s.From != key {
			continue
		}
		switch s.Column.Kind() {
		case event.String:
			if e.GetStr(s.Column) == value {
				return true
			}
		case event.StringList:
			if strings.Join(e.GetList(s.Column), ", ") == value {
				return true
			}
		case event.Timestamp:
			if value == strconv.FormatInt(e.GetInt(s.Column)/1_000_000, 10) {
				return true
			}
		}
	}
	return false
}

func TestNoAllocations(t *testing.T) {
	lines := sample(t, "bench.log")
	e := new(event.Event)
	for _, line := range lines {
		rec := sourcetest.Record(line)
		if a := testing.AllocsPerRun(50, func() {
			e.Reset()
			if err := ivanti.Map(rec, e); err != nil {
				t.Fatal(err)
			}
		}); a != 0 {
			t.Errorf("%v allocations for %s", a, line)
		}
	}
}

func BenchmarkMap(b *testing.B) { sourcetest.Bench(b, ivanti.Source, sample(b, "bench.log")) }

func BenchmarkRecognise(b *testing.B) {
	rec := sourcetest.Record(sample(b, "bench.log")[0])
	b.ReportAllocs()
	for b.Loop() {
		ivanti.Recognise(rec)
	}
}

// Hostile records cost no more than their size and never fail to be mapped or refused.
func TestHostileRecords(t *testing.T) {
	keys := []byte(`{"message_id":"AUT24327","raw_message":"x"`)
	for i := range 100_000 {
		keys = append(keys, `,"k`...)
		keys = strconv.AppendInt(keys, int64(i), 10)
		keys = append(keys, `":"v"`...)
	}
	keys = append(keys, '}')
	for name, c := range map[string]struct {
		data string
		ok   bool
	}{
		"many keys":             {string(keys), true},
		"long text":             {`{"message_id":"AUT24327","raw_message":"` + strings.Repeat(" from ", 200_000) + `"}`, true},
		"deep":                  {`{"message_id":"AUT24327","x":` + strings.Repeat("[", 100_000), true},
		"bars":                  {strings.Repeat("|", 1<<20), false},
		"brackets":              {"2026-06-30 09:15:02 - " + strings.Repeat(" - [", 100_000), false},
		"NULs":                  {strings.Repeat("\x00", 1<<16), false},
		"year 9999":             {`<13>1 9999-12-31T23:59:59Z h PulseSecure: - - - {"message_id":"AUT24327","raw_message":"x"}`, true},
		"year 0":                {`<13>1 0000-01-01T00:00:00Z h PulseSecure: - - - {"message_id":"AUT24327","raw_message":"x"}`, true},
		"quotes":                {`{"message_id":"AUT24327","x":"` + strings.Repeat(`"`, 1<<19), true},
		"backslashes":           {`{"message_id":"AUT24327","x":"a"b` + strings.Repeat(`\"`, 1<<18), true},
		"blanks":                {`{"message_id":"AUT24327","x":"a"b` + strings.Repeat(`" `, 1<<10) + strings.Repeat(" ", 1<<18), true},
		"commas":                {`{"message_id":"AUT24327","x":"a"b` + strings.Repeat(`",`, 1<<18), true},
		"many keys, one broken": {`{"message_id":"AUT24327","x":"a"b"` + strings.Repeat(`,"k":1,"l":"m"`, 1<<15) + strings.Repeat(`,"o":[`, 1<<10), true},
		"WELF quotes":           {`id=firewall msg_code=AUT24327 realm="` + strings.Repeat(`" a`, 1<<17), true},
		"not UTF-8":             {`{"message_id":"AUT24327","user":"` + "\xff\xfe" + `","raw_message":"x"}`, true},
		"empty":                 {"", false},
		"only braces":           {"{}", false},
	} {
		e := new(event.Event)
		err := ivanti.Map(sourcetest.Record([]byte(c.data)), e)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
