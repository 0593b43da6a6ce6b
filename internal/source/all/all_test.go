package all

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kiroku/internal/event"
	"kiroku/internal/ocsf"
	"kiroku/internal/ocsf/nest"
	"kiroku/internal/source"
	"kiroku/internal/source/sourcetest"
)

func newSet(t *testing.T) *Set {
	t.Helper()
	set, err := NewSet(Sources())
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestSourcesHaveNamesOfTheirOwn(t *testing.T) {
	newSet(t)
	list := Sources()
	for _, broken := range [][]source.Source{nil, append(list, list[0]), append(list, source.Source{})} {
		if _, err := NewSet(broken); err == nil {
			t.Errorf("a list of %d with a fault is accepted", len(broken))
		}
	}
	if last := list[len(list)-1].Name; last != event.Generic {
		t.Errorf("the last source is %s, want %s", last, event.Generic)
	}
}

func TestFind(t *testing.T) {
	set := newSet(t)
	for _, s := range Sources() {
		if found, ok := set.Find(s.Name); !ok || found.Name != s.Name {
			t.Errorf("find %s: %s, %v", s.Name, found.Name, ok)
		}
	}
	if _, ok := set.Find("nobody"); ok {
		t.Error("found a source that does not exist")
	}
}

// folders are where the samples of each source lie, beside this package.
var folders = map[event.SourceName]string{
	event.IvantiConnectSecure:  "ivanti",
	event.OktaAccessGateway:    "accessgateway",
	event.CloudTrail:           "cloudtrail",
	event.AuditEvents:          "auditevent",
	event.DefenderForCloudApps: "defender",
	event.Kiroku:               "kiroku",
	event.Generic:              "generic",
}

// samples returns the golden samples of a source by case.
func samples(t *testing.T, s source.Source) map[string][][]byte {
	t.Helper()
	cases := map[string][][]byte{}
	for _, pattern := range []string{"*/in.log", "*.log"} {
		files, err := filepath.Glob(filepath.Join("..", folders[s.Name], "testdata", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			name := strings.TrimSuffix(strings.TrimSuffix(f, "/in.log"), ".log")
			cases[filepath.Base(name)] = sourcetest.Lines(data)
		}
	}
	if len(cases) == 0 {
		t.Fatalf("no samples of %s", s.Name)
	}
	return cases
}

// TestSamplesAreRecognised holds that no source takes the samples of another.
func TestSamplesAreRecognised(t *testing.T) {
	set := newSet(t)
	for _, s := range Sources() {
		if s.Name == event.Kiroku {
			continue // its records are told by their input alone
		}
		for name, lines := range samples(t, s) {
			for i, line := range lines {
				if got := set.Recognise(sourcetest.Record(line)).Name; got != s.Name {
					t.Errorf("%s/%s, line %d is taken for %s: %.200s", s.Name, name, i+1, got, line)
				}
			}
		}
	}
}

// TestSamplesAreValidOCSF holds that the event of every golden sample is a valid OCSF object of its class.
func TestSamplesAreValidOCSF(t *testing.T) {
	validator := ocsf.New()
	nester := nest.New(validator)
	for _, s := range Sources() {
		for name, lines := range samples(t, s) {
			t.Run(fmt.Sprintf("%s/%s", s.Name, name), func(t *testing.T) {
				var e event.Event
				for i, line := range lines {
					e.Reset()
					if s.Map(sourcetest.Record(line), &e) != nil {
						continue // the pipeline stores it as a Base Event
					}
					text, err := json.Marshal(nester.Object(&e))
					if err != nil {
						t.Fatal(err)
					}
					var obj map[string]any
					if err := json.Unmarshal(text, &obj); err != nil {
						t.Fatal(err)
					}
					for _, issue := range validator.Validate(obj) {
						if issue.Code.Warning() {
							t.Logf("line %d: %s at %s: %s", i+1, issue.Code, issue.Path, issue.Message)
							continue
						}
						t.Errorf("line %d: %s at %s: %s\n%.200s", i+1, issue.Code, issue.Path, issue.Message, line)
					}
				}
			})
		}
	}
}

// FuzzRecognise holds that recognising leaves the record alone and always finds a source that maps it or says why not.
func FuzzRecognise(f *testing.F) {
	f.Add([]byte("<134>1 2026-01-01T00:00:00Z host app - - - text"))
	f.Add([]byte(`{"a":1}`))
	set, err := NewSet(Sources())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		rec := sourcetest.Record(data)
		s := set.Recognise(rec)
		var e event.Event
		if err := s.Map(rec, &e); err != nil && err.Error() == "" {
			t.Error("an error without a text")
		}
	})
}

func BenchmarkRecognise(b *testing.B) {
	set, err := NewSet(Sources())
	if err != nil {
		b.Fatal(err)
	}
	rec := sourcetest.Record([]byte("<86>Jan  1 23:59:59 host1 sshd[1234]: Failed password for invalid user admin from 192.0.2.7 port 50122 ssh2"))
	b.ReportAllocs()
	for b.Loop() {
		set.Recognise(rec)
	}
}
