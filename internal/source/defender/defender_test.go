package defender

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"kiroku/internal/event"
	"kiroku/internal/ocsf"
	"kiroku/internal/ocsf/nest"
	"kiroku/internal/source/sourcetest"
)

func TestGolden(t *testing.T) {
	schema := ocsf.New()
	nester := nest.New(schema)
	sourcetest.Golden(t, Source, func(e *event.Event) (problems []string) {
		for _, issue := range schema.Validate(nester.Object(e)) {
			problems = append(problems, fmt.Sprint(issue))
		}
		return problems
	})
}

func FuzzMap(f *testing.F) { sourcetest.Fuzz(f, Source) }

// goldenLines are the lines of the golden cases.
func goldenLines(t testing.TB, pattern string) (lines [][]byte) {
	t.Helper()
	files, err := filepath.Glob("testdata/" + pattern + "/in.log")
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

// lost returns the values of a line that its event does not hold.
func lost(l *Line, e *event.Event) (lost []string) {
	shows := func(v string) bool {
		if v == "" || slices.ContainsFunc(e.Unmapped(), func(p event.Pair) bool { return p.Value == v }) {
			return true
		}
		for _, c := range event.Columns() {
			switch c.Kind() {
			case event.String:
				if e.GetStr(c) == v {
					return true
				}
			case event.Int, event.Long:
				if e.Has(c) && fmt.Sprint(e.GetInt(c)) == v {
					return true
				}
			}
		}
		return v == e.GetStr(event.ColUserAgent)+" "+machinePrefix+e.GetStr(event.ColSrcUID) || v == machinePrefix+e.GetStr(event.ColSrcUID)
	}
	for i := range l.Head {
		if v, _ := l.HeadText(i, nil); i != HeadVersion && i != HeadVendor && i != HeadProduct && !shows(string(v)) {
			lost = append(lost, headNames[i]+" = "+string(v))
		}
	}
	for i := range l.Fields {
		f := &l.Fields[i]
		v, _ := f.Value(nil)
		if bytes.HasSuffix(f.Key, []byte(labelSuffix)) && len(f.Key) > len(labelSuffix) {
			continue // it is the name of the value that it labels
		}
		if !shows(string(v)) {
			lost = append(lost, string(f.Key)+" = "+string(v))
		}
	}
	return lost
}

// FuzzLine holds that a line is put together again as it was, and that mapping it loses nothing.
func FuzzLine(f *testing.F) {
	for _, line := range goldenLines(f, "*") {
		f.Add(line)
	}
	lines, _ := samples(f)
	for _, line := range lines {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var l Line
		if l.Parse(data) != nil {
			return
		}
		if again := l.Append(nil); !bytes.Equal(again, data) {
			t.Fatalf("other bytes:\n%q\n%q", data, again)
		}
		e := new(event.Event)
		if !utf8.Valid(data) || Source.Map(sourcetest.Record(data), e) != nil {
			return
		}
		if _, cut := e.Unmapped1("_leaves_left_out"); cut {
			return
		}
		if lost := lost(&l, e); lost != nil {
			t.Errorf("lost: %q\n%s", lost, e.AppendJSON(nil))
		}
	})
}

func TestNothingIsLost(t *testing.T) {
	for _, line := range goldenLines(t, "*") {
		e := new(event.Event)
		e.Trace(true)
		if Source.Map(sourcetest.Record(line), e) != nil {
			continue // kept raw
		}
		var l Line
		if l.Parse(line) == nil {
			if lost := lost(&l, e); lost != nil {
				t.Errorf("lost: %q\n%s", lost, line)
			}
			continue
		}
		bare := line
		if at := bytes.Index(line, []byte(`"properties":`)); at >= 0 {
			bare = bytes.TrimRight(line[at+len(`"properties":`):], "]}")
			for n := bytes.Count(bare, []byte("{")) - bytes.Count(bare, []byte("}")); n > 0; n-- {
				bare = append(slices.Clone(bare), '}')
			}
		}
		if lost := sourcetest.Lost(e, bare); lost != nil {
			t.Errorf("lost: %q\n%s", lost, line)
		}
	}
}

// FuzzRow holds that whatever row is mapped, none of its values is lost.
func FuzzRow(f *testing.F) {
	for _, line := range goldenLines(f, "cloudappevents") {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		e := new(event.Event)
		e.Trace(true)
		if !utf8.Valid(data) || Index(data) >= 0 || bytes.Contains(data, []byte("properties")) || bytes.Contains(data, []byte("records")) || Source.Map(sourcetest.Record(data), e) != nil {
			return
		}
		if _, cut := e.Unmapped1("_leaves_left_out"); cut {
			return
		}
		if lost := sourcetest.Lost(e, data); lost != nil {
			t.Errorf("lost: %q\n%s", lost, e.AppendJSON(nil))
		}
	})
}

func TestRecognise(t *testing.T) {
	for text, want := range map[string]bool{
		"CEF:0|MCAS|SIEM_Agent|":                                                           true,
		"<1>x CEF: 0|MCAS|SIEM_Agent|0.1|a|b|0|":                                           true,
		"CEF:0|MCAS|Other|1|a|b|0|":                                                        false,
		"CEF:0|V|P|1|a|b|0|msg=|MCAS|SIEM_Agent|":                                          false,
		`{"category":"AdvancedHunting-CloudAppEvents"}`:                                    true,
		`{"records":[ {"category":"AdvancedHunting-CloudAppEvents"}]}`:                     true,
		`{"category":"AdvancedHunting-DeviceEvents","x":"AdvancedHunting-CloudAppEvents"}`: false,
		`{"ActionType":"a","Application":"b","ReportId":"c"}`:                              true,
		`{"ActionType":"a","ReportId":"c"}`:                                                false,
		`{"records":[]}`:                                                                   false,
		`{"records":[`:                                                                     false,
		"":                                                                                 false,
	} {
		if got := recognise(sourcetest.Record([]byte(text))); got != want {
			t.Errorf("%s is recognised: %v", text, got)
		}
	}
}

// Names of the portal that parsers of SIEM vendors know, and where they go.
func TestKinds(t *testing.T) {
	for text, want := range map[string]kind{
		"LOGIN|Log on":                                {3002, 1, false},
		"SSO_LOGIN|Single sign-on log on":             {3002, 1, false},
		"FAILED_LOGIN|Log on":                         {3002, 1, true},
		"LOGOUT|Log out":                              {3002, 2, false},
		"DOWNLOAD_FILE|Download file":                 {6006, 2, false},
		"DOWNLOAD_FILE|Sync file download":            {6006, 15, false},
		"UPLOAD_FILE|whatever":                        {6006, 1, false},
		"UPLOAD_FILE|Unspecified":                     {6006, 1, false},
		"SHARE|Share file":                            {6006, 12, false},
		"RENAME_FILE|":                                {6006, 5, false},
		"DELETE_OBJECT|Delete folder":                 {6006, 4, false},
		"DELETE_OBJECT|Delete object":                 {6001, 4, false},
		"CREATE_USER|Create user":                     {3001, 1, false},
		"DELETE_USER|Delete user":                     {3001, 6, false},
		"UPDATE|Reset password":                       {3001, 4, false},
		"UPDATE|Add member to group":                  {3006, 3, false},
		"UPDATE|Remove member from group":             {3006, 4, false},
		"UPDATE|Add member to role":                   {3005, 1, false},
		"X|Grant consent for third-party application": {3005, 1, false},
		"VIEW_REPORT|View report":                     {6001, 2, false},
		"RUN_COMMAND|Run command":                     {6003, 99, false},
		"UNSPECIFIED|Unspecified":                     {6003, 99, false},
		"CREATE_THING|A thing":                        {6003, 1, false},
		"X|Getaway car":                               {6003, 99, false},
	} {
		category, name, _ := strings.Cut(text, "|")
		if got := kindOfActivity(category, name); got != want {
			t.Errorf("%s is %v, want %v", text, got, want)
		}
	}
}

// fast are lines as agents write them.
func fast(t testing.TB) [][]byte {
	lines, _ := samples(t)
	return lines
}

func TestNoAllocations(t *testing.T) {
	sourcetest.NoAllocations(t, Source, fast(t))
	sourcetest.NoAllocations(t, Source, goldenLines(t, "cloudappevents"))
}

func BenchmarkMap(b *testing.B) { sourcetest.Bench(b, Source, fast(b)) }

func BenchmarkMapRow(b *testing.B) { sourcetest.Bench(b, Source, goldenLines(b, "cloudappevents")) }

func BenchmarkParse(b *testing.B) {
	lines, size := fast(b), 0
	for _, line := range lines {
		size += len(line)
	}
	b.SetBytes(int64(size / len(lines)))
	b.ReportAllocs()
	var l Line
	for i := 0; b.Loop(); i++ {
		if err := l.Parse(lines[i%len(lines)]); err != nil {
			b.Fatal(err)
		}
	}
}
